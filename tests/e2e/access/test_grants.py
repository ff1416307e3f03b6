"""What a partner is granted across accounts, and that it ends where one thing about it differs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.walls.callers import (
    NOBODY,
    OTHER,
    OTHER_ROLE,
    PARTNER,
    PARTNER_ROLE,
    STRANGER,
    STRANGERS_ACCOUNT,
)
from tests.e2e.walls.scene import CUSTOMS, REVIEW, SHIPPING, Scene


@dataclass(frozen=True)
class Assumption:
    """Assuming a callback role: by whom, which, with what external id."""

    by: str
    role_arn: str
    external_id: str | None

    def make(self, scene: Scene) -> None:
        given = {} if self.external_id is None else {"ExternalId": self.external_id}
        scene.callers.client(self.by, "sts").assume_role(
            RoleArn=self.role_arn, RoleSessionName="walls", **given
        )


def assumption(scene: Scene) -> Assumption:
    """What the partner with an account does before each callback."""
    partner = scene.callers.platform.partner
    return Assumption(PARTNER, partner.callback_role_arn, partner.external_id)


def workflow_role(scene: Scene) -> str:
    prefix = scene.platform.outputs["callback_tasks_table"].removesuffix("CallbackTasks")
    return f"arn:aws:iam::{scene.account_id}:role/{prefix}order-processing"


ASSUMPTIONS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    **{
        f"by {caller}": lambda _, caller=caller: {"by": caller}  # type: ignore[misc]
        for caller in (OTHER, OTHER_ROLE, PARTNER_ROLE, STRANGER, "external-callback")
    },
    "unsigned": lambda _: {"by": NOBODY},
    "without an external id": lambda _: {"external_id": None},
    "with a guessed external id": lambda _: {"external_id": "guessed"},
    "with an external id in capitals": lambda scene: {
        "external_id": scene.callers.platform.partner.external_id.upper()
    },
    "with another partner's external id": lambda scene: {
        "external_id": scene.callers.other.partner.external_id
    },
    "of another partner's role": lambda scene: {
        "role_arn": scene.callers.other.partner.callback_role_arn
    },
    # Of the functions' roles the trust is judged in test_rules: the engine lets any account's root
    # assume a role that trusts a service without a condition.
    "of the workflow's role": lambda scene: {"role_arn": workflow_role(scene)},
}


@pytest.mark.parametrize("what", ASSUMPTIONS)
def test_a_callback_role_is_for_its_partner(what: str, scene: Scene) -> None:
    allowed = assumption(scene)
    attempt = replace(allowed, **ASSUMPTIONS[what](scene))
    assert attempt != allowed

    with pytest.raises(ClientError, match=r"AccessDenied|MissingAuthenticationToken"):
        attempt.make(scene)
    allowed.make(scene)


@dataclass(frozen=True)
class Subscription:
    """Subscribing a queue to a topic, where it must not stay."""

    by: str
    topic_arn: str

    def make(self, scene: Scene) -> None:
        client = scene.callers.client(self.by, "sns")
        subscribed = client.subscribe(
            TopicArn=self.topic_arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:eu-west-1:{_account(self.by)}:walls",
            ReturnSubscriptionArn=True,
        )
        client.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])


def _account(caller: str) -> str:
    return {OTHER: "333333333333", STRANGER: STRANGERS_ACCOUNT}.get(caller, "222222222222")


SUBSCRIPTIONS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    **{
        f"by {caller}": lambda _, caller=caller: {"by": caller}  # type: ignore[misc]
        for caller in (OTHER, OTHER_ROLE, PARTNER_ROLE, STRANGER, "external-callback")
    },
    "unsigned": lambda _: {"by": NOBODY},
    "to another partner's topic": lambda scene: {"topic_arn": scene.channel(CUSTOMS)["topic_arn"]},
    "to the topic of a partner without AWS": lambda scene: {
        "topic_arn": scene.channel(REVIEW)["topic_arn"]
    },
}


@pytest.mark.parametrize("what", SUBSCRIPTIONS)
def test_a_topic_is_for_its_partner(what: str, scene: Scene) -> None:
    allowed = Subscription(PARTNER, scene.channel(SHIPPING)["topic_arn"])
    attempt = replace(allowed, **SUBSCRIPTIONS[what](scene))

    with pytest.raises(ClientError, match=r"AuthorizationError|MissingAuthenticationToken"):
        attempt.make(scene)
    allowed.make(scene)
