"""ContractValidator: the compiled validator agrees with a reference, and quotes nothing."""

import gc
import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from callbacks.adapters.json_schema import JsonSchemaContracts
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tests.support.channels import SCHEMAS, composed, example, schema
from tests.support.documents import documents, near_misses

REQUEST = schema("request")
CALLBACK = composed(schema("output"))
SCHEMAS_USED = {"request": REQUEST, "callback": CALLBACK}

ORDER = {
    "order_id": "order-1",
    "task_type": "ORDER_SHIPPING_SERVICE",
    "task_status": "SUCCESS",
    "task_output": example("valid", "output"),
}


def violations(schema: Any, document: object) -> list[tuple[str, str]]:
    found = JsonSchemaContracts().violations(json.dumps(schema), document)
    return [(violation.pointer, violation.reason) for violation in found]


def examples() -> list[tuple[Path, Any]]:
    """Each example with the schema that it is an example of."""
    found: list[tuple[Path, Any]] = []
    for path in sorted(SCHEMAS.glob("**/examples/*/*.json")):
        name = path.name.partition(".")[0]
        beside = path.parents[2] / f"{name}.schema.json"
        found.append((path, CALLBACK if name == "callback" else json.loads(beside.read_text())))
    return found


@pytest.mark.parametrize(
    ("path", "schema"),
    examples(),
    ids=[str(path.relative_to(SCHEMAS)) for path, _ in examples()],
)
def test_an_example_is_what_its_folder_says(path: Path, schema: Any) -> None:
    document = json.loads(path.read_text())

    assert (violations(schema, document) == []) == (path.parent.name == "valid")
    assert Draft4Validator(schema).is_valid(document) == (path.parent.name == "valid")


@pytest.mark.parametrize("schema", SCHEMAS_USED.values(), ids=SCHEMAS_USED)
@given(data=st.data())
@settings(deadline=None, max_examples=100)
def test_both_validators_agree(schema: Any, data: st.DataObject) -> None:
    document = data.draw(documents(schema) | near_misses(schema))

    assert (violations(schema, document) == []) == Draft4Validator(schema).is_valid(document)


@given(st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=3))
@settings(deadline=None, max_examples=50)
def test_a_document_of_another_kind_is_refused(document: object) -> None:
    assert violations(CALLBACK, document)


@pytest.mark.parametrize("schema", SCHEMAS_USED.values(), ids=SCHEMAS_USED)
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_each_reason_points_into_the_document(schema: Any, data: st.DataObject) -> None:
    document = data.draw(near_misses(schema))

    for pointer, reason in violations(schema, document):
        assert reason
        value = document
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            value = value[int(name)] if isinstance(value, list) else value[name]


def with_change(*path: str, value: Any) -> Any:
    document = json.loads(json.dumps(ORDER))
    inner = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("document", "pointer", "reason"),
    [
        ({}, "", "'order_id' is a required property"),
        (with_change("order_id", value=1), "/order_id", 'does not meet type: "string"'),
        (with_change("task_status", value="DONE"), "/task_status", "does not meet enum"),
        (
            with_change("task_output", "shipping_status", value="LOST"),
            "/task_output/shipping_status",
            "does not meet enum",
        ),
        (
            with_change("task_output", value={"shipping_status": "PROCESSING"}),
            "/task_output",
            "'tracking_number' is a required property",
        ),
        (
            {**ORDER, "task_error": {"code": "A", "message": "b", "retryable": False}},
            "/task_error",
            "must not be there with this task_status",
        ),
        (
            {**ORDER, "task_status": "FAILURE"},
            "",
            "'task_error' is a required property",
        ),
    ],
)
def test_a_reason_says_where_and_why(document: Any, pointer: str, reason: str) -> None:
    found = violations(CALLBACK, document)

    assert any(at == pointer and why.startswith(reason) for at, why in found), found


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (
            {**ORDER, "task_status": "DONE", "order_id": 1},
            [
                ("/task_status", 'does not meet enum: ["SUCCESS", "FAILURE", "IN_PROGRESS"]'),
                ("/order_id", 'does not meet type: "string"'),
            ],
        ),
        (
            {**{name: ORDER[name] for name in ("order_id", "task_type")}, "surplus": 1},
            [("", "'task_status' is a required property"), ("", 'must not have "surplus"')],
        ),
        (
            {**ORDER, "task_status": "IN_PROGRESS", "task_output": {"a": [0] * 5000}},
            [("/task_output", "must not be there with this task_status")],
        ),
        (
            {**ORDER, "task_status": "FAILURE", "task_output": 1},
            [
                ("/task_output", "must not be there with this task_status"),
                ("", "'task_error' is a required property"),
            ],
        ),
        (
            {**ORDER, **{f"n{number}": 1 for number in range(5)}},
            [("", 'must not have "n0", "n1", "n2" and 2 more')],
        ),
    ],
)
def test_only_what_the_status_asks_for_is_judged_and_the_status_first(
    document: Any, found: list[tuple[str, str]]
) -> None:
    assert violations(CALLBACK, document) == found


def test_a_pointer_escapes_what_it_has_to() -> None:
    schema = {"properties": {"a/b~c": {"items": {"type": "integer"}}}}

    assert [pointer for pointer, _ in violations(schema, {"a/b~c": [1, "x"]})] == ["/a~1b~0c/1"]


