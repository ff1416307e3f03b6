"""A spell in which Step Functions refuses, and executions that end by themselves."""

import json
import threading
from typing import Any

import pytest

from tests.support.channels import SHIPPING, example
from tests.support.cloud import TASKS, Cloud
from tests.support.functions import Context, execution_event, handler, redelivery_event
from tests.support.services import intercepted
from tests.support.workflow import (
    PATIENCE_SECONDS,
    Engine,
    Functions,
    Partner,
    eventually,
    function_arn,
    render,
)

ORDER_ID = "a96cbeed-cbd7-4711-815c-0913113c6064"
ORDER = {"order_id": ORDER_ID}
SHIPPED = {"task_status": "SUCCESS", "task_output": example("valid", "output")}
LOST = {
    "task_status": "FAILURE",
    "task_error": {"code": "LOST", "message": "the parcel was lost", "retryable": False},
}


@pytest.fixture(autouse=True)
def _order(aws: Cloud) -> None:
    aws.put_order(ORDER_ID)


def task(aws: Cloud) -> dict[str, Any]:
    item = aws.item(TASKS, order_id=ORDER_ID, task_type=SHIPPING)
    assert item is not None
    return item


@pytest.mark.parametrize("outcome", [SHIPPED, LOST])
def test_an_outcome_that_is_held_reaches_the_workflow_by_redelivery(
    outcome: dict[str, Any], aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    message = partner.message()
    with intercepted("stepfunctions") as service:
        service.refuse("SendTaskSuccess", "ThrottlingException")
        service.refuse("SendTaskFailure", "ThrottlingException")
        held = partner.call_back(message, **outcome)
    [body] = aws.receive(aws.redelivery_queue_url)
    response = handler("redeliver_callback")(redelivery_event(body), Context())
    ended = engine.ended(execution)

    assert held["statusCode"] == 202
    assert response == {"batchItemFailures": []}
    assert ended["status"] == ("SUCCEEDED" if outcome is SHIPPED else "FAILED")
    assert task(aws)["status"]["S"] == "COMPLETED"
    assert partner.call_back(message, **outcome)["statusCode"] == 200


def test_a_reply_that_was_lost_is_settled_from_the_history(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    """The retry is held until the callback is there: the first outcome is in, its token used."""
    dispatch = called.handlers[function_arn("sns_callback")]
    called_back = threading.Event()

    def held(event: dict[str, Any], context: Any) -> Any:
        if len(called.of("sns_callback")) > 1:
            called_back.wait(PATIENCE_SECONDS)
        return dispatch(event, context)

    called.handlers[function_arn("sns_callback")] = held
    execution = engine.start(render(), ORDER)
    message = partner.message()
    busy = {"code": "BUSY", "message": "no van today", "retryable": True}
    cause = json.dumps({"code": "BUSY", "message": "no van today"}, separators=(",", ":"))
    aws.stepfunctions.send_task_failure(
        taskToken=task(aws)["task_token"]["S"], error="CallbackTask.Retryable", cause=cause
    )
    eventually(lambda: called.of("sns_callback")[1:] or None)
    response = partner.call_back(message, task_status="FAILURE", task_error=busy)
    called_back.set()
    done = partner.call_back(partner.message(), **SHIPPED)

    assert json.loads(response["body"])["result"] == "DELIVERED"
    assert (response["statusCode"], done["statusCode"]) == (200, 200)
    assert engine.ended(execution)["status"] == "SUCCEEDED"


def test_a_promise_that_the_workflow_no_longer_waits_for_is_reported(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    message = partner.message()
    with intercepted("stepfunctions") as service:
        service.refuse("SendTaskSuccess", "ServiceUnavailable", status=503)
        held = partner.call_back(message, **SHIPPED)
    aws.stepfunctions.stop_execution(executionArn=execution)
    engine.ended(execution)
    [body] = aws.receive(aws.redelivery_queue_url)
    handler("redeliver_callback")(redelivery_event(body), Context())

    assert held["statusCode"] == 202
    [dead] = aws.receive(aws.dead_letter_queue_url)
    assert json.loads(dead)["outcome"]["output"] == SHIPPED["task_output"]
    assert task(aws)["status"]["S"] == "EXPIRED"
    assert partner.call_back(message, **SHIPPED)["statusCode"] == 410


def test_an_execution_that_is_aborted_leaves_no_order_half_done(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    message = partner.message()
    aws.stepfunctions.stop_execution(executionArn=execution, error="Operator", cause="a mistake")
    ended = engine.ended(execution)
    event = execution_event(execution, "ABORTED", input=ended["input"], error="Operator")
    handler("close_execution")(event, Context())
    late = partner.call_back(message, **SHIPPED)

    assert len(called.of("sns_callback")) == 1
    assert late["statusCode"] == 410
    assert "task_token" not in task(aws)
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "FAILED"
    assert json.loads(order["failure_reason"])["Error"] == "Operator"
