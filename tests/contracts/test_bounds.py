"""Everything that a partner sends has a bound, and a bound can be had without a new version."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tests.support.contracts_tree import OUTPUT, REQUEST, Edit
from tests.support.documents import documents
from tools.contracts import bounds, tree
from tools.contracts.evolution import compare
from tools.contracts.lint import lint
from tools.contracts.revisions import Revision

TEXT = {"type": "string", "maxLength": 9}
CODE = {"type": "string", "enum": ["A"]}


def found(contracts_tree: Path, edit: Edit, schema: dict[str, Any]) -> list[str]:
    """The pointers that are said to be unbounded, as `note` has this schema."""
    edit(
        OUTPUT,
        lambda output: output["properties"].update(note={"description": "A note.", **schema}),
    )
    findings = [finding for finding in lint(contracts_tree) if "of any size" in finding.what]
    lines = (contracts_tree / OUTPUT).read_text().splitlines()
    assert all(finding.path == OUTPUT and finding.line <= len(lines) for finding in findings)
    assert all(finding.instead for finding in findings)
    return [finding.what.partition(" ")[0].removeprefix("/properties/note") for finding in findings]


@pytest.mark.parametrize(
    ("bounded", "unbounded", "where"),
    [
        (TEXT, {"type": "string"}, ""),
        (CODE, {"type": "string", "pattern": "^[a-z]*(?![\\s\\S])"}, ""),
        ({"type": "integer"}, {"type": ["integer", "string"]}, ""),
        (
            {"type": "array", "maxItems": 9, "items": TEXT},
            {"type": "array", "items": TEXT},
            "",
        ),
        (
            {"type": "array", "maxItems": 9, "items": {"type": "null"}},
            {"type": "array", "maxItems": 9, "items": {"type": "string"}},
            "/items",
        ),
        (
            {"type": "object", "additionalProperties": False},
            {"type": "object"},
            "",
        ),
        (
            {"type": "object", "additionalProperties": TEXT, "maxProperties": 9},
            {"type": "object", "additionalProperties": TEXT},
            "",
        ),
        (
            {"type": "object", "additionalProperties": False, "maxProperties": 9},
            {"type": "object", "additionalProperties": True, "maxProperties": 9},
            "",
        ),
        (
            {"type": "object", "additionalProperties": TEXT, "maxProperties": 9},
            {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 9},
            "/additionalProperties",
        ),
        (
            {"type": "string", "allOf": [{"minLength": 1}, {"maxLength": 9}]},
            {"type": "string", "allOf": [{"minLength": 1}, {"minLength": 9}]},
            "",
        ),
        ({"anyOf": [TEXT, CODE]}, {"anyOf": [TEXT, {"type": "string"}]}, ""),
        (
            {"anyOf": [TEXT, {"type": "array", "maxItems": 9, "items": TEXT}]},
            {"anyOf": [TEXT, {"type": "array", "maxItems": 9, "items": {"type": "string"}}]},
            "/anyOf/1/items",
        ),
    ],
)
def test_what_a_partner_sends_needs_a_bound(
    contracts_tree: Path,
    edit: Edit,
    bounded: dict[str, Any],
    unbounded: dict[str, Any],
    where: str,
) -> None:
    assert found(contracts_tree, edit, bounded) == []
    assert found(contracts_tree, edit, unbounded) == [where]


def test_a_value_of_any_kind_needs_a_bound_of_each(contracts_tree: Path, edit: Edit) -> None:
    assert found(contracts_tree, edit, {}) == ["", "", ""]


def test_a_definition_needs_a_bound(contracts_tree: Path, edit: Edit) -> None:
    edit(OUTPUT, lambda schema: schema.update(definitions={"Text": {"type": "string"}}))
    assert found(contracts_tree, edit, {"$ref": "#/definitions/Text"}) == ["/definitions/Text"]

    edit(OUTPUT, lambda schema: schema["definitions"]["Text"].update(maxLength=9))
    assert found(contracts_tree, edit, {"$ref": "#/definitions/Text"}) == []


def test_the_envelope_needs_bounds_but_for_the_output(contracts_tree: Path, edit: Edit) -> None:
    error = "task_error", "message"

    def free(envelope: Any) -> None:
        del envelope["properties"][error[0]]["properties"][error[1]]["maxLength"]

    edit(tree.ENVELOPE, free)

    assert [
        finding.what.partition(" ")[0]
        for finding in lint(contracts_tree)
        if "of any" in finding.what
    ] == ["/properties/task_error/properties/message"]


def test_what_a_partner_receives_needs_none(contracts_tree: Path, edit: Edit) -> None:
    edit(REQUEST, lambda schema: schema["properties"].update(n={"description": "A note."}))

    assert [finding for finding in lint(contracts_tree) if "of any size" in finding.what] == []


NOTE: dict[str, Any] = {"description": "A note.", "type": "string"}
LIST: dict[str, Any] = {"description": "Notes.", "type": "array", "items": NOTE}


@pytest.mark.parametrize(
    ("before", "after", "breaks"),
    [
        (NOTE, {**NOTE, "maxLength": 65_536}, False),
        (NOTE, {**NOTE, "maxLength": 65_535}, True),
        (LIST, {**LIST, "maxItems": 32_768, "items": {**NOTE, "maxLength": 65_536}}, False),
        (LIST, {**LIST, "maxItems": 32_767}, True),
        ({**NOTE, "maxLength": 100_000}, {**NOTE, "maxLength": 70_000}, False),
        (NOTE, {**NOTE, "maxLength": 65_536, "enum": ["A"]}, True),
    ],
)
def test_a_bound_that_the_channels_limit_implies_breaks_nobody(
    contracts_tree: Path, edit: Edit, before: Any, after: Any, breaks: bool
) -> None:
    def note(schema: Any) -> Any:
        return lambda output: output["properties"].update(note=schema)

    edit(OUTPUT, note(before))
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", "Base"],
    ):
        subprocess.run(["git", "-C", str(contracts_tree), *command], check=True)
    edit(OUTPUT, note(after))

    said = compare(contracts_tree, Revision(contracts_tree, "HEAD")).findings

    assert bool(said) == breaks, said


SCHEMAS: list[dict[str, Any]] = [
    NOTE,
    LIST,
    {"additionalProperties": LIST},
    {"properties": {"a": {"$ref": "#/definitions/A"}}, "definitions": {"A": LIST}},
    {"anyOf": [NOTE, {"type": "object", "additionalProperties": NOTE}]},
]


@pytest.mark.parametrize("schema", SCHEMAS)
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_what_fits_meets_the_bounds_that_follow(
    schema: dict[str, Any], data: st.DataObject
) -> None:
    document = data.draw(documents(schema))
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())

    assert Draft4Validator(bounds.implied(schema, size)).is_valid(document)


def test_the_least_that_fits_is_at_the_bound() -> None:
    limited = Draft4Validator(bounds.implied({}, 10))

    assert limited.is_valid("x" * 8)
    assert limited.is_valid([0] * 4)
    assert not limited.is_valid([0] * 6)
    assert not limited.is_valid({"a": 0, "b": 0, "c": 0})
