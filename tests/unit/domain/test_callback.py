"""What meets schemas/callback.schema.json is a callback, and means what was posted."""

import json
import re
from typing import Any

import pytest
from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.domain.callback import Callback, parse_callback
from callbacks.domain.outcome import Failure, Success
from callbacks.domain.task import ORDER_ID
from hypothesis import example as given_example
from hypothesis import given, settings
from jsonschema import Draft4Validator

from tests.support.channels import composed
from tests.support.documents import documents, near_misses

ENVELOPE = composed({"type": "object"})
del ENVELOPE["properties"]["task_type"]["enum"]
CONTRACT = json.dumps(ENVELOPE)
HEARTBEAT = {
    "order_id": "order-1",
    "task_type": "ORDER_SHIPPING_SERVICE",
    "task_status": "IN_PROGRESS",
}
SUCCESS = {**HEARTBEAT, "task_status": "SUCCESS", "task_output": {}}
ERROR = {"code": "LOST", "message": "", "retryable": True}
FAILURE = {**HEARTBEAT, "task_status": "FAILURE", "task_error": ERROR}


def taken(body: Any) -> Callback | None:
    """As the function does: the contract first, and no rule beside it."""
    return None if JsonSchemaContracts().violations(CONTRACT, body) else parse_callback(body)


def as_posted(callback: Callback) -> dict[str, Any]:
    """The body of a callback, but for its task type, which the route says too."""
    body: dict[str, Any] = {"order_id": callback.order_id, "task_status": callback.task_status}
    if callback.callback_id is not None:
        body["callback_id"] = callback.callback_id
    match callback.outcome:
        case Success(output):
            body["task_output"] = output
        case Failure(code, message, retryable):
            body["task_error"] = {"code": code, "message": message, "retryable": retryable}
    return body


@given(documents(ENVELOPE) | near_misses(ENVELOPE))
@settings(deadline=None, max_examples=200)
@given_example(HEARTBEAT)
@given_example(SUCCESS)
@given_example(FAILURE)
@given_example({**FAILURE, "callback_id": "attempt-1"})
@given_example({**HEARTBEAT, "callback_id": None})
@given_example({**HEARTBEAT, "task_output": None})
@given_example({**HEARTBEAT, "task_error": None})
@given_example({**SUCCESS, "task_error": None})
@given_example({**SUCCESS, "task_error": ERROR})
@given_example({**FAILURE, "task_output": {}})
@given_example({**SUCCESS, "task_output": []})
@given_example({**HEARTBEAT, "order_id": "order-1\n"})
@given_example({**HEARTBEAT, "order_id": "#CHANNEL"})
@given_example({**HEARTBEAT, "task_type": "OTHER"})
@given_example({**HEARTBEAT, "task_type": "other"})
@given_example({**HEARTBEAT, "order_id": ""})
@given_example({**HEARTBEAT, "callback_id": ""})
@given_example({**HEARTBEAT, "order_id": "\N{KELVIN SIGN}"})
@given_example({**FAILURE, "task_error": {**ERROR, "retryable": 1}})
@given_example({**FAILURE, "task_error": {**ERROR, "message": "\N{GRINNING FACE}" * 4096}})
@given_example({**FAILURE, "task_error": {**ERROR, "message": "x" * 4097}})
@given_example({**FAILURE, "task_error": {**ERROR, "detail": ""}})
def test_the_function_takes_what_the_schema_takes_and_as_it_was_posted(body: Any) -> None:
    callback = taken(body)

    assert (callback is not None) == Draft4Validator(ENVELOPE).is_valid(body)
    if callback is not None:
        assert {**as_posted(callback), "task_type": body["task_type"]} == body


@pytest.mark.parametrize("body", [HEARTBEAT, SUCCESS, FAILURE])
def test_the_three_kinds_are_taken(body: Any) -> None:
    callback = taken(body)

    assert callback is not None
    assert (callback.outcome is None) == (body is HEARTBEAT)


@given(near_misses(ENVELOPE["properties"]["order_id"]))
@given_example("x" * 128)
@given_example("x" * 129)
@given_example("order-1\n")
@given_example("")
def test_an_order_that_can_be_dispatched_is_one_that_a_callback_can_name(order_id: Any) -> None:
    dispatched = isinstance(order_id, str) and re.fullmatch(ORDER_ID, order_id) is not None

    assert dispatched == Draft4Validator(ENVELOPE["properties"]["order_id"]).is_valid(order_id)
