"""Validates documents against JSON Schema, draft-04."""

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import localcontext
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from callbacks.domain.errors import Violation
from callbacks.domain.exact_json import MOST_CHARACTERS_OF_A_NUMBER, parse_json

if TYPE_CHECKING:
    from jsonschema import ValidationError

MOST_VIOLATIONS = 20
MOST_CHARACTERS = 200


class JsonSchemaContracts:
    """ContractValidator. A compiled schema says yes; what says no is asked for its reasons.

    It lists twenty at most, and says so if there are more: who breaks a contract decides neither
    how long that takes nor how much is said of it.
    """

    def violations(self, schema: str, document: object) -> Sequence[Violation]:
        import fastjsonschema

        with localcontext(prec=2 * MOST_CHARACTERS_OF_A_NUMBER):  # What multipleOf divides with.
            try:
                _compiled(schema)(document)
            except fastjsonschema.JsonSchemaValueException as error:
                return _violations(schema, document) or [Violation("", _short(error.message))]
        return []


@lru_cache(maxsize=256)
def _compiled(schema: str) -> Callable[[object], object]:
    import fastjsonschema

    compiled: Callable[[object], object] = fastjsonschema.compile(
        parse_json(schema), use_default=False, use_formats=False
    )
    return compiled


def _violations(schema: str, document: object) -> list[Violation]:
    from jsonschema import Draft4Validator

    leaves = (
        leaf
        for error in Draft4Validator(parse_json(schema)).iter_errors(document)
        for leaf in _leaves(error)
    )
    found = [
        Violation(_short(_pointer(error.absolute_path)), _short(_reason(error)))
        for error in islice(leaves, MOST_VIOLATIONS)
    ]
    listed = sorted(set(found), key=lambda violation: (violation.pointer, violation.reason))
    if next(leaves, None) is not None:
        listed.append(Violation("", "and more, which are not listed"))
    return listed


def _leaves(error: "ValidationError") -> "list[ValidationError]":
    """The errors of the alternative that the document comes nearest to."""
    if not error.context:
        return [error]
    alternatives: dict[object, list[ValidationError]] = {}
    for inner in error.context:
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    nearest = min(alternatives.values(), key=_distance)
    return [leaf for inner in nearest for leaf in _leaves(inner)]


def _distance(errors: "list[ValidationError]") -> tuple[bool, int]:
    """An alternative for another value of an enumeration is farthest."""
    return any(error.validator == "enum" for error in errors), len(errors)


def _reason(error: "ValidationError") -> str:
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


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
