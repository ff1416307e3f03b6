"""How much a partner may send: bounds that its documents need, and those that they have anyway."""

from collections.abc import Iterator
from typing import Any

from tools.contracts.documents import Document, Finding, token
from tools.contracts.keywords import Schema

# What bounds a value of each kind, beside a type that excludes it and an enumeration.
_BOUNDS = {"string": "maxLength", "array": "maxItems", "object": "maxProperties"}


def lint(document: Document, *, but: str | None = None) -> Iterator[Finding]:
    """What is unbounded in the schema of what a partner sends, `but` at one JSON Pointer."""
    places = {"": document.value, **_named("/definitions", document.value.get("definitions"))}
    for root, schema in places.items():
        for pointer, place in _places(schema, root):
            if pointer == but:
                continue
            for kind, keyword in _BOUNDS.items():
                if not _is_bounded(place, kind):
                    yield document.finding(
                        pointer,
                        f"{pointer or '/'} takes any {kind}, of any size: one partner's callback "
                        "may cost what those of all others need",
                        _instead(place, kind, keyword),
                    )


def implied(schema: Any, most_bytes: int) -> Any:
    """The schema of documents of at most `most_bytes`, with the bounds that follow from that.

    An item takes two bytes at least, a member of an object four.
    """
    if not isinstance(schema, dict):
        return schema
    bounds = {
        "maxLength": most_bytes,
        "maxItems": most_bytes // 2,
        "maxProperties": most_bytes // 4,
    }
    bounded = {
        **schema,
        **{name: min(most, schema.get(name, most)) for name, most in bounds.items()},
    }
    for name in ("properties", "definitions"):
        if name in schema:
            bounded[name] = {key: implied(inner, most_bytes) for key, inner in schema[name].items()}
    for name in ("allOf", "anyOf", "oneOf"):
        if name in schema:
            bounded[name] = [implied(inner, most_bytes) for inner in schema[name]]
    for name in ("items", "additionalProperties"):
        if name in schema:
            bounded[name] = implied(schema[name], most_bytes)
    return schema if "$ref" in schema else bounded


def _named(pointer: str, schemas: Any) -> dict[str, Schema]:
    return {pointer + token(name): schema for name, schema in (schemas or {}).items()}


def _places(schema: object, pointer: str) -> Iterator[tuple[str, Schema]]:
    """Each place of a value, with its schema: branches are about the place that they are at."""
    if isinstance(schema, dict):
        yield pointer, schema
        yield from _inner_places(schema, pointer)


def _inner_places(schema: Schema, pointer: str) -> Iterator[tuple[str, Schema]]:
    for where, inner in _named(pointer + "/properties", schema.get("properties")).items():
        yield from _places(inner, where)
    for keyword in ("items", "additionalProperties"):
        yield from _places(schema.get(keyword), pointer + token(keyword))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, branch in enumerate(schema.get(keyword, [])):
            yield from _inner_places(branch, pointer + token(keyword) + token(index))


def _is_bounded(schema: Schema, kind: str) -> bool:
    types = schema.get("type", kind)
    if kind not in (types if isinstance(types, list) else [types]):
        return True
    if "$ref" in schema or "enum" in schema:
        return True
    if kind == "object" and schema.get("additionalProperties") is False:
        return True
    if _BOUNDS[kind] in schema and (kind != "object" or _says_values(schema)):
        return True
    return any(_is_bounded(branch, kind) for branch in schema.get("allOf", [])) or any(
        all(_is_bounded(branch, kind) for branch in schema[keyword])
        for keyword in ("anyOf", "oneOf")
        if keyword in schema
    )


def _says_values(schema: Schema) -> bool:
    return isinstance(schema.get("additionalProperties"), dict)


def _instead(schema: Schema, kind: str, keyword: str) -> str:
    if "type" not in schema:
        return '"type", and the bounds of that type'
    if kind == "object" and not _says_values(schema):
        return '"additionalProperties": false, or a schema of its values with "maxProperties"'
    return f'"{keyword}": the most that the work needs'
