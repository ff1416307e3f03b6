"""What the lint refuses, where it says so, and what it advises."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import CHANNEL, OUTPUT, REQUEST, TASK_TYPE, Edit
from tools import REPOSITORY
from tools.contracts import __main__, tree, use
from tools.contracts.keywords import KEYWORDS, LATER_DRAFTS
from tools.contracts.lint import lint, require_clean
from tools.contracts.schema_lint import SCHEMA_BYTES
from tools.errors import UserError

EXAMPLES = OUTPUT.parent / "examples"
PROPERTY = {"description": "A number of something.", "type": "integer"}


def test_contracts_of_the_project_are_clean() -> None:
    assert lint(REPOSITORY) == []


def test_command_says_what_and_where_and_what_to_write_instead(
    contracts_tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = contracts_tree / CHANNEL
    path.write_text(path.read_text().replace("timeout_seconds", "time_out_seconds"))
    monkeypatch.setattr(__main__, "REPOSITORY", contracts_tree)
    monkeypatch.setattr(sys, "argv", ["contracts", "lint"])

    assert __main__.main() == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert f"{CHANNEL}:7: there is no setting time_out_seconds\n    write: timeout_seconds\n" in err


def test_nothing_is_deployed_before_what_is_found_is_corrected(contracts_tree: Path) -> None:
    require_clean(contracts_tree)
    (contracts_tree / CHANNEL).write_text("{,}")

    with pytest.raises(UserError, match="Nothing is deployed") as refused:
        require_clean(contracts_tree)

    assert f"{CHANNEL}:1: the file is not JSON" in refused.value.detail


def test_allow_list_knows_every_keyword_of_the_draft() -> None:
    from jsonschema import Draft4Validator

    assert set(KEYWORDS) == {*Draft4Validator.META_SCHEMA["properties"], "$ref"}


def _set(**keywords: Any) -> Callable[[Any], None]:
    def change(schema: Any) -> None:
        schema["properties"]["weight"] = {"description": "Grams.", **keywords}

    return change


@pytest.mark.parametrize(
    ("change", "pointer", "what"),
    [
        *[(_set(**{name: "a"}), name, f"{name} is no keyword") for name in LATER_DRAFTS],
        (_set(format="date"), "format", "format is not supported"),
        (_set(default=1), "default", "default is not supported"),
        (_set(id="#weight"), "id", "id is not supported"),
        (_set(minimum=0, exclusiveMinimum=True), "exclusiveMinimum", "exclusiveMinimum is not"),
        (_set(patternProperties={}), "patternProperties", "patternProperties is not supported"),
        (_set(dependencies={"a": ["b"]}), "dependencies", "dependencies is not supported"),
        (_set(**{"not": {}}), "not", "not is not supported"),
        (_set(items=[{}]), "items", "items is limited"),
        (_set(enum=["a", 1]), "enum", "enum is limited"),
        (_set(multipleOf=0.1), "multipleOf", "multipleOf is limited"),
        (_set(uniqueItems=True, items={"type": "number"}), "uniqueItems", "uniqueItems is limited"),
        (_set(definitions={}), "definitions", "belongs at the root"),
        (_set(**{"$ref": "other.json#/definitions/A"}), "$ref", "leads out of the definitions"),
        (_set(**{"$ref": "#/properties/weight"}), "$ref", "leads out of the definitions"),
        (_set(**{"$ref": "#/definitions/Gone"}), "$ref", "there is no definition Gone"),
        (_set(type="string", pattern="^a$"), "pattern", "where the pattern ends"),
        (_set(type="string", pattern="^a("), "pattern", "is not ECMA 262"),
        (_set(type="weight"), "type", "draft-04 refuses the schema"),
        (_set(minimum=2, maximum=1), "minimum", "nothing can meet both"),
        (_set(minLength=2, maxLength=1), "minLength", "nothing can meet both"),
        (_set(minItems=2, maxItems=1), "minItems", "nothing can meet both"),
        (_set(minProperties=2, maxProperties=1), "minProperties", "nothing can meet both"),
        (_set(enum=["a\u200b"]), "enum", "a sign that cannot be seen"),
        (_set(pattern="^a{5000000000}(?![\\s\\S])"), "pattern", "the count is too large"),
    ],
)
def test_refuses_in_a_property(
    contracts_tree: Path, edit: Edit, change: Callable[[Any], None], pointer: str, what: str
) -> None:
    edit(OUTPUT, change)

    findings = [found for found in lint(contracts_tree) if what in found.what]

    (found,) = findings
    assert found.path == OUTPUT
    assert f'"{pointer}"' in (contracts_tree / OUTPUT).read_text().splitlines()[found.line - 1]
    assert found.instead


def _change(key: str, value: Any) -> Callable[[Any], None]:
    return lambda schema: schema.__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_change("additionalProperties", True), "left open at the top level"),
        (lambda schema: schema.pop("additionalProperties"), "left open at the top level"),
        (_change("$schema", "http://json-schema.org/draft-07/schema#"), "draft is not named"),
        (_change("type", "array"), "the schema is not of an object"),
        (lambda schema: schema.pop("title"), "no title"),
        (_change("required", ["nothing"]), "nothing is required and no property"),
        (
            lambda schema: schema["properties"]["tracking_number"].pop("description"),
            "tracking_number has no description",
        ),
        (_change("definitions", {"Order-Id": {}}), "is not alphanumeric"),
        (_change("description", "x" * SCHEMA_BYTES), "registration has room for"),
    ],
)
def test_refuses_in_a_schema(
    contracts_tree: Path, edit: Edit, change: Callable[[Any], None], what: str
) -> None:
    edit(OUTPUT, change)

    assert [found.path for found in lint(contracts_tree) if what in found.what] == [OUTPUT]


def test_looks_into_every_place_of_a_schema(contracts_tree: Path, edit: Edit) -> None:
    def change(schema: Any) -> None:
        schema["definitions"] = {"A": {"const": 1}}
        schema["properties"]["a"] = {
            "description": "A.",
            "items": {"const": 2},
            "additionalProperties": {"const": 3},
            "allOf": [{"const": 4}],
            "anyOf": [{"const": 5}],
            "oneOf": [{"properties": {"b": {"description": "B.", "const": 6}}}],
        }

    edit(OUTPUT, change)

    assert len([found for found in lint(contracts_tree) if found.what.startswith("const")]) == 6


def test_refuses_an_api_model_that_is_too_large(contracts_tree: Path, edit: Edit) -> None:
    edit(tree.ENVELOPE, _change("description", "x" * 300_000))
    edit(OUTPUT, _change("description", "x" * 200_000))

    assert [f.path for f in lint(contracts_tree) if "API Gateway takes 409600" in f.what] == [
        OUTPUT
    ]


def test_refuses_a_definition_that_the_envelope_has_too(contracts_tree: Path, edit: Edit) -> None:
    for path in (tree.ENVELOPE, OUTPUT, REQUEST):
        edit(path, _change("definitions", {"Code": {"type": "string"}}))

    assert [f.path for f in lint(contracts_tree) if "the API model has one place" in f.what] == [
        OUTPUT
    ]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("valid/output.lost.json", '{"shipping_status": "LOST"}', "the example is refused"),
        ("invalid/output.fine.json", None, "accepts the example"),
        ("invalid/output.json", '{"shipping_status": 1}', "does not say why"),
        ("invalid/output.no_reason.json", '{"shipping_status": 1}', "does not say why"),
        ("valid/result.json", "{}", "of no schema"),
        (
            "valid/output.twice.json",
            '{"shipping_status": 1, "shipping_status": 2}',
            "is there twice",
        ),
        ("valid/output.broken.json", "{", "is not JSON"),
        ("valid/output.nan.json", "NaN", "NaN is no number"),
        ("valid/output.latin.json", b"\n\xe9", "is not UTF-8"),
    ],
)
def test_refuses_an_example(
    contracts_tree: Path, name: str, content: str | bytes | None, what: str
) -> None:
    path = EXAMPLES / name
    if content is None:
        content = (contracts_tree / EXAMPLES / "valid/output.json").read_bytes()
    (contracts_tree / path).write_bytes(content if isinstance(content, bytes) else content.encode())

    assert [found.path for found in lint(contracts_tree) if what in found.what] == [path]


@pytest.mark.parametrize("kind", ["request", "output"])
@pytest.mark.parametrize("verdict", ["valid", "invalid"])
def test_misses_examples(contracts_tree: Path, kind: str, verdict: str) -> None:
    for file in (contracts_tree / EXAMPLES / verdict).glob(f"{kind}.*"):
        file.unlink()

    assert [found.what for found in lint(contracts_tree)] == [f"{kind} has no {verdict} example"]


@pytest.mark.parametrize("name", ["order-shipping", "ORDER__SHIPPING", "ORDER_" + "S" * 40])
def test_refuses_a_task_type_that_gives_no_model_name(contracts_tree: Path, name: str) -> None:
    shutil.copytree(contracts_tree / f"schemas/{TASK_TYPE}", contracts_tree / f"schemas/{name}")

    assert "is no task type" in next(
        found.what for found in lint(contracts_tree) if found.path == tree.SCHEMAS / name
    )


def test_misses_a_first_version_and_refuses_an_odd_one(contracts_tree: Path) -> None:
    folder = contracts_tree / f"schemas/{TASK_TYPE}"
    (folder / "v1").rename(folder / "latest")

    assert {found.what for found in lint(contracts_tree)} == {
        f"version v1 has no folder schemas/{TASK_TYPE}/v1",
        "latest is no version",
    }


def test_says_where_to_the_line_and_all_at_once(contracts_tree: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}}
    (contracts_tree / OUTPUT).write_text(json.dumps(schema, indent=1))
    (contracts_tree / REQUEST).unlink()

    findings = lint(contracts_tree)

    assert {(f.path, f.line) for f in findings if "const" in f.what} == {(OUTPUT, 5), (OUTPUT, 8)}
    assert {f.path for f in findings if "missing" in f.what} == {REQUEST}


@pytest.mark.parametrize(
    "name", ["a\u200b", "a\u202eb", "\u2066a", "a ", "\u3164", "a\ufe0f", "\t"]
)
def test_refuses_a_name_that_cannot_be_read(contracts_tree: Path, edit: Edit, name: str) -> None:
    edit(OUTPUT, lambda schema: schema["properties"].update({name: PROPERTY}))

    (found,) = lint(contracts_tree, composed=False)

    assert found.path == OUTPUT
    assert "a sign that cannot be seen" in found.what
    assert str(found).isascii()


def test_takes_names_of_any_script(contracts_tree: Path, edit: Edit) -> None:
    names = ["größe", "重さ", "وزن", "order-id", "two words"]
    edit(OUTPUT, lambda schema: schema["properties"].update(dict.fromkeys(names, PROPERTY)))

    assert lint(contracts_tree, composed=False) == []


@pytest.mark.parametrize(
    "definitions",
    [
        {"A": {"$ref": "#/definitions/A"}},
        {
            "A": {"allOf": [{"$ref": "#/definitions/B"}]},
            "B": {"items": {"$ref": "#/definitions/A"}},
        },
    ],
)
def test_refuses_a_definition_without_end(
    contracts_tree: Path, edit: Edit, definitions: dict[str, Any]
) -> None:
    edit(OUTPUT, _change("definitions", definitions))

    found = {one.what.partition(":")[0] for one in lint(contracts_tree, composed=False)}

    assert {f"the definition {name} leads back to itself" for name in definitions} <= found


def _alternatives(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": 9}
    for _ in range(levels):
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {"description": "A note.", "type": ["string", "null"], "maxLength": 9, **schema}


@pytest.mark.parametrize("path", [OUTPUT, REQUEST])
@pytest.mark.parametrize(
    "note",
    [
        _alternatives(22),
        {
            "description": "A note.",
            "type": "object",
            "required": ["a"],
            "additionalProperties": {},
            "maxProperties": 9,
        },
    ],
)
def test_refuses_what_the_functions_cannot_compile(
    contracts_tree: Path, edit: Edit, path: Path, note: dict[str, Any]
) -> None:
    edit(path, lambda schema: schema["properties"].update(note=note))

    found = [one for one in lint(contracts_tree) if "the functions' validator fails" in one.what]

    assert {one.path for one in found} == {path}


def test_compiles_the_composed_model_which_has_more_levels(
    contracts_tree: Path, edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    note: dict[str, Any] = {"description": "A note.", "type": "string", "maxLength": 9}
    for _ in range(47):
        note = {
            "description": "Notes.",
            "type": "object",
            "additionalProperties": False,
            "properties": {"note": note},
        }
    edit(OUTPUT, lambda schema: schema["properties"].update(note=note))
    found = [one for one in lint(contracts_tree) if "the functions' validator fails" in one.what]
    monkeypatch.setattr(use, "lint_model", lambda *_: ())

    assert {one.path for one in found} == {OUTPUT}
    assert not [one for one in lint(contracts_tree) if "validator fails" in one.what]


@pytest.mark.parametrize("version", ["v3", "v12"])
def test_refuses_a_gap_in_versions(contracts_tree: Path, version: str) -> None:
    folder = contracts_tree / f"schemas/{TASK_TYPE}"
    shutil.copytree(folder / "v1", folder / version)

    found = [one for one in lint(contracts_tree, composed=False) if "comes after no" in one.what]

    assert [(one.path, one.instead) for one in found] == [
        (Path(f"schemas/{TASK_TYPE}/{version}"), "v2")
    ]


@pytest.mark.parametrize(
    "stray", ["README.md", "v1/notes.txt", "v1/output.schema.json.orig", "v1/examples/output.json"]
)
def test_refuses_a_file_that_nothing_reads(contracts_tree: Path, stray: str) -> None:
    path = Path(f"schemas/{TASK_TYPE}/{stray}")
    (contracts_tree / path).write_text("{}")

    (found,) = lint(contracts_tree)

    assert (found.path, found.what) == (path, "nothing reads the file")


def test_reads_the_workflows_though_a_channel_is_refused(contracts_tree: Path, edit: Edit) -> None:
    edit(CHANNEL, lambda settings: settings.update(auth="oauth"))
    path = tree.WORKFLOWS / "order_review.asl.json"
    file = contracts_tree / path
    file.write_text(file.read_text().replace("${orders_table}", "${order_table}", 1))

    assert {found.path for found in lint(contracts_tree)} == {CHANNEL, path}
