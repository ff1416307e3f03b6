"""Messages: what is written is read again, and what is no message is refused."""

import json
from typing import Any

import pytest
from callbacks.domain.message import Message, cloud_event, parse_message
from callbacks.domain.task import TaskKey
from callbacks.domain.trace import Trace

from tests.support.tasks import TRACE

KEY = TaskKey("order-1", "ORDER_SHIPPING_SERVICE")
DEADLINE = 1_800_000_300
NO_MESSAGE = r"^the message is no CloudEvent of this platform$"


def written(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "key": KEY,
        "callback_id": "attempt-1",
        "work_id": "attempt-1",
        "source": "/callback-channels/test",
        "version": "v1",
        "callback_url": "https://api.example.com/externalCallback/ORDER_SHIPPING_SERVICE",
        "requested_at": 1_800_000_000.25,
        "expires_at": DEADLINE,
        "heartbeat_seconds": None,
        "trace": None,
        "data": {"items": []},
    }
    return cloud_event(**known | changes)


@pytest.mark.parametrize("trace", [None, TRACE])
def test_a_message_is_read_as_it_was_written(trace: Trace | None) -> None:
    body = json.dumps(written(trace=trace))

    assert parse_message(body) == Message(KEY, "attempt-1", DEADLINE, body, trace)


def test_instants_have_milliseconds_and_are_utc() -> None:
    event = written()

    assert (event["time"], event["expirytime"]) == (
        "2027-01-15T08:00:00.250Z",
        "2027-01-15T08:05:00.000Z",
    )


@pytest.mark.parametrize(("seconds", "asked"), [(None, False), (60, True)])
def test_heartbeats_are_asked_for_or_not_mentioned(seconds: int | None, asked: bool) -> None:
    assert ("heartbeatseconds" in written(heartbeat_seconds=seconds)) == asked


def test_a_trace_is_told_or_not_mentioned() -> None:
    assert written(trace=TRACE)["traceparent"] == TRACE.traceparent
    assert "traceparent" not in written()


@pytest.mark.parametrize("traceparent", ["", "shipped!", 7, None, [], {"id": 1}])
def test_a_message_whose_trace_makes_no_sense_is_read_without(traceparent: Any) -> None:
    message = parse_message(json.dumps({**written(), "traceparent": traceparent}))

    assert (message.callback_id, message.trace) == ("attempt-1", None)


@pytest.mark.parametrize("name", ["id", "subject", "tasktype", "expirytime"])
def test_a_message_without_what_delivery_needs_is_refused(name: str) -> None:
    event = written()
    del event[name]

    with pytest.raises(ValueError, match=NO_MESSAGE):
        parse_message(json.dumps(event))


@pytest.mark.parametrize("body", ["shipped!", "[]", "null", '"x"'])
def test_what_is_no_event_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=NO_MESSAGE):
        parse_message(body)
