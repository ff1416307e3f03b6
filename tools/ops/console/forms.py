"""What the forms say: filters of a list, and deeds as they are planned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from callbacks.domain.exact_json import parse_json

from tools.errors import UserError
from tools.ops import durations
from tools.ops.console.deeds import Deed
from tools.ops.open_tasks import State

type Form = Mapping[str, Sequence[str]]


class IncompleteError(UserError):
    """A form lacks something, or has something that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which open tasks are listed; `older_than` as it was written."""

    state: State | None = None
    older_than: str = ""
    seconds: int | None = None
    cursor: str | None = None

    def query(self, cursor: str) -> str:
        """The address of another page of the same list."""
        chosen = {"state": self.state or "", "older_than": self.older_than, "cursor": cursor}
        return urlencode({name: value for name, value in chosen.items() if value})


def filters(said: Mapping[str, str]) -> Filters:
    """Raises IncompleteError."""
    older_than = said.get("older_than", "").strip()
    try:
        state = State(said["state"]) if said.get("state") else None
        seconds = durations.seconds(older_than) if older_than else None
    except ValueError as error:
        raise IncompleteError(f"{error}.") from None
    return Filters(state, older_than, seconds, said.get("cursor") or None)


def switch(form: Form, task_type: str) -> Deed:
    """Raises IncompleteError."""
    enabled = _one(form, "enabled") == "yes"
    does = "Enable" if enabled else "Disable"
    effect = (
        "It takes new tasks again. Orders that stalled meanwhile stay so until they are redriven."
        if enabled
        else "New tasks are refused; those that are open drain."
    )
    return Deed(
        action="switch_channel",
        members={"task_type": task_type, "enabled": enabled},
        reason=_reason(form),
        title=f"{does} the channel {task_type}",
        button=f"{does} channel",
        facts=[
            ("Channel", task_type),
            ("Takes effect", "within a minute"),
            ("What changes", effect),
            ("Lasts", "until the next apply, which writes what the type's channel.json says"),
        ],
        back=f"/channels/{quote(task_type, safe='')}",
    )


def report(form: Form, order_id: str) -> Deed:
    """Of an outcome, for the attempt that the page showed. Raises IncompleteError."""
    task_type, callback_id = _one(form, "task_type"), _one(form, "callback_id")
    callback: dict[str, Any] = {
        "order_id": order_id,
        "task_type": task_type,
        "callback_id": callback_id,
    }
    completes = _one(form, "outcome") == "success"
    if completes:
        callback |= {"task_status": "SUCCESS", "task_output": _json(_one(form, "output"))}
        said = ("Output", json.dumps(callback["task_output"], indent=2, ensure_ascii=False))
    else:
        error = {
            "code": _one(form, "code", "Write a code, such as LOST."),
            "message": form.get("message", [""])[0].strip(),
            "retryable": "retryable" in form,
        }
        callback |= {"task_status": "FAILURE", "task_error": error}
        said = ("Error", json.dumps(error, indent=2, ensure_ascii=False))
    does = "Complete" if completes else "Fail"
    return Deed(
        action="report",
        members={"callback": callback},
        reason=_reason(form),
        title=f"{does} {task_type} of order {order_id}",
        button=f"{does} task",
        facts=[
            ("Order", order_id),
            ("Task type", task_type),
            ("Attempt", callback_id),
            ("Reported", callback["task_status"]),
            said,
        ],
        back=f"/orders/{quote(order_id, safe='')}",
    )


def letters(form: Form) -> Deed:
    """Raises IncompleteError."""
    queue = _one(form, "queue")
    every = form.get("which", [""])[0] == "all"
    ids = None if every else list(dict.fromkeys(form.get("letter", [])))
    if ids == []:
        raise IncompleteError("Choose letters, or say that all in the queue are meant.")
    drops = _one(form, "deed", "Say whether they are redriven or dropped.") == "drop"
    does = "Drop" if drops else "Redrive"
    which = "all letters" if ids is None else f"{len(ids)} letter{'s' * (len(ids) != 1)}"
    effect = (
        "They are deleted for good: nobody does what they ask."
        if drops
        else "They go back to where they failed, and are taken up at once."
    )
    return Deed(
        action="drop_letters" if drops else "redrive_letters",
        members={"queue": queue, "message_ids": ids},
        reason=_reason(form),
        title=f"{does} {which} of {queue}",
        button=f"{does} {which}",
        facts=[
            ("Queue", queue),
            ("Letters", "all that are there then" if ids is None else "\n".join(ids)),
            ("What happens", effect),
        ],
        back=f"/dead-letters?{urlencode({'queue': queue})}",
    )


def _reason(form: Form) -> str:
    return _one(form, "reason", "Say why: it is logged with your name.")


def _one(form: Form, name: str, without: str = "") -> str:
    value = form.get(name, [""])[0].strip()
    if not value:
        raise IncompleteError(without or f"The form lacks {name.replace('_', ' ')}.")
    return value


def _json(text: str) -> Any:
    """As the functions read it, so that what they would refuse is told here."""
    try:
        document = parse_json(text)
        json.dumps(document, allow_nan=False)
    except TypeError:
        raise IncompleteError("The output has a number that no float holds exactly.") from None
    except ValueError as error:
        raise IncompleteError(f"The output is not JSON: {error}.") from None
    return document
