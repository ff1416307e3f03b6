"""What a partner reported of a task, and how it reaches the workflow.

An outcome is final if, once delivered, the same piece of work is never asked for again. Its status
and code are what stays in the record once it has been delivered.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from callbacks.domain.exact_json import canonical_json, parse_json

RETRYABLE = "CallbackTask.Retryable"
FAILED = "CallbackTask.Failed"
UNDELIVERABLE = "CallbackTask.Undeliverable"


@dataclass(frozen=True, slots=True)
class Success:
    """The work is done; `output` becomes the state's result."""

    output: Mapping[str, Any] = field(repr=False)
    status: ClassVar[str] = "SUCCESS"
    code: ClassVar[str | None] = None

    @property
    def is_final(self) -> bool:
        return True

    def as_json(self) -> str:
        return canonical_json({"status": self.status, "output": self.output})


@dataclass(frozen=True, slots=True)
class Failure:
    """The work failed; the workflow sees `error` and, as its cause, JSON with code and message."""

    code: str
    message: str = field(repr=False)
    retryable: bool
    status: ClassVar[str] = "FAILURE"

    @property
    def is_final(self) -> bool:
        return not self.retryable

    @property
    def error(self) -> str:
        return RETRYABLE if self.retryable else FAILED

    @property
    def cause(self) -> str:
        return canonical_json({"code": self.code, "message": self.message})

    def as_json(self) -> str:
        error = {"code": self.code, "message": self.message, "retryable": self.retryable}
        return canonical_json({"status": self.status, "error": error})


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """The platform's own outcome: the partner could not be given the work."""

    reason: str
    status: ClassVar[str] = "UNDELIVERABLE"
    code: ClassVar[str | None] = "Undeliverable"

    @property
    def is_final(self) -> bool:
        return False

    @property
    def error(self) -> str:
        return UNDELIVERABLE

    @property
    def cause(self) -> str:
        return canonical_json({"code": self.code, "message": self.reason})

    def as_json(self) -> str:
        return canonical_json({"status": self.status, "reason": self.reason})


Outcome = Success | Failure | Undeliverable


def outcome_from_json(text: str) -> Outcome:
    """The inverse of `as_json`."""
    document = parse_json(text)
    match document["status"]:
        case "SUCCESS":
            return Success(document["output"])
        case "FAILURE":
            return Failure(**document["error"])
        case _:
            return Undeliverable(document["reason"])


def digest(outcome: Outcome) -> str:
    """Tells outcomes apart: equal for repeats of one outcome, whatever their JSON's spelling."""
    return "v2:" + hashlib.sha256(outcome.as_json().encode()).hexdigest()


def as_v1(outcome_digest: str) -> str:
    """What records may still hold: a digest of numbers as doubles, 1.0 and 1 being two.

    It is the same but for its version wherever an outcome's numbers have their shortest spelling.
    """
    return outcome_digest.replace("v2:", "v1:", 1)


def is_same(outcome_digest: str, recorded: str | None, outcome: Outcome | None = None) -> bool:
    """Whether a record's digest, or its outcome while it has that, is what `outcome_digest` is."""
    if recorded in (outcome_digest, as_v1(outcome_digest)):
        return True
    return outcome is not None and digest(outcome) == outcome_digest
