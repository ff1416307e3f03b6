"""What has happened to a task, from its record and from the logs, and what happens next."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callbacks.domain.task import CallbackTask, OutcomeStatus, Settlement, Status

from tools import Json


@dataclass(frozen=True, slots=True)
class Happening:
    """`at` is in milliseconds since the epoch, `by` the attempt or the person, if one is known."""

    at: int
    what: str
    by: str = ""

    def as_json(self) -> Json:
        return {"at": instant(self.at / 1000), "what": self.what, "by": self.by}


def instant(seconds: float) -> str:
    """In UTC, to the second, as ISO 8601 has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timeline(task: CallbackTask, lines: Iterable[Json]) -> Sequence[Happening]:
    """Oldest first; log lines are those of the task's order.

    A record has whole seconds: what it tells of one comes before what is logged in it, which is
    written once a step is done.
    """
    return sorted([*_recorded(task), *_logged(task, lines)], key=lambda each: each.at)


def what_next(task: CallbackTask, now: int) -> str:
    """What happens by itself, or who has to do something."""
    if task.unsettled:
        return "redelivery finds out what became of the outcome of an earlier attempt"
    match task.status, task.outcome_status:
        case Status.PENDING, _ if task.is_past_deadline(now):
            return "its wait has timed out: reconcile_tasks closes it within five minutes"
        case Status.PENDING, _:
            return f"the partner calls back, or the wait times out at {instant(task.deadline)}"
        case Status.COMPLETING, OutcomeStatus.DEAD_LETTERED:
            return "somebody redrives its letter: callbacks dead-letter redrive redelivery"
        case Status.COMPLETING, OutcomeStatus.QUEUED:
            return "redelivery brings the outcome to the workflow"
        case Status.COMPLETING, _:
            return "the outcome is on its way; the sweep takes it up within two minutes"
        case Status.COMPLETED, _:
            return "nothing: the workflow has the outcome"
    return "nothing: the workflow no longer waits"


def _recorded(task: CallbackTask) -> Iterable[Happening]:
    for callback_id, past in task.attempts.items():
        yield Happening(past.requested_at, "asked for by the workflow", callback_id)
        said = _said(past.reported_status, past.reported_code)
        fate = past.settlement.value.lower().replace("_", "-")
        yield Happening(
            past.requested_at + 1,
            f"replaced by a later attempt, its outcome{said} {fate}",
            past.principal or "",
        )
        if past.settlement is Settlement.DEAD_LETTERED:
            yield Happening(past.requested_at + 2, "reported to the dead-letter queue")
    yield Happening(task.requested_at, "asked for by the workflow", task.callback_id)
    if task.claimed_at is not None:
        said = _said(task.reported_status, task.reported_code)
        yield Happening(
            _not_before(task.claimed_at, task), f"outcome recorded{said}", task.principal or ""
        )
    if task.queued_at is not None:
        yield Happening(_not_before(task.queued_at, task), "queued for redelivery")
    if task.closed_at is not None:
        yield Happening(_not_before(task.closed_at, task), _closed(task))


def _not_before(second: int, task: CallbackTask) -> int:
    return max(second * 1000, task.requested_at + 1)


def _closed(task: CallbackTask) -> str:
    if task.status is Status.COMPLETED:
        return "outcome delivered to the workflow"
    if task.outcome_status is OutcomeStatus.UNDELIVERED:
        return "expired: the outcome came too late"
    return "expired: nobody called back in time"


def _said(status: str | None, code: str | None) -> str:
    return f" ({' '.join(filter(None, (status, code)))})" if status else ""


def _logged(task: CallbackTask, lines: Iterable[Json]) -> Iterable[Happening]:
    for line in lines:
        if line.get("task_type", task.key.task_type) != task.key.task_type:
            continue
        told = SENTENCES.get(line["message"], lambda line: str(line["message"]))(line)
        yield Happening(line["at"], told, str(line.get("operator") or line.get("principal") or ""))


def _webhook_done(line: Json) -> str:
    match line.get("result"):
        case "TAKEN":
            return f"webhook took the message: {line.get('status')}{_took(line)}"
        case "NOT_WANTED":
            return f"message not sent: {line.get('why')}"
    return f"webhook given up: {line.get('why')}{_with_status(line)}"


def _with_status(line: Json) -> str:
    return f", {line['status']}{_took(line)}" if "status" in line else ""


def _took(line: Json) -> str:
    return f" after {line['milliseconds']} ms" if "milliseconds" in line else ""


def _callback(line: Json) -> str:
    said = _said(line.get("reported_status"), line.get("reported_code"))
    code = line.get("code") or line.get("result", "")
    return f"callback{said}: {line.get('status')} {code}"


SENTENCES: dict[str, Callable[[Any], str]] = {
    "CALLBACK_FAILED": _callback,
    "CALLBACK_REFUSED": _callback,
    "CALLBACK_TAKEN": _callback,
    "DELIVERY_UNAVAILABLE": lambda line: f"webhook not tried: {line.get('reason')}",
    "DISPATCH_REFUSED": lambda line: f"not begun: {line.get('error')}, {line.get('reason')}",
    "DISPATCH_UNAVAILABLE": lambda line: f"not sent: {line.get('reason')}; the workflow retries",
    "EXECUTION_CLOSED": lambda line: f"execution ended: {line.get('status')}, {line.get('end')}",
    "MESSAGE_DONE": _webhook_done,
    "MESSAGE_RETRIED": lambda line: (
        f"webhook tried: {line.get('why')}{_with_status(line)}; again in {line.get('retry_in')} s"
    ),
    "OPERATED": lambda line: (
        f"by hand, {line.get('action')}: {line.get('result')}, because {line.get('reason')}"
    ),
    "OPERATION_REFUSED": lambda line: (
        f"by hand, {line.get('action')}: refused as {line.get('code')}, because "
        f"{line.get('reason')}"
    ),
    "OUTCOME_HELD": lambda _: "Step Functions could not be reached: the outcome is held",
    "REDELIVERY_TRIED": lambda line: f"redelivery tried: {line.get('disposition')}",
    "REPORT_TAKEN": lambda line: f"reported as undeliverable: {line.get('result')}",
    "TASK_DISPATCHED": lambda _: "sent to the partners",
}
