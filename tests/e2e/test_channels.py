"""Every channel, end to end: a workflow waits, its partner calls back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import requests

from tests.support.e2e.waiting import waiting_on
from tests.support.e2e.webhooks import listening
from tools import REPOSITORY, Json
from tools.contracts import settings, tree
from tools.devenv.environment import EXTERNAL_ID, PARTNER_NAME, Environment
from tools.devenv.walkthrough import Deployment, reference_partner

CHANNELS = settings.read(REPOSITORY)

type CallBack = Callable[[str], tuple[Json, requests.Response]]


@contextmanager
def signing(task_type: str, deployment: Deployment, environment: Environment) -> Iterator[CallBack]:
    """Takes an order's message from the partner's queue and calls back, signed."""
    assert CHANNELS[task_type]["partners"] == [PARTNER_NAME]
    subscription = environment.root("partner").outputs()["subscriptions"][task_type]
    partner = reference_partner(
        deployment.partner_account,
        subscription["queue_url"],
        subscription["callback_role_arn"],
        EXTERNAL_ID,
        lambda _: example(task_type, "output"),
    )

    def call_back(order_id: str) -> tuple[Json, requests.Response]:
        message = replace(deployment, partner=partner).message_for(order_id)
        return message.event, partner.handle(message)

    yield call_back


@contextmanager
def with_tokens(
    task_type: str, deployment: Deployment, environment: Environment
) -> Iterator[CallBack]:
    """Waits for an order's message to come to the webhook, and for its callback with a token."""
    (name,) = CHANNELS[task_type]["partners"]
    port = environment.webhook_port
    with listening(
        deployment, task_type, name, port, lambda _: example(task_type, "output")
    ) as partner:
        yield lambda order_id: (partner.event(order_id), partner.response(order_id))


PARTNERS = {"AWS_IAM": signing, "OAUTH2": with_tokens}


@pytest.mark.parametrize("task_type", CHANNELS)
def test_the_partner_s_callback_reaches_the_workflow_that_waits(
    task_type: str, deployment: Deployment, environment: Environment
) -> None:
    partner = PARTNERS[CHANNELS[task_type]["auth"]]

    with (
        partner(task_type, deployment, environment) as call_back_to,
        waiting_on(
            deployment,
            f"waits-on-{task_type.lower()}",
            deployment.outputs["wait_states"][task_type],
            CHANNELS[task_type]["payload_event_key"],
        ) as waiting,
    ):
        order_id, execution_arn = waiting.start(example(task_type, "request"))
        event, response = call_back_to(order_id)
        execution = deployment.finished(execution_arn)

    assert event["tasktype"] == task_type
    assert event["data"] == example(task_type, "request")
    assert response.status_code == 200, response.text
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == example(task_type, "output")


def example(task_type: str, kind: str) -> Any:
    """The example of a contract that `make new-task-type` writes as well."""
    examples = REPOSITORY / tree.Version(task_type, "v1").examples("valid")
    return json.loads((examples / f"{kind}.json").read_text())
