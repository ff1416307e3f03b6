"""What a callback has to meet, as it is composed, committed and named."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import OUTPUT, Edit
from tools import REPOSITORY
from tools.contracts import compose, tree
from tools.contracts.documents import load
from tools.contracts.lint import lint

ENVELOPE: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "Callback",
    "type": "object",
    "required": ["order_id", "task_type", "task_status"],
    "additionalProperties": False,
    "properties": {
        "order_id": {"type": "string"},
        "task_type": {"type": "string", "description": "Type."},
        "task_status": {"enum": ["SUCCESS", "FAILURE", "IN_PROGRESS"]},
        "task_output": {"type": "object"},
        "task_error": {"type": "object"},
    },
}
OUTPUT_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "Output",
    "type": "object",
    "required": ["parcel"],
    "properties": {"parcel": {"$ref": "#/definitions/Parcel"}},
    "definitions": {"Parcel": {"type": "string"}},
}
MODEL = tree.Version("ORDER_SHIPPING_SERVICE", "v1").model


def test_narrows_the_envelope_to_the_task_type_and_its_output() -> None:
    assert compose.model("ORDER_GIFTS", "v2", ENVELOPE, OUTPUT_SCHEMA) == {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "ORDER_GIFTS callback v2",
        "type": "object",
        "required": ["order_id", "task_type", "task_status"],
        "additionalProperties": False,
        "definitions": {"Parcel": {"type": "string"}},
        "properties": {
            "order_id": {"type": "string"},
            "task_type": {"type": "string", "description": "Type.", "enum": ["ORDER_GIFTS"]},
            "task_status": {"enum": ["SUCCESS", "FAILURE", "IN_PROGRESS"]},
            "task_output": {
                "type": "object",
                "required": ["parcel"],
                "properties": {"parcel": {"$ref": "#/definitions/Parcel"}},
            },
            "task_error": {"type": "object"},
        },
        "oneOf": [
            {
                "properties": {"task_status": {"enum": ["SUCCESS"]}},
                "required": ["task_output"],
                "not": {"required": ["task_error"]},
            },
            {
                "properties": {"task_status": {"enum": ["FAILURE"]}},
                "required": ["task_error"],
                "not": {"required": ["task_output"]},
            },
            {
                "properties": {"task_status": {"enum": ["IN_PROGRESS"]}},
                "not": {"anyOf": [{"required": ["task_output"]}, {"required": ["task_error"]}]},
            },
        ],
    }


def test_a_model_has_definitions_only_if_there_are_any() -> None:
    envelope = {**ENVELOPE, "definitions": {"Size": {"type": "integer"}}}

    assert "definitions" not in compose.model("A", "v1", ENVELOPE, {"type": "object"})
    assert compose.model("A", "v1", envelope, OUTPUT_SCHEMA)["definitions"] == {
        "Parcel": {"type": "string"},
        "Size": {"type": "integer"},
    }


def test_names_models_as_the_channel_module_does() -> None:
    """Which asserts the same name, in its channel.tftest.hcl."""
    assert compose.model_name("ORDER_SHIPPING_SERVICE", "v1") == "OrderShippingServiceV1"


def test_lint_finds_a_model_that_is_not_what_its_sources_make(
    contracts_tree: Path, edit: Edit
) -> None:
    edit(OUTPUT, lambda schema: schema.update(required=["tracking_number"]))

    (found,) = lint(contracts_tree)

    assert found.path == MODEL
    assert "shipping_status" in (contracts_tree / MODEL).read_text().splitlines()[found.line - 1]
    assert "`make docs`" in found.instead


def test_lint_misses_a_model(contracts_tree: Path) -> None:
    (contracts_tree / MODEL).unlink()

    assert [(found.path, found.line) for found in lint(contracts_tree)] == [(MODEL, 1)]


@pytest.mark.parametrize("version", tree.versions(REPOSITORY), ids=str)
def test_what_is_committed_is_what_is_composed(version: tree.Version) -> None:
    envelope, output = (
        load(REPOSITORY / path).value for path in (tree.ENVELOPE, version.schema("output"))
    )

    committed = load(REPOSITORY / version.model).value

    assert committed == compose.model(version.task_type, version.name, envelope, output)
