"""A call, and who may make it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.e2e.walls.names import ADMINISTRATOR


@dataclass(frozen=True)
class Wall:
    """A call, and who may make it: everyone else is refused.

    `changes` are calls that differ in one thing. Each may be made by nobody, but for an
    administrator that may make the call itself, or by whom it says to be `allowed`.
    """

    action: str
    resource: str
    allowed: set[str]
    context: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def calls(self, name: str) -> "dict[str, Wall]":
        """The call itself and the changed ones."""
        kept = {"allowed": self.allowed & {ADMINISTRATOR}}
        changed = {
            f"{name}: {how}": replace(self, **{**kept, **change})
            for how, change in self.changes.items()
        }
        assert all(
            sum(getattr(self, part) != getattr(call, part) for part in ("action", "resource"))
            + (self.context != call.context)
            == 1
            for call in changed.values()
        )
        return {name: self, **changed}


def refused(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Calls that are not even an administrator's."""
    return {how: {**change, "allowed": set()} for how, change in changes.items()}
