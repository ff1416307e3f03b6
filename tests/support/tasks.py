"""Tasks, attempts and outcomes that tests are given."""

from dataclasses import replace
from typing import Any

from callbacks.domain.outcome import Failure, Outcome, Success, Undeliverable, digest
from callbacks.domain.task import (
    Attempt,
    CallbackTask,
    PastAttempt,
    Settlement,
    TaskKey,
    claimed,
    completed,
    dead_lettered,
    expired,
    joined,
    queued,
    registered,
    taken_over,
    token_digest,
    undelivered,
)
from callbacks.domain.trace import Trace

from tests.support.channels import SHIPPING

NOW = 1_800_000_000
RETENTION_SECONDS = 30 * 86_400
TIMEOUT_SECONDS = 86_400
PRINCIPAL = "arn:aws:sts::111111111111:assumed-role/callback/acme-shipping"
EXECUTION = (
    "arn:aws:states:eu-west-1:111111111111:execution:callbacks-test-order-processing:order-1"
)
OTHER_EXECUTION = EXECUTION.replace("order-1", "order-2")
TRACE = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "01")
KEY = TaskKey("a96cbeed-cbd7-4711-815c-0913113c6064", SHIPPING)

SHIPPED = Success({"shipping_status": "PROCESSING", "tracking_number": "1ZA1B2C3D4"})
DELIVERED_ELSEWHERE = Success({"shipping_status": "DELIVERED", "tracking_number": "1ZZZZ"})
BUSY = Failure("BUSY", "no van today", retryable=True)
LOST = Failure("LOST", "the parcel was lost", retryable=False)


def token(attempt: int = 1) -> str:
    """Unmistakable, so that a leak of it is found by a search for `SECRET`."""
    return f"SECRET-TOKEN-{attempt}"


def pending(attempt: int = 1, **changes: Any) -> CallbackTask:
    """An attempt as it registers; attempts are a second apart, and the first is at NOW."""
    arguments: dict[str, Any] = {
        "key": KEY,
        "callback_id": f"attempt-{attempt}",
        "task_token": token(attempt),
        "execution_arn": EXECUTION,
        "requested_at": (NOW + attempt - 1) * 1000,
        "timeout_seconds": TIMEOUT_SECONDS,
        "callback_id_required": False,
        "retention_seconds": RETENTION_SECONDS,
    }
    return registered(**arguments | changes)


def completing(attempt: int = 1, outcome: Outcome = SHIPPED, **changes: Any) -> CallbackTask:
    return claimed(pending(attempt, **changes), outcome, PRINCIPAL, NOW)


def done(attempt: int = 1, outcome: Outcome = SHIPPED, **changes: Any) -> CallbackTask:
    return completed(completing(attempt, outcome, **changes), NOW)


def unsettled(outcome: Outcome = SHIPPED, **changes: Any) -> CallbackTask:
    """A second attempt that replaced a first, whose outcome was on its way."""
    return taken_over(completing(1, outcome, **changes), pending(2, **changes))


def settled_as(settlement: Settlement, outcome: Outcome = SHIPPED) -> CallbackTask:
    """A second attempt after a first that ended as `settlement`."""
    past = PastAttempt(NOW * 1000, digest(outcome), settlement)
    return replace(pending(2), attempts={"attempt-1": past}, prior_digests=(digest(outcome),))


def attempt_of(task_token: str, outcome: Outcome, **changes: Any) -> Attempt:
    known: dict[str, Any] = {
        "callback_id": "attempt-1",
        "execution_arn": EXECUTION,
        "requested_at": NOW * 1000,
        "token_digest": token_digest(task_token),
        "outcome": outcome,
    }
    return Attempt(**known | changes)


STATES: dict[str, CallbackTask] = {
    "pending": pending(),
    "pending, its id required": pending(callback_id_required=True),
    "completing": completing(),
    "completing, of a failure": completing(outcome=LOST),
    "completing, of no delivery": completing(outcome=Undeliverable("the endpoint is gone")),
    "completing, joined and queued": queued(joined(completing(), NOW + 60), "attempt-1", NOW),
    "completing, dead-lettered": dead_lettered(completing(), NOW),
    "completed": done(),
    "expired": expired(pending(), NOW),
    "undelivered": undelivered(completing(), NOW),
    "replaced one whose work is done": taken_over(done(), pending(2)),
    "replaced an unsettled one": unsettled(LOST),
    "replaced a queued one": queued(unsettled(), "attempt-1", NOW),
    "replaced a delivered one": settled_as(Settlement.DELIVERED),
    "replaced two": taken_over(
        claimed(unsettled(), DELIVERED_ELSEWHERE, PRINCIPAL, NOW), pending(3)
    ),
}
