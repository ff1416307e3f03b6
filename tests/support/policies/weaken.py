"""Policies with one restriction less: what is not noticed on them is not tested."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from tests.support.policies.plan import Policies
from tools import Json


@dataclass(frozen=True)
class Weakened:
    """`lost` names what is gone: whose policy, which statement, and which of its restrictions.

    `role` is whose own policy it is, None where it is a resource's.
    """

    lost: str
    actions: frozenset[str]
    policies: Policies
    role: str | None = None

    def concerns(self, action: str) -> bool:
        """Whether calls of an action may be judged otherwise."""
        return any(fnmatchcase(action, pattern) for pattern in self.actions)


def weakened(policies: Policies) -> Iterator[Weakened]:
    """Each condition and each Deny gone, one at a time, and each resource of a role's made any."""
    for arn, policy in policies.of_resources.items():
        for lost, actions, weaker in _weaker(policy):
            others = {**policies.of_resources, arn: weaker}
            yield Weakened(f"{arn}: {lost}", actions, replace(policies, of_resources=others))
    for name, role in policies.roles.items():
        for own, policy in role.policies.items():
            for lost, actions, weaker in _weaker(policy, any_resource=True):
                roles = {
                    **policies.roles,
                    name: replace(role, policies={**role.policies, own: weaker}),
                }
                yield Weakened(f"{name}: {lost}", actions, replace(policies, roles=roles), name)


def _weaker(policy: Json, any_resource: bool = False) -> Iterator[tuple[str, frozenset[str], Json]]:
    statements = _list(policy["Statement"])
    for number, statement in enumerate(statements):
        name = statement.get("Sid", number)
        actions = frozenset(_list(statement["Action"]))
        for lost, weaker in _weaker_statements(statement, any_resource):
            others = [*statements[:number], *weaker, *statements[number + 1 :]]
            yield f"{name} without {lost}", actions, {**policy, "Statement": others}


def _weaker_statements(statement: Json, any_resource: bool) -> Iterator[tuple[str, list[Json]]]:
    if statement["Effect"] == "Deny":
        yield "itself", []
        return
    if any_resource and statement["Resource"] != "*":
        yield "its resources", [{**statement, "Resource": "*"}]
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            weaker = deepcopy(statement)
            del weaker["Condition"][operator][key]
            yield f"{operator} {key}", [weaker]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
