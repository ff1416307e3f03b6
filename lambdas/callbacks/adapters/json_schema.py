"""Validates documents against JSON Schema, draft-04."""

from collections.abc import Callable, Sequence
from decimal import localcontext
from functools import lru_cache
from typing import Any

from callbacks.domain.errors import Violation
from callbacks.domain.exact_json import MOST_CHARACTERS_OF_A_NUMBER, parse_json


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
                from callbacks.adapters.explaining import explain, short

                found = explain(_parsed(schema), document)
                return found or [Violation("", short(error.message))]
        return []


@lru_cache(maxsize=256)
def _compiled(schema: str) -> Callable[[object], object]:
    import fastjsonschema

    compiled: Callable[[object], object] = fastjsonschema.compile(
        _parsed(schema), use_default=False, use_formats=False
    )
    return compiled


@lru_cache(maxsize=256)
def _parsed(schema: str) -> Any:
    return parse_json(schema)
