"""Says why a document breaks a schema, at a cost that the document does not decide.

The library that lists errors quotes the document in each, and walks all of it. Here it quotes no
object and no array, and walks a thousand values at most.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, cast

from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import extend

from callbacks.domain.errors import Violation

MOST_VALUES = 1000
MOST_VIOLATIONS = 20
MOST_CHARACTERS = 200
MOST_NAMES = 3

type Schema = Mapping[str, Any]
type Errors = Iterator[ValidationError]


def explain(schema: Schema, document: object) -> list[Violation]:
    """At most twenty violations, in order, and one that says that more are not listed."""
    walk = _Walk()
    leaves = walk.leaves(schema, document)
    found = [
        Violation(short(_pointer(error.absolute_path)), short(_reason(error)))
        for error in islice(leaves, MOST_VIOLATIONS)
    ]
    listed = sorted(set(found), key=lambda violation: (violation.pointer, violation.reason))
    if next(leaves, None) is not None:
        listed.append(Violation("", "and more, which are not listed"))
    elif walk.ended_early:
        listed.append(Violation("", "and perhaps more: not all of it was looked at"))
    return listed


def short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


class _Object(dict[str, Any]):
    def __repr__(self) -> str:
        return "an object"


class _Array(list[Any]):
    def __repr__(self) -> str:
        return "an array"


class _TooManyValuesError(Exception):
    pass


class _Walk:
    """One search for errors, which counts the values that it comes to."""

    def __init__(self) -> None:
        self.ended_early = False
        self._values = MOST_VALUES
        self._validator: Callable[[Schema], Any] = extend(  # type: ignore[no-untyped-call]
            Draft4Validator,
            {
                "additionalProperties": self._additional_properties,
                "items": self._items,
                "properties": self._properties,
                "uniqueItems": _unique_items,
            },
        )

    def leaves(self, schema: Schema, document: object) -> Errors:
        try:
            for error in self._validator(schema).iter_errors(_quiet(document)):
                yield from _leaves(error)
        except _TooManyValuesError:
            self.ended_early = True

    def _into(self, validator: Any, value: object, schema: Schema, path: str | int) -> Errors:
        self._values -= 1
        if self._values < 0:
            raise _TooManyValuesError
        yield from validator.descend(_quiet(value), schema, path=path)

    def _items(self, validator: Any, schema: Schema, value: object, _: Schema) -> Errors:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._into(validator, item, schema, index)

    def _properties(self, validator: Any, named: Schema, value: object, _: Schema) -> Errors:
        if isinstance(value, dict):
            for name in named:
                if name in value:
                    yield from self._into(validator, value[name], named[name], name)

    def _additional_properties(
        self, validator: Any, allowed: object, value: object, schema: Schema
    ) -> Errors:
        if not isinstance(value, dict):
            return
        others = (name for name in value if name not in schema.get("properties", {}))
        if isinstance(allowed, dict):
            for name in others:
                yield from self._into(validator, value[name], allowed, name)
        elif allowed is False and (names := [*islice(others, MOST_NAMES)]):
            told = ", ".join(json.dumps(short(name), ensure_ascii=False) for name in names)
            yield ValidationError(f"must not have {told}")


def _unique_items(_validator: Any, unique: bool, value: object, _: Schema) -> Errors:
    """Of strings, as contracts have it: to compare values of many kinds takes quadratic time."""
    if unique and isinstance(value, list):
        texts = [item for item in value if isinstance(item, str)]
        if len(set(texts)) < len(texts):
            yield ValidationError("")


def _quiet(value: object) -> object:
    match value:
        case dict():
            return _Object(value)
        case list():
            return _Array(value)
        case _:
            return value


def _leaves(error: ValidationError) -> list[ValidationError]:
    """The errors of the alternative that the document comes nearest to."""
    if not error.context:
        return [error]
    alternatives: dict[object, list[ValidationError]] = {}
    for inner in error.context:
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    nearest = min(alternatives.values(), key=_distance)
    return [leaf for inner in nearest for leaf in _leaves(inner)]


def _distance(errors: list[ValidationError]) -> tuple[bool, int]:
    """An alternative for another value of an enumeration is farthest."""
    return any(error.validator == "enum" for error in errors), len(errors)


def _reason(error: ValidationError) -> str:
    """Says what is wrong without quoting the document: it may hold what no log may see."""
    match error.validator:
        case "required" | "additionalProperties":
            return str(error.message)
        case "not":
            forbidden = cast(dict[str, list[str]], error.validator_value).get("required", [])
            return f"must not have {' and '.join(forbidden)} with this task_status"
        case keyword:
            return f"does not meet {keyword}: {json.dumps(error.validator_value)}"


def _pointer(path: Iterable[Any]) -> str:
    """RFC 6901."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
