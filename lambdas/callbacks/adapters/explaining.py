"""Says why a document breaks a schema, at a cost that the document does not decide.

The library that lists errors quotes the document in each, and walks all of it. Here it quotes no
object and no array, and walks a thousand values at most.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
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
    """At most twenty violations, and one that says how many more there are.

    What selects among the root's alternatives comes first if it is wrong, and what the selected one
    forbids if it is right; what is forbidden is not looked into. The others are in order.
    """
    values = _Values()
    first, judged = _by_alternative(schema, document)
    errors = _errors(schema, judged, values)
    told = (Violation(short(_pointer(e.absolute_path)), short(_reason(e))) for e in errors)
    others = {*islice(told, MOST_VIOLATIONS - len(first))} - {*first}
    listed = [*first, *sorted(others, key=lambda found: (found.pointer, found.reason))]
    if more := sum(1 for _ in errors):
        most = "at least " if values.are_spent else ""
        listed.append(Violation("", f"and {most}{more} more"))
    elif values.are_spent:
        listed.append(Violation("", "and perhaps more: not all of it was looked at"))
    return listed


def _by_alternative(schema: Schema, document: object) -> tuple[list[Violation], object]:
    """What is wrong with the choice among the root's alternatives, and what is left to judge."""
    alternatives = schema.get("oneOf", [])
    selector = _selector(alternatives)
    if selector is None or not isinstance(document, dict):
        return [], document
    selected = _selected(alternatives, selector, document)
    if not selected:
        (error,) = _undecided(alternatives, selector, document)
        return [Violation(_pointer(error.absolute_path), short(_reason(error)))], document
    forbidden = [name for name in _forbidden(selected[0].get("not", {})) if name in document]
    reason = f"must not be there with this {selector}"
    judged = {name: value for name, value in document.items() if name not in forbidden}
    return [Violation(_pointer([name]), reason) for name in forbidden], judged


def short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def _cut(name: str) -> str:
    """As `short`, so that several fit into one reason."""
    most = MOST_CHARACTERS // (MOST_NAMES + 1)
    return name if len(name) <= most else f"{name[:most]}..."


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


def _errors(schema: Schema, document: object, values: _Values) -> Errors:
    with suppress(_TooManyValuesError):
        yield from _validator_class()(schema).iter_errors(_quiet(document, values))


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
        told = ", ".join(json.dumps(_cut(name), ensure_ascii=False) for name in names)
        more = len(members.keys() - schema.get("properties", {}).keys()) - len(names)
        yield ValidationError(f"must not have {told}{f' and {more} more' if more else ''}")


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
    selector = _selector(alternatives)
    if selector is not None and isinstance(value, dict):
        selected = _selected(alternatives, selector, value)
        if not selected:
            yield from _undecided(alternatives, selector, value)
            return
        alternatives = selected
    failures = [[*validator.descend(value, alternative)] for alternative in alternatives]
    match failures.count([]):
        case 0:
            yield from _nearest(failures)
        case 1:
            return
        case _:
            yield ValidationError("")


def _selector(alternatives: list[Schema]) -> str | None:
    """The property whose enumeration selects one of the alternatives."""
    enumerated = [
        [name for name, inner in one.get("properties", {}).items() if "enum" in inner]
        for one in alternatives
    ]
    common = [name for name in (enumerated or [[]])[0] if all(name in each for each in enumerated)]
    return common[0] if common else None


def _selected(
    alternatives: list[Schema], selector: str, members: Mapping[str, Any]
) -> list[Schema]:
    value = members.get(selector)
    return [one for one in alternatives if value in one["properties"][selector]["enum"]]


def _undecided(alternatives: list[Schema], selector: str, members: Mapping[str, Any]) -> Errors:
    """Says of a property that selects no alternative what its own schema says of it."""
    if selector not in members:
        yield ValidationError(f"{selector!r} is a required property", validator="required")
        return
    known = [value for one in alternatives for value in one["properties"][selector]["enum"]]
    yield ValidationError("", validator="enum", validator_value=known, path=[selector])


def _forbidden(schema: Schema) -> list[str]:
    """The names that `not` is about."""
    inner = [name for one in schema.get("anyOf", []) for name in _forbidden(one)]
    return [*schema.get("required", []), *inner]


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
            forbidden = _forbidden(cast(Schema, error.validator_value))
            return f"must not have {' or '.join(forbidden)}" if forbidden else "does not meet not"
        case keyword:
            return f"does not meet {keyword}: {json.dumps(error.validator_value)}"


def _pointer(path: Iterable[Any]) -> str:
    """RFC 6901."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
