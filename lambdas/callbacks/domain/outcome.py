"""What a partner reported of a task, and how it reaches the workflow."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RETRYABLE = "CallbackTask.Retryable"
FAILED = "CallbackTask.Failed"
UNDELIVERABLE = "CallbackTask.Undeliverable"


def canonical_json(value: object) -> str:
    """One text for all spellings of a JSON value: sorted keys, no white space."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


@dataclass(frozen=True, slots=True)
class Success:
    """The work is done; `output` becomes the state's result."""

    output: Mapping[str, Any]

    def as_json(self) -> str:
        return canonical_json({"status": "SUCCESS", "output": self.output})


@dataclass(frozen=True, slots=True)
class Failure:
    """The work failed; the workflow sees `error` and, as its cause, JSON with code and message."""

    code: str
    message: str
    retryable: bool

    @property
    def error(self) -> str:
        return RETRYABLE if self.retryable else FAILED

    @property
    def cause(self) -> str:
        return canonical_json({"code": self.code, "message": self.message})

    def as_json(self) -> str:
        error = {"code": self.code, "message": self.message, "retryable": self.retryable}
        return canonical_json({"status": "FAILURE", "error": error})


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """The platform's own outcome: the partner could not be given the work."""

    reason: str

    @property
    def error(self) -> str:
        return UNDELIVERABLE

    @property
    def cause(self) -> str:
        return canonical_json({"code": "Undeliverable", "message": self.reason})

    def as_json(self) -> str:
        return canonical_json({"status": "UNDELIVERABLE", "reason": self.reason})


Outcome = Success | Failure | Undeliverable


def outcome_from_json(text: str) -> Outcome:
    """The inverse of `as_json`."""
    document = json.loads(text)
    match document["status"]:
        case "SUCCESS":
            return Success(document["output"])
        case "FAILURE":
            return Failure(**document["error"])
        case _:
            return Undeliverable(document["reason"])


def digest(outcome: Outcome) -> str:
    """Tells outcomes apart: equal for repeats of one outcome, whatever their JSON's spelling."""
    return "v1:" + hashlib.sha256(outcome.as_json().encode()).hexdigest()
