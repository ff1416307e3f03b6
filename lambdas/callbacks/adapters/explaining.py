"""Says why a document breaks a schema, at a cost that the document does not decide.

The library that lists errors quotes the document in each, and walks all of it. Here it quotes no
object and no array, and walks a thousand values at most.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
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
    values = _Values()
    violations = _violations(schema, document, values)
    listed = sorted(
        set(islice(violations, MOST_VIOLATIONS)),
        key=lambda violation: (violation.pointer, violation.reason),
    )
    if next(violations, None) is not None:
        listed.append(Violation("", "and more, which are not listed"))
    elif values.are_spent:
        listed.append(Violation("", "and perhaps more: not all of it was looked at"))
    return listed


def short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


class _TooManyValuesError(Exception):
    pass


class _Values:
    """Counts the values that one search comes to."""

    def __init__(self) -> None:
        self.are_spent = False
        self._left = MOST_VALUES

    def spend(self) -> None:
        if self._left == 0:
            self.are_spent = True
            raise _TooManyValuesError
        self._left -= 1


class _Object(dict[str, Any]):
    def __init__(self, members: Mapping[str, Any], values: _Values) -> None:
        super().__init__(members)
        self.values_seen = values

    def __repr__(self) -> str:
        return "an object"


class _Array(list[Any]):
    def __init__(self, items: Iterable[Any], values: _Values) -> None:
        super().__init__(items)
        self.values_seen = values

    def __repr__(self) -> str:
        return "an array"


@cache
def _validator_class() -> Any:
    """One for all searches: a class refers to itself, and stays until a collection."""
    return extend(  # type: ignore[no-untyped-call]
        Draft4Validator,
        {
            "additionalProperties": _additional_properties,
            "anyOf": _any_of,
            "items": _items,
            "oneOf": _one_of,
            "properties": _properties,
            "uniqueItems": _unique_items,
        },
    )


def _violations(schema: Schema, document: object, values: _Values) -> Iterator[Violation]:
    try:
        for error in _validator_class()(schema).iter_errors(_quiet(document, values)):
            yield Violation(short(_pointer(error.absolute_path)), short(_reason(error)))
    except _TooManyValuesError:
        pass


def _into(
    validator: Any, values: _Values, value: object, schema: Schema, path: str | int
) -> Errors:
    values.spend()
    yield from validator.descend(_quiet(value, values), schema, path=path)


def _items(validator: Any, schema: Schema, array: object, _: Schema) -> Errors:
    if isinstance(array, _Array):
        for index, item in enumerate(array):
            yield from _into(validator, array.values_seen, item, schema, index)


def _properties(validator: Any, named: Schema, members: object, _: Schema) -> Errors:
    if isinstance(members, _Object):
        for name in named:
            if name in members:
                yield from _into(validator, members.values_seen, members[name], named[name], name)


def _additional_properties(
    validator: Any, allowed: object, members: object, schema: Schema
) -> Errors:
    if not isinstance(members, _Object):
        return
    others = (name for name in members if name not in schema.get("properties", {}))
    if isinstance(allowed, dict):
        for name in others:
            yield from _into(validator, members.values_seen, members[name], allowed, name)
    elif allowed is False and (names := [*islice(others, MOST_NAMES)]):
        told = ", ".join(json.dumps(short(name), ensure_ascii=False) for name in names)
        yield ValidationError(f"must not have {told}")


def _unique_items(_validator: Any, unique: bool, value: object, _: Schema) -> Errors:
    """Of strings, as contracts have it: to compare values of many kinds takes quadratic time."""
    if unique and isinstance(value, list):
        texts = [item for item in value if isinstance(item, str)]
        if len(set(texts)) < len(texts):
            yield ValidationError("")


def _any_of(validator: Any, alternatives: list[Schema], value: object, _: Schema) -> Errors:
    failures = []
    for alternative in alternatives:
        errors = [*validator.descend(value, alternative)]
        if not errors:
            return
        failures.append(errors)
    yield from _nearest(failures)


def _one_of(validator: Any, alternatives: list[Schema], value: object, _: Schema) -> Errors:
    failures = [[*validator.descend(value, alternative)] for alternative in alternatives]
    match failures.count([]):
        case 0:
            yield from _nearest(failures)
        case 1:
            return
        case _:
            yield ValidationError("")


def _nearest(failures: list[list[ValidationError]]) -> list[ValidationError]:
    """The errors of the alternative that the document comes nearest to.

    The library would put all of them into one error, as its context: errors that refer to each
    other, and keep the document until a collection.
    """
    return min(failures, key=_distance)


def _distance(errors: list[ValidationError]) -> tuple[bool, int]:
    """An alternative for another value of an enumeration is farthest."""
    return any(error.validator == "enum" for error in errors), len(errors)


def _quiet(value: object, values: _Values) -> object:
    match value:
        case dict():
            return _Object(value, values)
        case list():
            return _Array(value, values)
        case _:
            return value


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
