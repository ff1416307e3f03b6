"""JSON whose numbers stay what they were written as, and which has one text for each value.

A number is read as int, as float where a float's own text is that number, or else as Decimal: by
what it is, never by how it was spelled. So 1, 1.0 and 1e0 are one, and nothing is rounded.
"""

import json
import math
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

MOST_CHARACTERS_OF_A_NUMBER = 400
MOST_LEVELS = 200
ENCLOSING_LEVELS = 8  # Around a document that was read, where it is carried on.
PLAIN_INTEGERS_BELOW = 10**21

# A decimal of 15 digits survives a double, so what is this short needs no exact arithmetic.
_SHORT = 15
_DOUBLES_ARE_EXACT_ABOVE, _DOUBLES_ARE_EXACT_BELOW = 1e-300, 1e15

_EXACT = Context(prec=MOST_CHARACTERS_OF_A_NUMBER)


def parse_json(text: str) -> Any:
    """Raises ValueError for what is not JSON, and for what other systems could not hold or tell.

    Those are numbers of over 400 characters, or of a magnitude that no double has, such as 1e400;
    a name given twice in one object; over 200 levels; and half of a surrogate pair.
    """
    try:
        document = json.loads(
            text,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_number,
            object_pairs_hook=_members,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if text.count("[") + text.count("{") > MOST_LEVELS:
        _check_levels(document)
    if "\\ud" in text or "\\uD" in text:
        _check_surrogates(document)
    return document


def canonical_json(value: object) -> str:
    """One text for all spellings of a JSON value: sorted keys, no white space.

    Raises ValueError if it is nested too deeply, or holds a float that is no number.
    """
    try:
        return _dumped(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except TypeError:  # A Decimal is among it, which the json module does not write.
        return _written(value, MOST_LEVELS + ENCLOSING_LEVELS)


def _integer(text: str) -> int | float | Decimal:
    return int(text) if len(text) <= _SHORT else _number(text)


def _number(text: str) -> int | float | Decimal:
    if len(text) > MOST_CHARACTERS_OF_A_NUMBER:
        raise ValueError("a number has too many characters")
    nearest = float(text)
    if len(text) <= _SHORT and _DOUBLES_ARE_EXACT_ABOVE < abs(nearest) < _DOUBLES_ARE_EXACT_BELOW:
        return int(nearest) if nearest.is_integer() else nearest
    if nearest == 0 and not text.lower().partition("e")[0].strip("-0."):
        return 0
    if nearest == 0 or not math.isfinite(nearest):
        raise ValueError("a number is too large or too small")
    exact = Decimal(text)
    integral = exact == exact.to_integral_value()
    if integral and abs(exact) < PLAIN_INTEGERS_BELOW:
        return int(exact)
    if Decimal(repr(nearest)) == exact:
        return nearest
    return int(exact) if integral else exact.normalize(_EXACT)


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) < 2:
        return dict(pairs)
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is given twice")
    return members


def _check_levels(document: object) -> None:
    level: list[Any] = [[document]]
    for _ in range(MOST_LEVELS + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if inner and type(inner) in (dict, list)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def _check_surrogates(document: object) -> None:
    try:
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair, which UTF-8 does not carry") from None


def _written(value: object, levels: int) -> str:
    if levels == 0:
        raise ValueError("nested too deeply")
    match value:
        case Decimal():
            return str(value)
        case int() if value is not True and value is not False:
            return str(value)
        case dict():
            members = [
                f"{_dumped(name)}:{_written(member, levels - 1)}"
                for name, member in sorted(value.items())
            ]
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join([_written(item, levels - 1) for item in value]) + "]"
        case _:
            return _dumped(value)


_dumped = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
