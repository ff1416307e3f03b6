"""What the operator is about to do: planned, shown to be confirmed, and then done once."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tools import Json
from tools.errors import UserError
from tools.ops.acting import RefusedError
from tools.ops.console.errors import Told, told

MOST_KEPT = 200


class Acts(Protocol):
    """As tools.ops.acting has it."""

    def act(self, action: str, reason: str, **members: Any) -> Any: ...


class State(StrEnum):
    PLANNED = "planned"
    IN_HAND = "in hand"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(kw_only=True)
class Deed:
    """`title` and `facts` say what will be done, `button` in two words, `back` whence it came.

    `result` is what the platform returned, `error` why nothing was done or nobody knows.
    """

    action: str
    members: Mapping[str, Any]
    reason: str
    title: str
    button: str
    facts: Sequence[tuple[str, str]]
    back: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: State = State.PLANNED
    result: Any = None
    error: Told | None = None


class Deeds:
    """The latest of them; several threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Deed] = {}

    def plan(self, deed: Deed) -> Deed:
        with self._lock:
            self._known[deed.id] = deed
            while len(self._known) > MOST_KEPT:
                del self._known[next(iter(self._known))]
        return deed

    def find(self, deed_id: str) -> Deed | None:
        return self._known.get(deed_id)

    def carry_out(self, deed: Deed, acts: Acts) -> None:
        """Does what is planned; what was begun before is not done again."""
        with self._lock:
            if deed.state is not State.PLANNED:
                return
            deed.state = State.IN_HAND
        try:
            deed.result = acts.act(deed.action, deed.reason, **deed.members)
        except RefusedError as refused:
            deed.error = Told(
                f"Refused ({refused.code})", f"{refused} Nothing was done.", refused.detail
            )
            deed.state = State.REFUSED
        except (UserError, ClientError, BotoCoreError) as error:
            deed.error = told(error)
            deed.state = State.FAILED
        else:
            deed.state = State.DONE
        finally:
            if deed.state is State.IN_HAND:
                deed.state = State.FAILED


def about_letters(result: Json) -> list[tuple[str, list[str]]]:
    """What became of each letter, by id."""
    return [
        ("Done", list(result["done"])),
        ("Refused", [f"{letter}: {why}" for letter, why in result["refused"].items()]),
        ("No longer there", list(result["missing"])),
    ]