SECRET = "SECRET-4711"


@pytest.mark.parametrize(
    "document",
    [
        SECRET,
        [SECRET],
        with_change("order_id", value=f"{SECRET} {SECRET}"),
        with_change("order_id", value=f"{SECRET}\n"),
        with_change("task_type", value=SECRET),
        with_change("task_status", value=SECRET),
        with_change("callback_id", value=f"{SECRET}!"),
        with_change("task_output", value=SECRET),
        with_change("task_output", "tracking_number", value=SECRET * 50),
        with_change("task_output", "tracking_number", value={"a": SECRET}),
        with_change("task_error", value={"code": SECRET, "message": SECRET, "retryable": SECRET}),
        {**ORDER, "task_status": "FAILURE", "task_error": {"code": f"{SECRET}!"}},
    ],
)
def test_no_reason_quotes_a_value(document: Any) -> None:
    found = violations(CALLBACK, document)

    assert found
    assert SECRET not in str(found)


def test_twenty_violations_are_listed_and_more_are_said_to_be_there() -> None:
    twenty = violations({"items": {"type": "string"}}, [0] * 20)
    thousands = violations({"items": {"type": "string"}}, [0] * 5000)

    assert len(twenty) == 20
    assert thousands == [*twenty, ("", "and at least 980 more")]
    assert violations({"items": {"type": "string"}}, [0] * 25) == [*twenty, ("", "and 5 more")]


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ({"additionalProperties": False}, {f"unheard-of-{number}": 1 for number in range(5000)}),
        ({"additionalProperties": {"type": "string"}}, {"n" * 5000: 1}),
        ({"enum": ["n" * 5000]}, 1),
        ({"required": ["n" * 5000]}, {}),
    ],
)
def test_a_violation_is_told_briefly(schema: Any, document: object) -> None:
    [(pointer, reason)] = violations(schema, document)

    assert reason
    assert len(pointer) <= 203
    assert len(reason) <= 203


def calls(schema: str, document: object) -> int:
    """How many Python functions are called to find the violations."""
    count = 0

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(called)
    try:
        assert JsonSchemaContracts().violations(schema, document)
    finally:
        sys.setprofile(None)
    return count


WIDE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "maxLength": 10},
        "list": {
            "type": "array",
            "maxItems": 10,
            "uniqueItems": True,
            "items": {
                "anyOf": [{"type": "string"}, {"items": {"type": "string"}, "type": "array"}],
            },
        },
        "map": {"additionalProperties": {"$ref": "#/definitions/map"}, "maxProperties": 10},
    },
    "definitions": {"map": {"additionalProperties": {"$ref": "#/definitions/map"}}},
}


@pytest.mark.parametrize(
    "document",
    [
        lambda size: {"list": [0] * size},
        lambda size: {"list": ["x"] * size},
        lambda size: {"list": [*range(size)]},
        lambda size: {"list": [[0] * size] * 2},
        lambda size: {"list": [["x"] * size, [0] * size]},
        lambda size: {"map": {str(number): 0 for number in range(size)}},
        lambda size: {"map": {"a": {str(number): {"b": {}} for number in range(size)}}},
        lambda size: {str(number): 0 for number in range(size)},
        lambda size: {"text": "x" * size},
        lambda size: {"text": {str(number): 0 for number in range(size)}},
        lambda size: {"n" * size: 0},
        lambda size: ["x"] * size,
    ],
)
def test_a_larger_document_is_refused_with_no_more_work(document: Any) -> None:
    text = json.dumps(WIDE)
    JsonSchemaContracts().violations(text, {})

    small, large = (calls(text, document(size)) for size in (5000, 50_000))

    assert small < 100_000
    assert large < 1.1 * small


class Unquotable(dict[str, Any]):
    def __repr__(self) -> str:
        raise AssertionError("an object was quoted, whose size the sender chose")


class UnquotableList(list[Any]):
    __repr__ = Unquotable.__repr__


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"enum": ["a"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"maxProperties": 9, "maxItems": 9}, {"minProperties": 1, "minItems": 1}]},
        {"not": {"type": ["array", "object"]}},
        {"minProperties": 9, "minItems": 9},
        {"maxProperties": 0, "maxItems": 0},
    ],
)
@pytest.mark.parametrize("value", [Unquotable(a=1), UnquotableList([1])])
def test_no_object_and_no_array_is_quoted_on_the_way(schema: Any, value: object) -> None:
    nested = {"properties": {"outer": {"items": schema}}}

    assert violations(schema, value)
    assert violations(nested, Unquotable(outer=UnquotableList([value])))


@pytest.mark.parametrize(
    "document",
    [
        {},
        [1.5] * 5000,
        ORDER | {"task_output": {}},
        ORDER | {"task_status": "UNKNOWN"},
        ORDER | {str(number): number for number in range(5000)},
    ],
)
def test_a_refused_document_does_not_wait_for_the_garbage_collector(document: object) -> None:
    validator = JsonSchemaContracts()
    schema = json.dumps(CALLBACK)
    assert validator.violations(schema, document)

    gc.collect()
    gc.disable()
    try:
        validator.violations(schema, document)
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0
