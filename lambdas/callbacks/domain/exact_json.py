"""JSON whose numbers stay what they were written as, and which has one text for each value.

A number is read as int, as float where a float's own text is that number, or else as Decimal: by
what it is, never by how it was spelled. So 1, 1.0 and 1e0 are one, and nothing is rounded.
"""

import json
import math
from decimal import Context, Decimal
from typing import Any

MOST_CHARACTERS_OF_A_NUMBER = 400
MOST_LEVELS = 200
PLAIN_INTEGERS_BELOW = 10**21

_EXACT = Context(prec=MOST_CHARACTERS_OF_A_NUMBER)


def parse_json(text: str) -> Any:
    """Raises ValueError for what is not JSON, and for numbers that other systems could not hold.

    Those have over 400 characters, or a magnitude that no double has, such as 1e400.
    """
    try:
        return json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def canonical_json(value: object) -> str:
    """One text for all spellings of a JSON value: sorted keys, no white space.

    Raises ValueError if it is nested too deeply, or holds a float that is no number.
    """
    try:
        return _dumped(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except TypeError:  # A Decimal is among it, which the json module does not write.
        return _written(value, MOST_LEVELS)


def _number(text: str) -> int | float | Decimal:
    if len(text) > MOST_CHARACTERS_OF_A_NUMBER:
        raise ValueError("a number has too many characters")
    nearest = float(text)
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


def _written(value: object, levels: int) -> str:
    if levels == 0:
        raise ValueError("nested too deeply")
    match value:
        case Decimal():
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


def _dumped(value: object) -> str:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
