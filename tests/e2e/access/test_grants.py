"""What a partner is granted across accounts, and that it ends where one thing about it differs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.e2e.access import CUSTOMS, REVIEW, SHIPPING, AccessHarness
from tests.support.e2e.callers import (
    NOBODY,
    OTHER,
    OTHER_ROLE,
    PARTNER,
    PARTNER_ROLE,
    STRANGER,
    STRANGERS_ACCOUNT,
)


@dataclass(frozen=True)
class Assumption:
    """Assuming a callback role: by whom, which, with what external id."""

    by: str
    role_arn: str
    external_id: str | None

    def make(self, harness: AccessHarness) -> None:
        given = {} if self.external_id is None else {"ExternalId": self.external_id}
        harness.callers.client(self.by, "sts").assume_role(
            RoleArn=self.role_arn, RoleSessionName="access", **given
        )


def assumption(harness: AccessHarness) -> Assumption:
    """What the partner with an account does before each callback."""
    api = harness.callers.platform.partner.api
    return Assumption(PARTNER, api.callback_role_arn, api.external_id)


def workflow_role(harness: AccessHarness) -> str:
    prefix = harness.platform.outputs["callback_tasks_table"].removesuffix("CallbackTasks")
    return f"arn:aws:iam::{harness.account_id}:role/{prefix}order-processing"


ASSUMPTIONS: dict[str, Callable[[AccessHarness], dict[str, Any]]] = {
    **{
        f"by {caller}": lambda _, caller=caller: {"by": caller}  # type: ignore[misc]
        for caller in (OTHER, OTHER_ROLE, PARTNER_ROLE, STRANGER, "external-callback")
    },
    "unsigned": lambda _: {"by": NOBODY},
    "without an external id": lambda _: {"external_id": None},
    "with a guessed external id": lambda _: {"external_id": "guessed"},
    "with an external id in capitals": lambda harness: {
        "external_id": harness.callers.platform.partner.api.external_id.upper()
    },
    "with another partner's external id": lambda harness: {
        "external_id": harness.callers.other.partner.api.external_id
    },
    "of another partner's role": lambda harness: {
        "role_arn": harness.callers.other.partner.api.callback_role_arn
    },
    # The trust of the functions' roles is evaluated in test_rules: the engine lets any account's
    # root assume a role that trusts a service without a condition.
    "of the workflow's role": lambda harness: {"role_arn": workflow_role(harness)},
}


@pytest.mark.parametrize("what", ASSUMPTIONS)
def test_a_callback_role_is_for_its_partner(what: str, harness: AccessHarness) -> None:
    allowed = assumption(harness)
    attempt = replace(allowed, **ASSUMPTIONS[what](harness))
    assert attempt != allowed

    with pytest.raises(ClientError, match=r"AccessDenied|MissingAuthenticationToken"):
        attempt.make(harness)
    allowed.make(harness)


@dataclass(frozen=True)
class Subscription:
    """Subscribing a queue to a topic, where it must not stay."""

    by: str
    topic_arn: str

    def make(self, harness: AccessHarness) -> None:
        client = harness.callers.client(self.by, "sns")
        subscribed = client.subscribe(
            TopicArn=self.topic_arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:eu-west-1:{_account(self.by)}:access",
            ReturnSubscriptionArn=True,
        )
        client.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])


def _account(caller: str) -> str:
    return {OTHER: "333333333333", STRANGER: STRANGERS_ACCOUNT}.get(caller, "222222222222")


SUBSCRIPTIONS: dict[str, Callable[[AccessHarness], dict[str, Any]]] = {
    **{
        f"by {caller}": lambda _, caller=caller: {"by": caller}  # type: ignore[misc]
        for caller in (OTHER, OTHER_ROLE, PARTNER_ROLE, STRANGER, "external-callback")
    },
    "unsigned": lambda _: {"by": NOBODY},
    "to another partner's topic": lambda harness: {
        "topic_arn": harness.channel(CUSTOMS)["topic_arn"]
    },
    "to the topic of a partner without AWS": lambda harness: {
        "topic_arn": harness.channel(REVIEW)["topic_arn"]
    },
}


@pytest.mark.parametrize("what", SUBSCRIPTIONS)
def test_a_topic_is_for_its_partner(what: str, harness: AccessHarness) -> None:
    allowed = Subscription(PARTNER, harness.channel(SHIPPING)["topic_arn"])
    attempt = replace(allowed, **SUBSCRIPTIONS[what](harness))

    with pytest.raises(ClientError, match=r"AuthorizationError|MissingAuthenticationToken"):
        attempt.make(harness)
    allowed.make(harness)
