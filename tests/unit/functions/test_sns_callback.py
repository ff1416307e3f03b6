"""sns_callback: the workflow's call to a record and a message."""

import json
from typing import Any

import pytest
from callbacks.domain.errors import (
    ChannelDisabled,
    DependencyUnavailable,
    DispatchRefused,
    InvalidDispatch,
    InvalidRequest,
)
from callbacks.domain.task import Status

from tests.support.channels import SHIPPING, example, shipping_channel
from tests.support.deployed import Deployed
from tests.support.functions import XRAY_HEADER, dispatch_event
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY, TRACE, token

EVENT = dispatch_event()


def test_a_wait_is_recorded_and_its_message_published(deployed: Deployed) -> None:
    returned = deployed.call("sns_callback", EVENT)

    task = deployed.record()
    assert task is not None
    assert returned == {
        "order_id": KEY.order_id,
        "task_type": SHIPPING,
        "callback_id": task.callback_id,
        "work_id": task.callback_id,
    }
    assert (task.status, task.task_token, task.execution_arn) == (
        Status.PENDING,
        token(),
        EXECUTION,
    )
    [message] = deployed.aws.receive(deployed.aws.partner_queue_url)
    assert "SECRET" not in message
    event = json.loads(message)
    assert (event["id"], event["data"]) == (task.callback_id, example("valid", "request"))
    assert event["source"] == "/callback-channels/test"


def test_an_attempt_at_work_begun_before_returns_its_work(deployed: Deployed) -> None:
    first = deployed.call("sns_callback", EVENT)
    second = deployed.call("sns_callback", {**EVENT, "token": token(2)})

    assert second["callback_id"] != first["callback_id"]
    assert second["work_id"] == first["work_id"]


def test_a_dispatch_is_logged_and_counted(deployed: Deployed) -> None:
    returned = deployed.call("sns_callback", EVENT)

    line = deployed.logged("TASK_DISPATCHED")
    assert (
        line.items()
        >= {
            "order_id": KEY.order_id,
            "task_type": SHIPPING,
            "execution": EXECUTION,
            "callback_id": returned["callback_id"],
        }.items()
    )
    assert deployed.measured("TasksDispatched") == {"": [1], SHIPPING: [1]}


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda tells each invocation its trace in the environment."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", XRAY_HEADER)


@pytest.mark.usefixtures("traced")
def test_the_message_goes_on_with_the_trace_of_the_dispatch(deployed: Deployed) -> None:
    deployed.call("sns_callback", EVENT)

    [message] = deployed.aws.receive(deployed.aws.partner_queue_url)
    assert json.loads(message)["traceparent"] == TRACE.traceparent
    assert deployed.logged("TASK_DISPATCHED")["trace_id"] == TRACE.trace_id


@pytest.mark.usefixtures("traced")
def test_each_invocation_has_a_trace_of_its_own(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "f" * 16
    for attempt, span in enumerate((TRACE.span_id, other), 1):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", XRAY_HEADER.replace(TRACE.span_id, span))
        deployed.call("sns_callback", {**EVENT, "token": token(attempt)})

    messages = deployed.aws.receive(deployed.aws.partner_queue_url)
    assert {json.loads(message)["traceparent"][36:52] for message in messages} == {
        TRACE.span_id,
        other,
    }


@pytest.mark.usefixtures("traced")
def test_a_refusal_is_found_by_its_trace(deployed: Deployed) -> None:
    deployed.aws.register(shipping_channel(enabled=False))

    with pytest.raises(ChannelDisabled):
        deployed.call("sns_callback", EVENT)

    assert deployed.logged("DISPATCH_REFUSED")["trace_id"] == TRACE.trace_id


@pytest.mark.parametrize("header", [None, "", "Root=1-67891233"])
def test_a_dispatch_without_a_trace_mentions_none(
    header: str | None, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    if header is not None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    deployed.call("sns_callback", EVENT)

    [message] = deployed.aws.receive(deployed.aws.partner_queue_url)
    assert "traceparent" not in json.loads(message)
    assert "trace_id" not in deployed.logged("TASK_DISPATCHED")


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in EVENT.items() if key != name}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (without("input"), "input must be an object"),
        ({**EVENT, "input": "text"}, "input must be an object"),
        (without("token"), "token is missing"),
        ({**EVENT, "token": ""}, "token is missing"),
        (without("execution_arn"), "execution_arn is missing"),
        ({**EVENT, "input": {"order_contents": {}}}, "input.order_id must be a string"),
        ({**EVENT, "input": {"order_id": 7}}, "input.order_id must be a string"),
        ({**EVENT, "input": {"order_id": "order-1"}}, "input.order_contents is missing"),
        ({**EVENT, "timeout_seconds": "60"}, "timeout_seconds must be a whole number"),
        ({**EVENT, "timeout_seconds": 0}, "timeout_seconds must be a whole number"),
        ({**EVENT, "heartbeat_seconds": True}, "heartbeat_seconds must be a whole number"),
        ({**EVENT, "heartbeat_seconds": 1.5}, "heartbeat_seconds must be a whole number"),
    ],
)
def test_a_call_that_breaks_its_contract_is_refused(
    event: dict[str, Any], why: str, deployed: Deployed
) -> None:
    with pytest.raises(InvalidDispatch, match=why) as failure:
        deployed.call("sns_callback", event)

    assert "SECRET" not in str(failure.value)
    assert deployed.logged("DISPATCH_REFUSED")["reason"] == str(failure.value)
    assert deployed.record() is None
    assert deployed.aws.receive(deployed.aws.partner_queue_url) == []


