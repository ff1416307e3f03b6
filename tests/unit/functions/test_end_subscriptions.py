"""end_subscriptions: what the registrations no longer name is ended, and told."""

import pytest
from callbacks.domain.errors import DependencyUnavailable

from tests.support.deployed import Deployed
from tests.support.services import intercepted

FORMER, PARTNER = "333333333333", "222222222222"


def listed(owner: str) -> dict[str, str]:
    return {"SubscriptionArn": f"arn:{owner}", "Owner": owner, "Endpoint": f"queue-of-{owner}"}


def test_a_partner_that_has_left_is_unsubscribed_and_told(deployed: Deployed) -> None:
    deployed.aws.register()
    with intercepted("sns") as sns:
        sns.answers = {
            "ListSubscriptionsByTopic": {"Subscriptions": [listed(PARTNER), listed(FORMER)]},
            "Unsubscribe": {},
        }

        deployed.call("end_subscriptions", {})

    ended = [asked for operation, asked in sns.calls if operation == "Unsubscribe"]
    assert ended == [{"SubscriptionArn": f"arn:{FORMER}"}]
    assert deployed.logged("SUBSCRIPTION_ENDED")["endpoint"] == f"queue-of-{FORMER}"


def test_nobody_who_has_left_is_silent(deployed: Deployed) -> None:
    deployed.aws.register()
    with intercepted("sns") as sns:
        sns.answers["ListSubscriptionsByTopic"] = {"Subscriptions": [listed(PARTNER)]}

        deployed.call("end_subscriptions", {})

    assert deployed.lines() == []


def test_what_fails_is_raised_so_that_the_next_run_is_not_the_last_to_know(
    deployed: Deployed,
) -> None:
    deployed.aws.register()
    with intercepted("sns") as sns:
        sns.refuse("ListSubscriptionsByTopic", "InternalError", status=500)

        with pytest.raises(DependencyUnavailable):
            deployed.call("end_subscriptions", {})
