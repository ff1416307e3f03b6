"""A callback: what a partner posts to report on one task."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.domain.outcome import Failure, Outcome, Success

MOST_BODY_BYTES = 256 * 1024

# Everything but task_output: the longest task_error with each character escaped, and to spare.
ENVELOPE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Callback:
    """`outcome` is what ends the task; None for a heartbeat."""

    order_id: str
    task_status: str
    callback_id: str | None
    outcome: Outcome | None


def parse_callback(body: Mapping[str, Any]) -> Callback:
    """Reads a body that has met the contract of its channel, where every rule on it stands."""
    outcome: Outcome | None = None
    match body["task_status"]:
        case "SUCCESS":
            outcome = Success(body["task_output"])
        case "FAILURE":
            outcome = Failure(**body["task_error"])
    return Callback(body["order_id"], body["task_status"], body.get("callback_id"), outcome)
