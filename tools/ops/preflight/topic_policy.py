"""Whether the policy of a topic lets a service publish, for the conditions that topics have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

_MATCHES = {"arnequals", "arnlike", "stringequals", "stringlike"}


class Lets(StrEnum):
    """UNCLEAR: on conditions that are not known to be met."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def lets(policy: Mapping[str, Any], service: str, known: Mapping[str, str]) -> Lets:
    """Whether `service` may publish with what is known of its call: condition key => value."""
    about = [one for one in _list(policy.get("Statement")) if _is_about(one, service)]
    met = [(one["Effect"], _is_met(one.get("Condition", {}), known)) for one in about]
    if ("Deny", True) in met:
        return Lets.NO
    if ("Allow", True) in met:
        return Lets.YES
    return Lets.UNCLEAR if any(effect == "Allow" for effect, _ in met) else Lets.NO


def _is_about(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal", {})
    if isinstance(principal, Mapping):
        principal = [*_list(principal.get("Service")), *_list(principal.get("AWS"))]
    return bool({service, "*"} & set(_list(principal))) and any(
        fnmatchcase("sns:publish", action.lower()) for action in _list(statement.get("Action"))
    )


def _is_met(condition: Mapping[str, Mapping[str, Any]], known: Mapping[str, str]) -> bool:
    return all(
        operator.lower() in _MATCHES
        and any(fnmatchcase(known.get(key.lower(), ""), one) for one in _list(values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