def test_a_refusal_is_one_line_that_names_error_order_and_request(deployed: Deployed) -> None:
    deployed.aws.register(shipping_channel(enabled=False))

    with pytest.raises(ChannelDisabled) as failure:
        deployed.call("sns_callback", EVENT)

    [line] = [line for line in deployed.lines() if line.get("level", "INFO") != "INFO"]
    assert (
        line.items()
        >= {
            "level": "WARNING",
            "message": "DISPATCH_REFUSED",
            "error": "ChannelDisabled",
            "reason": str(failure.value),
            "order_id": KEY.order_id,
            "task_type": SHIPPING,
            "execution": EXECUTION,
        }.items()
    )
    assert line["function_request_id"]
    assert deployed.measured("DispatchesRefused") == {"": [1], SHIPPING: [1]}
    assert deployed.measured("TasksDispatched") == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"input": {**EVENT["input"], "order_id": "1" * 200_000}},
        {"input": {**EVENT["input"], "order_contents": {"x" * 200_000: 1}}},
        {"input": "text", "execution_arn": "arn" * 70_000},
    ],
    ids=["a long order id", "a long name", "a long ARN"],
)
def test_of_a_hostile_call_little_is_logged(changes: dict[str, Any], deployed: Deployed) -> None:
    with pytest.raises(DispatchRefused):
        deployed.call("sns_callback", {**EVENT, **changes})

    assert len(json.dumps(deployed.logged("DISPATCH_REFUSED"))) < 4096


def test_a_payload_that_breaks_the_contract_names_each_place(deployed: Deployed) -> None:
    payload = {**example("valid", "request"), "items": []}
    event = {**EVENT, "input": {"order_id": KEY.order_id, "order_contents": payload}}

    with pytest.raises(InvalidRequest, match="/items: does not meet minItems"):
        deployed.call("sns_callback", event)

    assert deployed.record() is None


def test_a_payload_that_breaks_it_everywhere_is_told_within_a_cause(deployed: Deployed) -> None:
    payload = {**example("valid", "request"), "items": [{"\0" * 999: 1} for _ in range(5000)]}
    event = {**EVENT, "input": {"order_id": KEY.order_id, "order_contents": payload}}

    with pytest.raises(InvalidRequest) as failure:
        deployed.call("sns_callback", event)

    cause = {"errorMessage": str(failure.value), "errorType": "InvalidRequest"}
    assert len(json.dumps(cause)) < 32_768 - 4096


def test_a_channel_that_is_disabled_dispatches_nothing(deployed: Deployed) -> None:
    deployed.aws.register(shipping_channel(enabled=False))

    with pytest.raises(ChannelDisabled):
        deployed.call("sns_callback", EVENT)

    assert deployed.record() is None


@pytest.mark.parametrize(
    ("service", "operation"), [("dynamodb", "PutItem"), ("sns", "Publish"), ("dynamodb", "GetItem")]
)
def test_a_service_that_refuses_is_named_for_the_workflows_retry(
    service: str, operation: str, deployed: Deployed
) -> None:
    with intercepted(service) as intercept:
        intercept.refuse(operation, "ThrottlingException", f"no {token()}")

        with pytest.raises(DependencyUnavailable, match=f"{operation}: Throttling") as failure:
            deployed.call("sns_callback", EVENT)

    assert type(failure.value) is DependencyUnavailable
    assert failure.value.__suppress_context__
    assert "SECRET" not in str(failure.value)
    assert deployed.logged("DISPATCH_UNAVAILABLE")["order_id"] == KEY.order_id
    assert deployed.measured("DispatchesUnavailable") == {"": [1], SHIPPING: [1]}
