"""The reference scenario, and that a second `up` leaves it alone."""

from tools.devenv.environment import Environment
from tools.devenv.review_walkthrough import PARTNER, TASK_TYPE, walk_review
from tools.devenv.walkthrough import Deployment, walk
from tools.devenv.webhooks import hand_over


def test_an_order_is_shipped_by_a_partner_in_another_account(deployment: Deployment) -> None:
    steps = list(walk(deployment))

    assert len(steps) == 8


def test_an_order_is_reviewed_by_a_partner_without_aws(
    deployment: Deployment, environment: Environment
) -> None:
    log = environment.directory / "webhook-partner.log"

    steps = list(walk_review(deployment, environment.webhook_port, log))

    assert len(steps) == 8
    handed = hand_over(deployment.platform, deployment.outputs["channels"][TASK_TYPE], PARTNER)
    shown = repr(steps) + repr(handed) + log.read_text()
    for secret in (handed.client["client_secret"], *handed.signing_secrets):
        assert secret not in shown


def test_up_again_changes_nothing(environment: Environment) -> None:
    before = environment.exports("platform")

    changed = environment.up()

    assert not changed
    assert environment.exports("platform") == before
