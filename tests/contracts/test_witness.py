"""Which documents show that a schema change breaks somebody."""

from typing import Any

import pytest
from jsonschema import Draft4Validator

from tools.contracts.inclusion import Obstacle, obstacles
from tools.contracts.patterns import END
from tools.contracts.witness import SHOWN, Witness, witnesses

CLOSED = {"type": "object", "additionalProperties": False}


def _of(schema: dict[str, Any]) -> dict[str, Any]:
    return {**CLOSED, "required": ["a"], "properties": {"a": schema, "b": {"type": "null"}}}


@pytest.mark.parametrize(
    ("taking", "refusing"),
    [
        (_of({}), {**_of({}), "required": ["a", "b"]}),
        (_of({}), {**CLOSED, "properties": {"a": {}}}),
        (_of({"enum": ["x", "y"]}), _of({"enum": ["x"]})),
        (_of({"type": "string"}), _of({"enum": ["x"]})),
        (_of({"type": "string", "maxLength": 64}), _of({"type": "string", "maxLength": 32})),
        (_of({"type": "string"}), _of({"type": "string", "minLength": 7})),
        (_of({"type": "integer"}), _of({"type": "integer", "minimum": 7})),
        (_of({"type": "integer"}), _of({"type": "integer", "maximum": -7})),
        (_of({"type": "integer"}), _of({"type": "integer", "multipleOf": 7})),
        (_of({"type": "number"}), _of({"type": "integer"})),
        (_of({"type": ["string", "null"]}), _of({"type": "string"})),
        (_of({"type": "array"}), _of({"type": "array", "maxItems": 3})),
        (
            _of({"type": "array", "items": {"type": "string"}}),
            _of({"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        ),
        (
            _of({"type": "array", "items": {"enum": ["x", "y"]}}),
            _of({"type": "array", "items": {"enum": ["x"]}}),
        ),
        (
            _of({"type": "string", "pattern": f"^[A-Z]{{1,3}}{END}"}),
            _of({"type": "string", "pattern": f"^[A-Z]{{2}}{END}"}),
        ),
        (
            _of({"type": "string", "pattern": f"^[A-Z]-[0-9]*{END}", "maxLength": 40}),
            _of({"type": "string", "pattern": f"^[A-Z]-[0-9]*{END}", "maxLength": 20}),
        ),
        (_of({"type": "string"}), _of({"type": "string", "pattern": f"^[a-z]+{END}"})),
        ({"type": "object"}, CLOSED),
        (_of({"anyOf": [{"type": "null"}, {"type": "string"}]}), _of({"type": "string"})),
        (_of({"type": "object"}), _of({"type": "object", "maxProperties": 2})),
        (
            {**_of({"$ref": "#/definitions/A"}), "definitions": {"A": {"type": "string"}}},
            {
                **_of({"$ref": "#/definitions/A"}),
                "definitions": {"A": {"type": "string", "maxLength": 5}},
            },
        ),
    ],
)
def test_a_document_shows_each_obstacle(taking: Any, refusing: Any) -> None:
    found = obstacles(taking, refusing)
    shown = witnesses(taking, refusing, [])

    assert found
    for obstacle in found:
        document = next(one.document for one in shown if one.shows(obstacle))
        assert Draft4Validator(taking).is_valid(document)
        assert not Draft4Validator(refusing).is_valid(document)


def test_an_example_with_one_property_less_comes_first() -> None:
    taking = _of({"type": "string"})

    shown = witnesses(taking, {**taking, "required": ["a", "b"]}, [{"a": "real", "b": None}])

    assert str(shown[0]) == '{"a": "real"}'


def test_what_cannot_be_shown_has_no_witness() -> None:
    one, other = {"not": {"type": "string"}}, {"not": {"type": "string", "minLength": 0}}

    assert obstacles(one, other)
    assert witnesses(one, other, []) == []


def test_a_recursive_schema_ends() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/definitions/T"}}}

    assert witnesses({**tree, "definitions": {"T": tree}}, {"type": "object"}, []) == []


def test_a_long_document_is_cut() -> None:
    text = str(Witness("a" * 5000, frozenset()))

    assert len(text) < SHOWN + 30
    assert text.endswith("... (5002 characters)")


def test_an_obstacle_elsewhere_is_not_shown() -> None:
    assert not Witness({}, frozenset({"/required"})).shows(Obstacle("/type", "type", ""))
