"""Documents that one schema takes and another refuses: what shows that a change breaks somebody."""

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from jsonschema import Draft4Validator

from tools.contracts import patterns
from tools.contracts.documents import token
from tools.contracts.inclusion import Obstacle, resolve
from tools.contracts.keywords import Schema, subschemas

TRIED = 800  # Each is validated twice.
VARIANTS = 100  # Of one place.
DEPTH = 8
LONGEST = 200_000  # characters
MOST = 10_000  # items, or properties
SHOWN = 200

_COUNTS = ("Length", "Items", "Properties")
_BARE = ["boolean", "integer", "null", "number", "string", "array", "object"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A document, and the places of the schema that refuse it (JSON Pointers)."""

    document: Any
    refused_at: frozenset[str]

    def shows(self, obstacle: Obstacle) -> bool:
        """Whether the obstacle is why; one behind a reference is known by its last steps."""
        at = obstacle.pointer
        if at.startswith("/definitions/"):
            tail = "/" + at.split("/", 3)[-1]
            return any(refused.endswith(tail) for refused in self.refused_at)
        return at in self.refused_at

    def __str__(self) -> str:
        text = json.dumps(self.document, ensure_ascii=False)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def witnesses(taking: Schema, refusing: Schema, examples: Iterable[Any]) -> list[Witness]:
    """What `taking` accepts and `refusing` does not, of documents near the examples or at bounds.

    There may be others: that none is found proves nothing.
    """
    takes, refuses = Draft4Validator(taking), Draft4Validator(refusing)
    drawn = _Draw(taking, refusing).values(taking, 0)
    near = chain.from_iterable(chain([one], _without_one(one)) for one in examples)
    return [
        Witness(document, frozenset(_pointer(error) for error in errors))
        for document in islice(chain(near, drawn), TRIED)
        if takes.is_valid(document) and (errors := [*refuses.iter_errors(document)])
    ]


def _pointer(error: Any) -> str:
    return "".join(map(token, error.relative_schema_path))


def _without_one(document: Any) -> Iterator[Any]:
    """The document with one property left out, at any depth."""
    members = document.items() if isinstance(document, dict) else ()
    items = enumerate(document) if isinstance(document, list) else ()
    for name, _ in members:
        yield {key: value for key, value in document.items() if key != name}
    for key, value in chain(members, items):
        for inner in _without_one(value):
            changed = copy.copy(document)
            changed[key] = inner
            yield changed


class _Draw:
    """Draws documents of a schema at the bounds that it or the other schema sets."""

    def __init__(self, schema: Schema, other: Schema) -> None:
        self._root = schema
        both = [inner for one in (schema, other) for _, inner in subschemas(one)]
        bounds = {
            value
            for inner in both
            for keyword, value in inner.items()
            if keyword in ("minimum", "maximum", "multipleOf") or keyword.endswith(_COUNTS)
            if isinstance(value, int | float)
        }
        self._numbers = sorted(
            {near for one in bounds for near in (one - 1, one, one + 1)} | {0, 1}
        )
        self._patterns = sorted({inner["pattern"] for inner in both if "pattern" in inner})
        self._words = sorted({word for inner in both for word in inner.get("enum", [])}, key=str)
        self._names = sorted({name for inner in both for name in inner.get("properties", {})})

    def values(self, schema: Schema, depth: int) -> Iterator[Any]:
        """Most likely accepted ones: what several keywords ask may collide."""
        schema, _ = resolve(schema, self._root, "")
        if depth > DEPTH:
            return
        if "enum" in schema:
            yield from schema["enum"]
            return
        for several in ("anyOf", "oneOf"):
            if several in schema:
                rest = {name: part for name, part in schema.items() if name != several}
                for inner in schema[several]:
                    yield from self.values(_merged(rest, inner), depth + 1)
                return
        if "allOf" in schema:
            rest = {name: part for name, part in schema.items() if name != "allOf"}
            yield from self.values(_merged(rest, *schema["allOf"]), depth + 1)
            return
        types = schema.get("type", _BARE)
        for one in [types] if isinstance(types, str) else types:
            yield from self._of_type(one, schema, depth)

    def _some(self, schema: Schema, depth: int) -> list[Any]:
        validator = Draft4Validator({**schema, "definitions": self._root.get("definitions", {})})
        drawn = islice(self.values(schema, depth), 4 * VARIANTS)
        return list(islice(filter(validator.is_valid, drawn), VARIANTS))

    def _of_type(self, one: str, schema: Schema, depth: int) -> Iterator[Any]:
        match one:
            case "string":
                yield from self._strings(schema)
            case "object":
                yield from self._objects(schema, depth)
            case "array":
                items = self._some(schema.get("items", {}), depth + 1)
                sizes = self._sizes(schema, "Items") if items else [0]
                for size in sizes:
                    yield [items[index % len(items)] for index in range(size)]
                    yield items[:1] * size
                fill = items[: max(0, schema.get("minItems", 0) - 1)]
                yield from ([item, *fill] for item in items)
            case "boolean":
                yield from (True, False)
            case "null":
                yield None
            case _:
                step = schema.get("multipleOf", 1)
                yield from (round(near / step) * step for near in self._numbers)
                if one == "number":
                    yield 0.5

    def _sizes(self, schema: Schema, of: str) -> list[int]:
        longest = LONGEST if of == "Length" else MOST
        least, most = schema.get(f"min{of}", 0), schema.get(f"max{of}", longest)
        near = {int(one) for one in self._numbers if one >= 0} | {least}
        sizes = sorted(one for one in near if least <= one <= min(most, longest))
        return sorted(sizes, key=lambda one: one < most - 1)  # Where a bound has moved, first.

    def _strings(self, schema: Schema) -> Iterator[str]:
        sizes = self._sizes(schema, "Length")
        own = schema.get("pattern")
        if own is None:
            yield from ("a" * size for size in sizes)
            yield from ("A1", "\n", "\u00e9", *self._words)
            return
        for other in self._patterns:
            if (word := patterns.counterexample(other, own)) is not None:
                yield word
        for size in sizes:
            if (word := patterns.word(own, size)) is not None:
                yield word
        yield from self._words

    def _objects(self, schema: Schema, depth: int) -> Iterator[dict[str, Any]]:
        named = schema.get("properties", {})
        values = {name: self._some(inner, depth + 1) for name, inner in named.items()}
        rest = schema.get("additionalProperties", True)
        others = self._some(rest, depth + 1) if isinstance(rest, dict) else ["other", 1]
        required = {name: values.get(name, others) for name in schema.get("required", [])}
        if not all(required.values()):
            return
        least = {name: few[0] for name, few in required.items()}
        whole = {**least, **{name: few[0] for name, few in values.items() if few}}
        yield from (least, whole)
        for name, value in _in_turn(values):
            yield from ({**base, name: value} for base in (least, whole))
        if rest is not False:
            for name in [*self._names, "another"]:
                yield from ({**least, name: value} for value in others if name not in named)
        for size in self._sizes(schema, "Properties"):
            yield {**least, **{f"another{index}": "other" for index in range(size - len(least))}}


def _in_turn(values: dict[str, list[Any]]) -> Iterator[tuple[str, Any]]:
    """A value of each property, then the next of each."""
    for index in range(max(map(len, values.values()), default=0)):
        yield from ((name, few[index]) for name, few in values.items() if index < len(few))


def _merged(schema: Schema, *inner: Schema) -> dict[str, Any]:
    merged = dict(schema)
    for one in inner:
        properties = {**merged.get("properties", {}), **one.get("properties", {})}
        required = [*merged.get("required", []), *one.get("required", [])]
        merged = {**merged, **one}
        if properties:
            merged["properties"] = properties
        if required:
            merged["required"] = sorted({*required})
    return merged
