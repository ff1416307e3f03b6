"""A wait on a channel that asks its partner for heartbeats."""

import time
from typing import Any

import pytest

from tests.support.channels import example, shipping_channel
from tests.support.cloud import Cloud
from tests.support.workflow import Definition, Engine, Partner, function_arn

INPUT = {"order_id": "order-1", "order_contents": example("valid", "request")}
HEARTBEAT_SECONDS = 5


@pytest.fixture
def wait(aws: Cloud, engine: Engine) -> Definition:  # noqa: ARG001
    """The channel module's wait_state, as the whole of a state machine."""
    aws.register(shipping_channel(timeout_seconds=600, heartbeat_seconds=HEARTBEAT_SECONDS))
    state: dict[str, Any] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": function_arn("sns_callback"),
            "Payload": {
                "token.$": "$$.Task.Token",
                "input.$": "$",
                "execution_arn.$": "$$.Execution.Id",
                "callback": "true",
                "timeout_seconds": 600,
                "heartbeat_seconds": HEARTBEAT_SECONDS,
            },
        },
        "TimeoutSeconds": 600,
        "HeartbeatSeconds": HEARTBEAT_SECONDS,
        "End": True,
    }
    return {"StartAt": "Wait", "States": {"Wait": state}}


def test_a_wait_lasts_while_the_partner_beats(
    engine: Engine, partner: Partner, wait: Definition
) -> None:
    execution = engine.start(wait, INPUT)
    message = partner.message()
    beats = set()
    beyond_one_beat = time.monotonic() + 1.5 * HEARTBEAT_SECONDS
    while time.monotonic() < beyond_one_beat:
        beats.add(partner.call_back(message, task_status="IN_PROGRESS")["statusCode"])
        time.sleep(0.1)
    response = partner.call_back(
        message, task_status="SUCCESS", task_output=example("valid", "output")
    )

    assert message["heartbeatseconds"] == HEARTBEAT_SECONDS
    assert beats == {200}
    assert response["statusCode"] == 200
    assert engine.ended(execution)["status"] == "SUCCEEDED"


def test_a_wait_ends_when_the_beats_stop(
    engine: Engine, partner: Partner, wait: Definition
) -> None:
    execution = engine.start(wait, INPUT)
    message = partner.message()
    beat = partner.call_back(message, task_status="IN_PROGRESS")
    ended = engine.ended(execution)
    late_beat = partner.call_back(message, task_status="IN_PROGRESS")
    late = partner.call_back(message, task_status="SUCCESS", task_output=example("valid", "output"))

    assert (beat["statusCode"], late_beat["statusCode"], late["statusCode"]) == (200, 410, 410)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
