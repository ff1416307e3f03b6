"""Both examples, run as partners run them, each do an order."""

import subprocess
import uuid
from pathlib import Path

from tests.support.e2e.webhooks import handed_over
from tests.support.programs import running
from tools.devenv import review_walkthrough
from tools.devenv.environment import EXTERNAL_ID, Environment
from tools.devenv.state import REGION
from tools.devenv.walkthrough import PATIENCE_SECONDS, TASK_TYPE, Deployment


def test_both_examples_do_an_order_as_programs(
    deployment: Deployment, environment: Environment, tmp_path: Path
) -> None:
    subscription = environment.root("partner").outputs()["subscriptions"][TASK_TYPE]
    handed = handed_over(deployment, review_walkthrough.TASK_TYPE, review_walkthrough.PARTNER)
    with_aws = {
        **environment.exports("partner"),
        "QUEUE_URL": subscription["queue_url"],
        "CALLBACK_ROLE_ARN": subscription["callback_role_arn"],
        "EXTERNAL_ID": EXTERNAL_ID,
        "PLATFORM_REGION": REGION,
    }
    without_aws = {
        "PORT": str(environment.webhook_port),
        "SIGNING_SECRETS": " ".join(handed.signing_secrets),
        **{name.upper(): value for name, value in handed.client.items()},
    }

    with running("partner_with_aws", with_aws, tmp_path / "with") as shipping:
        order = _done(deployment, TASK_TYPE, "order_processing")
        assert order["tracking_number"] == "1ZA1B2C3D4"
        _end(deployment, shipping)

        with running("partner_without_aws", without_aws, tmp_path / "without"):
            order = _done(deployment, review_walkthrough.TASK_TYPE, review_walkthrough.WORKFLOW)
        assert order["review_verdict"] == "APPROVED"

    assert shipping.returncode == 0


def _end(deployment: Deployment, shipping: "subprocess.Popen[bytes]") -> None:
    """It finishes its poll, which another order cuts short, and does the work that it took."""
    shipping.terminate()
    order_id, execution_arn = _begin(deployment, TASK_TYPE, "order_processing")
    shipping.wait(PATIENCE_SECONDS)
    task = deployment.callback_task(order_id)
    if task is None or task["status"] == "PENDING":  # It had begun no other poll.
        deployment.partner.handle(deployment.message_for(order_id))
    assert deployment.finished(execution_arn)["status"] == "SUCCEEDED"


def _done(deployment: Deployment, task_type: str, workflow: str) -> dict[str, object]:
    order_id, execution_arn = _begin(deployment, task_type, workflow)
    execution = deployment.finished(execution_arn)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    order = deployment.order(order_id)
    assert order is not None
    return order


def _begin(deployment: Deployment, task_type: str, workflow: str) -> tuple[str, str]:
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id, task_type)
    return order_id, deployment.start(order_id, workflow)
