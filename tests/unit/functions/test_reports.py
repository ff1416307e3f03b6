"""external_callback's queue: reports of webhooks' functions, known by who SQS says sent them."""

import json
from typing import Any

import pytest
from callbacks.domain.task import Status

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.deployed import Deployed
from tests.support.functions import redelivery_event
from tests.support.services import intercepted
from tests.support.tasks import KEY, pending, token

REPORTER = "AROASENTINEL"
REPORT = {
    "order_id": KEY.order_id,
    "task_type": KEY.task_type,
    "callback_id": "attempt-1",
    "reason": "the endpoint responded with 410",
}


@pytest.fixture(autouse=True)
def open_task(deployed: Deployed) -> None:
    deployed.aws.register(shipping_channel(reporters=frozenset({REPORTER})))
    deployed.given(pending(timeout_seconds=10**9))
    deployed.stepfunctions.answers["SendTaskFailure"] = {}


def report(deployed: Deployed, body: Any = REPORT, sender: str = f"{REPORTER}:function") -> Any:
    event = redelivery_event(body if isinstance(body, str) else json.dumps(body))
    event["Records"][0]["attributes"]["SenderId"] = sender
    return deployed.call("external_callback", event)["batchItemFailures"]


def status(deployed: Deployed) -> Status | None:
    task = deployed.record()
    return task.status if task else None


def test_the_channels_own_function_fails_its_task(deployed: Deployed) -> None:
    assert report(deployed) == []

    assert status(deployed) is Status.COMPLETED
    [(operation, sent)] = deployed.sends
    assert (operation, sent["error"]) == ("SendTaskFailure", "CallbackTask.Undeliverable")
    line = deployed.logged("REPORT_TAKEN")
    assert (line["order_id"], line["sender"], line["result"]) == (
        KEY.order_id,
        REPORTER,
        "DELIVERED",
    )
    assert deployed.measured("TasksUndeliverable") == {"": [1], SHIPPING: [1]}
    assert deployed.measured("CallbacksFailed") == {}


@pytest.mark.parametrize("sender", ["AROAOTHER:function", "111111111111", f"x:{REPORTER}"])
def test_nobody_else_does(sender: str, deployed: Deployed) -> None:
    assert report(deployed, sender=sender) == []

    assert status(deployed) is Status.PENDING
    assert deployed.sends == []
    assert deployed.logged("REPORT_REFUSED")
    assert deployed.measured("TasksUndeliverable") == {}


@pytest.mark.parametrize(
    "body", ["gone", "[]", "{}", {**REPORT, "reason": 1}, {**REPORT, "order_id": None}]
)
def test_what_is_no_report_is_refused(body: Any, deployed: Deployed) -> None:
    assert report(deployed, body) == []

    assert status(deployed) is Status.PENDING
    assert deployed.logged("REPORT_REFUSED")


def test_a_report_waits_while_the_table_cannot_be_written(deployed: Deployed) -> None:
    with intercepted("dynamodb") as dynamodb:
        dynamodb.refuse("UpdateItem", "InternalServerError", status=500)

        assert report(deployed) == [{"itemIdentifier": "message-0"}]

    assert status(deployed) is Status.PENDING
    assert token() not in deployed.printed
