"""Refuses what a schema may not say: beyond draft-04, or read differently by its validators."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import SchemaError

from tools.contracts import patterns
from tools.contracts.documents import Document, Finding, Reading, read, token
from tools.contracts.keywords import KEYWORDS, LATER_DRAFTS, Schema, subschemas
from tools.contracts.names import is_legible

SCHEMA_BYTES = 64 * 1024
DRAFT_04 = "http://json-schema.org/draft-04/schema#"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_RANGES = (
    ("minimum", "maximum"),
    ("minItems", "maxItems"),
    ("minLength", "maxLength"),
    ("minProperties", "maxProperties"),
)
_LOCAL_REFERENCE = re.compile(r"#/definitions/([^/]+)")


def well_formed(root: Path, path: Path) -> Reading:
    """Gives the Document of a schema that draft-04 allows, or None."""
    document = yield from read(root, path)
    if document is None:
        return None
    if not isinstance(document.value, dict):
        yield document.finding("", "the schema is no object", '{"type": "object", ...}')
        return None
    try:
        Draft4Validator.check_schema(document.value, format_checker=FormatChecker([]))
    except SchemaError as error:
        where = "".join(map(token, error.absolute_path))
        yield document.finding(where, f"draft-04 refuses the schema: {error.message}", "draft-04")
        return None
    for pointer, schema in subschemas(document.value):
        if not isinstance(schema.get("$ref", ""), str):
            yield document.finding(
                pointer + "/$ref", "$ref is no reference", KEYWORDS["$ref"].instead
            )
            return None
    return document


def lint(document: Document) -> Iterator[Finding]:
    """Findings in a schema that is well formed."""
    if document.size > SCHEMA_BYTES:
        yield document.finding(
            "",
            f"the schema has {document.size} bytes, and its channel's registration has room "
            f"for {SCHEMA_BYTES}",
            "shorter descriptions, or definitions for what is repeated",
        )
    yield from _root(document)
    yield from _recursion(document)
    for pointer, schema in subschemas(document.value):
        yield from _keywords(document, pointer, schema)
        yield from _values(document, pointer, schema)
        yield from _properties(document, pointer, schema)
        yield from _ranges(document, pointer, schema)
        yield from _legible(document, pointer, schema)


def _root(document: Document) -> Iterator[Finding]:
    schema = document.value
    if schema.get("$schema") != DRAFT_04:
        yield document.finding("/$schema", "the draft is not named", f'"$schema": "{DRAFT_04}"')
    if schema.get("type") != "object":
        yield document.finding("/type", "the schema is not of an object", '"type": "object"')
    if schema.get("additionalProperties") is not False:
        yield document.finding(
            "/additionalProperties",
            "additional properties are left open at the top level, so that a misspelt name passes",
            '"additionalProperties": false',
        )
    for keyword in ("title", "description"):
        if not schema.get(keyword):
            yield document.finding("", f"the schema has no {keyword}", f'"{keyword}": "..."')
    for name in schema.get("definitions", {}):
        if not _NAME.fullmatch(name):
            yield document.finding(
                "/definitions" + token(name),
                f"the definition {name} is not alphanumeric, as names of models have to be",
                "letters and digits",
            )


def _keywords(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    for name in schema:
        where = pointer + token(name)
        keyword = KEYWORDS.get(name)
        if keyword is None:
            instead = LATER_DRAFTS.get(name, "a keyword of draft-04: docs/json-schema.md has all")
            yield document.finding(
                where, f"{name} is no keyword of draft-04: API Gateway refuses the model", instead
            )
        elif not keyword.supported:
            yield document.finding(
                where, f"{name} is not supported: {keyword.why}", keyword.instead
            )
        elif name in {"$schema", "definitions"} and pointer:
            yield document.finding(
                where, f"{name} belongs at the root of the file", "it at the root"
            )


def _values(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    def limited(name: str) -> Finding:
        keyword = KEYWORDS[name]
        return document.finding(
            pointer + token(name), f"{name} is limited: {keyword.why}", keyword.instead
        )

    if (reference := schema.get("$ref")) is not None:
        local = _LOCAL_REFERENCE.fullmatch(reference)
        if not local:
            yield document.finding(
                pointer + "/$ref",
                f"$ref leads out of the definitions of this file, to {reference}",
                KEYWORDS["$ref"].instead,
            )
        elif local[1] not in document.value.get("definitions", {}):
            yield document.finding(
                pointer + "/$ref", f"there is no definition {local[1]}", "a name in definitions"
            )
        if set(schema) - {"$ref", "description"}:
            yield document.finding(
                pointer,
                "what stands beside $ref is ignored, as draft-04 says",
                "$ref alone, with the description at most",
            )
    if not all(isinstance(value, str) for value in schema.get("enum", [])):
        yield limited("enum")
    if not float(schema.get("multipleOf", 1)).is_integer():
        yield limited("multipleOf")
    if isinstance(schema.get("items"), list):
        yield limited("items")
    items = schema.get("items")
    if schema.get("uniqueItems") and not (
        isinstance(items, dict) and items.get("type") == "string"
    ):
        yield limited("uniqueItems")
    if (pattern := schema.get("pattern")) is not None:
        for problem in patterns.problems(pattern):
            yield document.finding(pointer + "/pattern", problem.what, problem.instead)


def _properties(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    properties: dict[str, Any] = schema.get("properties", {})
    for name, value in properties.items():
        if not value.get("description"):
            yield document.finding(
                f"{pointer}/properties{token(name)}",
                f"the property {name} has no description",
                '"description": "What it is, its unit, who sets it."',
            )
    for name in schema.get("required", []):
        if name not in properties and schema.get("additionalProperties") is False:
            yield document.finding(
                f"{pointer}/required",
                f"{name} is required and no property: nothing can meet the schema",
                "the property, or its name out of required",
            )


def _ranges(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    for least, most in _RANGES:
        if least in schema and most in schema and schema[least] > schema[most]:
            yield document.finding(
                pointer + token(least),
                f"{least} is {schema[least]}, and {most} {schema[most]}: nothing can meet both",
                f"a {least} of at most {schema[most]}",
            )


def _legible(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    places = [
        *((name, f"/properties{token(name)}") for name in schema.get("properties", {})),
        *((name, "/required") for name in schema.get("required", [])),
        *((value, "/enum") for value in schema.get("enum", []) if isinstance(value, str)),
    ]
    for name, where in places:
        if not is_legible(name):
            yield document.finding(
                pointer + where,
                f"{name!a} has a sign that cannot be seen, or that turns the direction",
                "signs that a person can see and type",
            )


def _recursion(document: Document) -> Iterator[Finding]:
    """Definitions that lead back to themselves: they have no end, and no page can list them."""
    leads = {
        name: {
            local[1]
            for _, inner in subschemas(schema)
            if (local := _LOCAL_REFERENCE.fullmatch(inner.get("$ref", "")))
        }
        for name, schema in document.value.get("definitions", {}).items()
    }
    for name in leads:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            for following in leads.get(waiting.pop(), set()) - seen:
                seen.add(following)
                waiting.append(following)
        if name in seen:
            yield document.finding(
                f"/definitions{token(name)}",
                f"the definition {name} leads back to itself: a document of it has no end",
                "as many levels as the work needs, each written out",
            )
