"""statemachines/order_processing.asl.json with the functions it calls."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.domain.errors import AttemptSuperseded, DependencyUnavailable
from callbacks.domain.task import TaskKey

from tests.support import functions
from tests.support.channels import SHIPPING, example
from tests.support.cloud import TASKS, Cloud
from tests.support.functions import execution_event
from tests.support.workflow import (
    PATIENCE_SECONDS,
    Engine,
    Functions,
    LambdaServiceError,
    Partner,
    eventually,
    function_arn,
    render,
)

ORDER_ID = "a96cbeed-cbd7-4711-815c-0913113c6064"
ORDER = {"order_id": ORDER_ID}
SHIPPED = example("valid", "output")
LOST = {"code": "LOST", "message": "the parcel was lost", "retryable": False}
BUSY = {"code": "BUSY", "message": "no van today", "retryable": True}


@pytest.fixture(autouse=True)
def _order(aws: Cloud) -> None:
    aws.put_order(ORDER_ID)


def reason(aws: Cloud) -> dict[str, Any]:
    """Why the order is marked as failed."""
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "FAILED"
    told: dict[str, Any] = json.loads(order["failure_reason"])
    return told


def fail_while(called: Functions, name: str, error: Exception, lasts: Callable[[], bool]) -> None:
    """The function's invocations fail for as long as the outage lasts; then they reach it."""
    handler = called.handlers[function_arn(name)]

    def failing(event: dict[str, Any], context: Any) -> Any:
        if lasts():
            raise error
        return handler(event, context)

    called.handlers[function_arn(name)] = failing


