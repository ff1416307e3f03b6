"""The model Callback and schemas/callback.schema.json take the same bodies."""

from typing import Any

import pytest
from callbacks.domain.callback import Callback
from hypothesis import example as given_example
from hypothesis import given, settings
from jsonschema import Draft4Validator
from pydantic import ValidationError

from tests.support.channels import composed
from tests.support.documents import documents, near_misses

ENVELOPE = composed({"type": "object"})
del ENVELOPE["properties"]["task_type"]["enum"]
HEARTBEAT = {
    "order_id": "order-1",
    "task_type": "ORDER_SHIPPING_SERVICE",
    "task_status": "IN_PROGRESS",
}
SUCCESS = {**HEARTBEAT, "task_status": "SUCCESS", "task_output": {}}
ERROR = {"code": "LOST", "message": "", "retryable": True}
FAILURE = {**HEARTBEAT, "task_status": "FAILURE", "task_error": ERROR}


def is_callback(body: Any) -> bool:
    try:
        Callback.model_validate(body)
    except ValidationError:
        return False
    return True


@given(documents(ENVELOPE) | near_misses(ENVELOPE))
@settings(deadline=None, max_examples=200)
@given_example(HEARTBEAT)
@given_example(SUCCESS)
@given_example(FAILURE)
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
def test_the_model_takes_what_the_schema_takes(body: Any) -> None:
    assert is_callback(body) == Draft4Validator(ENVELOPE).is_valid(body)


@pytest.mark.parametrize("body", [HEARTBEAT, SUCCESS, FAILURE])
def test_the_three_kinds_are_taken(body: Any) -> None:
    assert is_callback(body)
    assert (Callback.model_validate(body).outcome is None) == (body is HEARTBEAT)