def close(execution: str, ended: dict[str, Any]) -> None:
    """EventBridge tells close_execution of the end."""
    told = {name: ended.get(name) for name in ("input", "error", "cause")}
    event = execution_event(execution, ended["status"], stopDate=time.time_ns() // 10**6, **told)
    functions.handler("close_execution")(event, functions.Context())


STATE_OF = {
    "get_order_metadata": "GetOrderMetadata",
    "sns_callback": "ShippingServiceCallback",
    "process_shipping_result": "ProcessShippingResults",
}
THROTTLED = LambdaServiceError("TooManyRequestsException", 429)
FOR_HOURS = 4 * 3600


def test_an_order_is_shipped(aws: Cloud, engine: Engine, partner: Partner) -> None:
    execution = engine.start(render(), ORDER)
    message = partner.message()
    response = partner.call_back(message, task_status="SUCCESS", task_output=SHIPPED)
    ended = engine.ended(execution)

    assert response["statusCode"] == 200
    assert message["data"] == example("valid", "request")
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {
        "order_id": ORDER_ID,
        "order_contents": example("valid", "request"),
        "shipping": SHIPPED,
    }
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "COMPLETED"
    assert order["shipping_status"] == SHIPPED["shipping_status"]
    assert order["tracking_number"] == SHIPPED["tracking_number"]


def test_a_dispatch_that_fails_is_retried_with_a_new_token(
    aws: Cloud,
    engine: Engine,
    called: Functions,
    partner: Partner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish, failures = SNSTopic.publish, [DependencyUnavailable("Publish: InternalError")]

    def failing(topic: SNSTopic, message: str, attributes: Any) -> None:
        if failures:
            raise failures.pop()
        publish(topic, message, attributes)

    monkeypatch.setattr(SNSTopic, "publish", failing)

    execution = engine.start(render(), ORDER)
    message = partner.message()
    partner.call_back(message, task_status="SUCCESS", task_output=SHIPPED)

    assert engine.ended(execution)["status"] == "SUCCEEDED"
    first, second = called.of("sns_callback")
    assert first["token"] != second["token"]
    assert aws.receive(aws.partner_queue_url) == []


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("get_order_metadata", DependencyUnavailable("UpdateItem: InternalServerError")),
        ("sns_callback", THROTTLED),
        ("sns_callback", AttemptSuperseded(TaskKey(ORDER_ID, SHIPPING))),
        ("process_shipping_result", LambdaServiceError("ServiceException", 500)),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_outage_of_hours_costs_time_and_no_order(
    name: str, error: Exception, aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    fail_while(called, name, error, lambda: sum(aws.pauses) < FOR_HOURS)

    execution = engine.start(render(), ORDER)
    partner.call_back(partner.message(), task_status="SUCCESS", task_output=SHIPPED)

    assert engine.ended(execution)["status"] == "SUCCEEDED"
    assert sum(aws.pauses) >= FOR_HOURS
    assert len(engine.history(execution)) < 1_500
    assert aws.order(ORDER_ID)["order_status"] == "COMPLETED"


@pytest.mark.parametrize("name", STATE_OF)
def test_what_still_fails_after_hours_is_left_uncaught_so_that_a_redrive_runs_it_again(
    name: str, aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    fail_while(called, name, THROTTLED, lambda: True)

    execution = engine.start(render(), ORDER)
    if name == "process_shipping_result":
        partner.call_back(partner.message(), task_status="SUCCESS", task_output=SHIPPED)
    ended = engine.ended(execution)

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
    assert sum(aws.pauses) >= FOR_HOURS
    assert max(aws.pauses) <= 300
    assert len(called.of(name)) == 151
    assert engine.states(execution)[-1] == STATE_OF[name]
    close(execution, ended)
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "STALLED"
    assert execution in json.loads(order["stalled_reason"])["Resume"]
    assert "failure_reason" not in order


def test_an_order_that_does_not_exist_is_never_dispatched(
    aws: Cloud, engine: Engine, called: Functions
) -> None:
    execution = engine.start(render(), {"order_id": "unheard-of"})
    ended = engine.ended(execution)

    assert (ended["status"], ended["error"]) == ("FAILED", "OrderNotFound")
    assert "there is no order unheard-of" in ended["cause"]
    assert called.of("sns_callback") == []
    assert aws.receive(aws.partner_queue_url) == []
    assert aws.dynamodb.scan(TableName="callbacks-test-Orders")["Count"] == 1


def test_a_retryable_failure_is_sent_to_the_partner_again(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    first = partner.message()
    refusal = partner.call_back(first, task_status="FAILURE", task_error=BUSY)
    second = partner.message()
    response = partner.call_back(second, task_status="SUCCESS", task_output=SHIPPED)

    assert (refusal["statusCode"], response["statusCode"]) == (200, 200)
    assert first["id"] != second["id"]
    assert engine.ended(execution)["status"] == "SUCCEEDED"
    assert "failure_reason" not in aws.order(ORDER_ID)


def test_a_terminal_failure_fails_the_order_with_its_reason(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    response = partner.call_back(partner.message(), task_status="FAILURE", task_error=LOST)
    ended = engine.ended(execution)

    assert response["statusCode"] == 200
    assert (ended["status"], ended["error"]) == ("FAILED", "CallbackTask.Failed")
    assert reason(aws)["Error"] == "CallbackTask.Failed"
    assert json.loads(reason(aws)["Cause"]) == {"code": "LOST", "message": "the parcel was lost"}
    assert aws.order(ORDER_ID)["expires_at"] == aws.order(ORDER_ID)["retained_until"]
    assert len(called.of("sns_callback")) == 1
    assert engine.states(execution)[-2:] == ["MarkOrderFailed", "OrderFailed"]


def test_a_wait_that_times_out_fails_the_order_and_a_late_callback_is_told_so(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = engine.start(render(timeout_seconds=1), ORDER)
    message = partner.message()
    ended = engine.ended(execution)
    late = partner.call_back(message, task_status="SUCCESS", task_output=SHIPPED)

    assert ended["status"] == "FAILED"
    assert engine.states(execution)[-2:] == ["MarkOrderFailed", "OrderFailed"]
    assert reason(aws)["Error"] == "States.Timeout"
    assert late["statusCode"] == 410
    assert aws.receive(aws.dead_letter_queue_url) == []


def test_a_contract_that_the_payload_breaks_fails_the_order_at_once(
    aws: Cloud, engine: Engine, called: Functions
) -> None:
    aws.put_order(ORDER_ID, order_contents={"M": {"items": {"L": []}}})

    execution = engine.start(render(), ORDER)
    ended = engine.ended(execution)

    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidRequest")
    assert len(called.of("sns_callback")) == 1
    assert reason(aws)["Error"] == "InvalidRequest"
    assert aws.item(TASKS, order_id=ORDER_ID, task_type=SHIPPING) is None


def test_a_second_execution_of_an_order_is_refused_and_leaves_it_alone(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    first = engine.start(render(), ORDER, "execution-1")
    message = partner.message()
    second = engine.start(render(), ORDER, "execution-2")
    refused = engine.ended(second)

    assert (refused["status"], refused["error"]) == ("FAILED", "TaskAlreadyPending")
    assert engine.states(second)[-1] == "OrderAlreadyInProgress"
    assert "MarkOrderFailed" not in engine.states(second)
    assert aws.order(ORDER_ID)["order_status"] == "RECEIVED"

    partner.call_back(message, task_status="SUCCESS", task_output=SHIPPED)

    assert engine.ended(first)["status"] == "SUCCEEDED"
    assert aws.order(ORDER_ID)["order_status"] == "COMPLETED"


def test_the_same_execution_that_waits_again_has_a_new_attempt(
    engine: Engine, called: Functions, partner: Partner
) -> None:
    """What a redrive does: the state is entered anew by the execution that registered before."""
    definition = render()
    states = definition["States"]
    states["ShippingServiceCallback"]["Catch"] = [
        {"ErrorEquals": ["CallbackTask.Failed"], "ResultPath": "$.error", "Next": "Redriven"}
    ]
    states["Redriven"] = {"Type": "Pass", "Next": "ShippingServiceCallback"}

    execution = engine.start(definition, ORDER)
    first = partner.message()
    partner.call_back(first, task_status="FAILURE", task_error=LOST)
    second = partner.message()
    repeat = partner.call_back(first, task_status="FAILURE", task_error=LOST)
    superseded = partner.call_back(first, task_status="SUCCESS", task_output=SHIPPED)
    response = partner.call_back(second, task_status="SUCCESS", task_output=SHIPPED)

    codes = [response["statusCode"] for response in (repeat, superseded, response)]
    assert codes == [200, 409, 200]
    assert json.loads(repeat["body"])["duplicate"] is True
    assert engine.ended(execution)["status"] == "SUCCEEDED"
    tokens = [event["token"] for event in called.of("sns_callback")]
    assert len(set(tokens)) == len(tokens) == 2


def test_a_partner_that_never_can_fails_the_order_after_the_retries_of_the_channel(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    for _ in range(6):
        partner.call_back(partner.message(), task_status="FAILURE", task_error=BUSY)

    assert engine.ended(execution)["error"] == "CallbackTask.Retryable"
    assert reason(aws)["Error"] == "CallbackTask.Retryable"
    assert len(called.of("sns_callback")) == 6
    assert len(aws.pauses) == 5


def test_an_execution_that_is_redriven_completes_the_order_that_stalled(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    """The interpreter has no RedriveExecution: the state is entered anew by the same execution."""
    definition = render()
    wait = definition["States"]["ShippingServiceCallback"]
    again = {
        "ErrorEquals": ["Lambda.TooManyRequestsException"],
        "ResultPath": None,
        "Next": "Redriven",
    }
    wait["Catch"].append(again)
    definition["States"]["Redriven"] = {"Type": "Pass", "Next": "ShippingServiceCallback"}
    closed = threading.Event()

    def throttled() -> bool:
        if len(called.of("sns_callback")) <= 151:
            return True
        closed.wait(PATIENCE_SECONDS)
        return False

    fail_while(called, "sns_callback", THROTTLED, throttled)

    execution = engine.start(definition, ORDER)
    eventually(lambda: called.of("sns_callback")[151:] or None)
    close(execution, {"status": "FAILED", "input": json.dumps(ORDER), "error": "Lambda.Unknown"})
    stalled = aws.order(ORDER_ID)
    closed.set()
    partner.call_back(partner.message(), task_status="SUCCESS", task_output=SHIPPED)

    assert engine.ended(execution)["status"] == "SUCCEEDED"
    assert stalled["order_status"] == "STALLED"
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "COMPLETED"
    assert not {"stalled_reason", "status_before_stall", "failure_reason"} & order.keys()


def test_a_failure_of_an_execution_that_works_no_longer_leaves_the_order_to_the_other(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    """The second takes the order up and is refused; close_execution then marks for the first."""
    first = engine.start(render(), ORDER, "execution-1")
    message = partner.message()
    second = engine.start(render(), ORDER, "execution-2")
    refused = engine.ended(second)
    close(second, refused)
    partner.call_back(message, task_status="FAILURE", task_error=LOST)
    failed = engine.ended(first)
    before = aws.order(ORDER_ID)
    close(first, failed)

    assert before["order_status"] == "RECEIVED"
    assert reason(aws)["Error"] == "CallbackTask.Failed"


def test_an_order_that_is_completed_meanwhile_is_not_marked_as_failed(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    message = partner.message()
    aws.put_order(ORDER_ID, order_status={"S": "COMPLETED"}, execution_arn={"S": execution})
    partner.call_back(message, task_status="FAILURE", task_error=LOST)
    ended = engine.ended(execution)
    close(execution, ended)

    assert ended["error"] == "CallbackTask.Failed"
    assert aws.order(ORDER_ID)["order_status"] == "COMPLETED"


def test_an_outage_does_not_use_up_the_retries_of_the_partner(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    fail_while(called, "sns_callback", THROTTLED, lambda: sum(aws.pauses) < 180)

    execution = engine.start(render(), ORDER)
    for _ in range(5):
        partner.call_back(partner.message(), task_status="FAILURE", task_error=BUSY)
    partner.call_back(partner.message(), task_status="SUCCESS", task_output=SHIPPED)

    assert engine.ended(execution)["status"] == "SUCCEEDED"


def test_a_fault_of_a_function_is_left_uncaught_at_once(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    fail_while(called, "process_shipping_result", ValueError("broken"), lambda: True)

    execution = engine.start(render(), ORDER)
    partner.call_back(partner.message(), task_status="SUCCESS", task_output=SHIPPED)

    assert engine.ended(execution)["error"] == "ValueError"
    assert engine.states(execution)[-1] == "ProcessShippingResults"
    assert aws.pauses == []


def test_an_order_that_vanished_is_not_written_again(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = engine.start(render(), ORDER)
    message = partner.message()
    aws.dynamodb.delete_item(TableName="callbacks-test-Orders", Key={"order_id": {"S": ORDER_ID}})
    partner.call_back(message, task_status="FAILURE", task_error=LOST)

    assert engine.ended(execution)["error"] == "CallbackTask.Failed"
    assert aws.dynamodb.scan(TableName="callbacks-test-Orders")["Count"] == 0


@pytest.mark.parametrize("workflow", ["order_processing", "order_review"])
def test_every_task_times_out(workflow: str) -> None:
    states = render(workflow=workflow)["States"].values()
    tasks = [state for state in states if state["Type"] == "Task"]

    assert tasks
    assert all("TimeoutSeconds" in state for state in tasks)
