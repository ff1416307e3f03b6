"""A callback task and its transitions: pure functions from one state of the record to the next.

Instants are whole seconds since the epoch, but for `requested_at`, which is milliseconds.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from callbacks.domain.outcome import Outcome, digest, is_same

ORDER_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
DUE_AFTER_CLAIM_SECONDS = 60
DUE_AFTER_QUEUED_SECONDS = 1800
QUEUE_KEEPS_SECONDS = 6 * 3600
TRIES_END_AFTER_DEADLINE_SECONDS = 900
CLOCK_MARGIN_SECONDS = 5
PAST_ATTEMPTS_KEPT = 10
PRIOR_DIGESTS_KEPT = 50


class Status(StrEnum):
    PENDING = "PENDING"
    COMPLETING = "COMPLETING"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"


class Settlement(StrEnum):
    """What became of the outcome of an attempt that a later one replaced."""

    DELIVERED = "DELIVERED"
    UNDELIVERED = "UNDELIVERED"
    UNSETTLED = "UNSETTLED"
    DEAD_LETTERED = "DEAD_LETTERED"


class OutcomeStatus(StrEnum):
    """How far the recorded outcome of the current attempt has come."""

    RECORDED = "RECORDED"
    QUEUED = "QUEUED"
    DELIVERED = "DELIVERED"
    UNDELIVERED = "UNDELIVERED"
    DEAD_LETTERED = "DEAD_LETTERED"


@dataclass(frozen=True, slots=True)
class TaskKey:
    order_id: str
    task_type: str

    @property
    def is_task(self) -> bool:
        """False for the keys of registrations, which share the table."""
        return not self.order_id.startswith("#")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One wait on one task token, as far as settling its outcome needs to know it."""

    callback_id: str
    execution_arn: str
    requested_at: int
    token_digest: str
    outcome: Outcome = field(repr=False)


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """An attempt that has an outcome and was replaced.

    `attempt` is kept until it is settled. DEAD_LETTERED is reported without evidence of what
    became of it: due no more, and settled as soon as somebody asks again. `queued_at`, and who
    reported what, are as the task's.
    """

    requested_at: int
    outcome_digest: str
    settlement: Settlement
    attempt: Attempt | None = field(default=None, repr=False)
    queued_at: int | None = None
    principal: str | None = None
    reported_status: str | None = None
    reported_code: str | None = None

    @property
    def is_settled(self) -> bool:
        return self.settlement in (Settlement.DELIVERED, Settlement.UNDELIVERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTask:
    """The record of a task. `version` grows with each write: the fence of compare-and-swap.

    `work_id` names the piece of work: it is the callback_id of the first attempt at it.
    `outcome_is_final` and what was reported, its status and code, outlive the outcome; None without
    one, or if it was recorded before this was kept. `queued_at` is when the redelivery queue last
    took the outcome: it has the message for QUEUE_KEEPS_SECONDS, unless that is done with before.
    `due_at` is when somebody looks at the record who was not asked to: for an outcome to deliver or
    settle, or else because the wait has timed out.
    """

    key: TaskKey
    status: Status
    callback_id: str
    work_id: str
    execution_arn: str
    requested_at: int
    deadline: int
    callback_id_required: bool
    retention_seconds: int
    task_token: str | None = field(default=None, repr=False)
    ttl: int | None = None
    outcome: Outcome | None = field(default=None, repr=False)
    outcome_digest: str | None = None
    outcome_is_final: bool | None = None
    outcome_status: OutcomeStatus | None = None
    claimed_at: int | None = None
    closed_at: int | None = None
    principal: str | None = None
    reported_status: str | None = None
    reported_code: str | None = None
    sends: int = 0
    queued_at: int | None = None
    due_at: int | None = None
    attempts: Mapping[str, PastAttempt] = field(default_factory=dict)
    prior_digests: tuple[str, ...] = ()
    version: int = 1

    @property
    def attempt(self) -> Attempt:
        """The current attempt; only a COMPLETING task has one to settle."""
        if self.task_token is None or self.outcome is None:
            raise ValueError(f"a task that is {self.status} has no attempt to settle")
        return Attempt(
            callback_id=self.callback_id,
            execution_arn=self.execution_arn,
            requested_at=self.requested_at,
            token_digest=token_digest(self.task_token),
            outcome=self.outcome,
        )

    @property
    def is_answered_for_good(self) -> bool:
        """Whether a final outcome is known to have reached the workflow."""
        return self.status is Status.COMPLETED and self.outcome_is_final is not False

    @property
    def unsettled(self) -> Mapping[str, PastAttempt]:
        return {
            callback_id: past
            for callback_id, past in self.attempts.items()
            if past.settlement is Settlement.UNSETTLED
        }

    def had(self, outcome_digest: str) -> bool:
        """Whether it is the outcome of an earlier attempt."""
        return any(is_same(outcome_digest, prior) for prior in self.prior_digests)

    @property
    def awaits_delivery(self) -> bool:
        """Whether the recorded outcome is still to be brought to the workflow."""
        return (
            self.status is Status.COMPLETING
            and self.outcome_status is not OutcomeStatus.DEAD_LETTERED
        )

    @property
    def has_deliveries(self) -> bool:
        """Whether an outcome, of the current attempt or a past one, is to be delivered or settled.

        If so it is what `due_at` is about.
        """
        return self.awaits_delivery or bool(self.unsettled)

    def is_queued(self, now: int) -> bool:
        return _is_kept(self.queued_at, now)

    def to_queue(self, now: int) -> Mapping[str, str]:
        """What is to be delivered or settled and is not queued: digests by callback_id."""
        outcomes = {
            callback_id: past.outcome_digest
            for callback_id, past in self.unsettled.items()
            if not _is_kept(past.queued_at, now)
        }
        if self.awaits_delivery and self.outcome_digest and not self.is_queued(now):
            outcomes[self.callback_id] = self.outcome_digest
        return outcomes

    def is_past_deadline(self, now: int) -> bool:
        return now > self.deadline

    def is_last_try(self, now: int) -> bool:
        """Whether a try that fails now is not worth another: the wait is long over."""
        return now > self.deadline + TRIES_END_AFTER_DEADLINE_SECONDS


def token_digest(task_token: str) -> str:
    """Recognises a task token without keeping it."""
    return hashlib.sha256(task_token.encode()).hexdigest()


def deadline_for(requested_at: int, timeout_seconds: int) -> int:
    """An instant at which a wait entered before `requested_at` has certainly timed out."""
    return requested_at // 1000 + 1 + timeout_seconds + CLOCK_MARGIN_SECONDS


def registered(
    *,
    key: TaskKey,
    callback_id: str,
    task_token: str,
    execution_arn: str,
    requested_at: int,
    timeout_seconds: int,
    callback_id_required: bool,
    retention_seconds: int,
) -> CallbackTask:
    deadline = deadline_for(requested_at, timeout_seconds)
    return CallbackTask(
        key=key,
        status=Status.PENDING,
        callback_id=callback_id,
        work_id=callback_id,
        task_token=task_token,
        execution_arn=execution_arn,
        requested_at=requested_at,
        deadline=deadline,
        callback_id_required=callback_id_required,
        retention_seconds=retention_seconds,
        ttl=deadline + retention_seconds,
        due_at=deadline,
    )


def taken_over(found: CallbackTask, new: CallbackTask) -> CallbackTask:
    """The new attempt in place of the one found, which is remembered if it has an outcome.

    An outcome that is still on its way to the workflow stays due until it is settled. The new
    attempt is at the same piece of work, unless the one found was answered for good or belongs to
    another execution.
    """
    same_work = found.execution_arn == new.execution_arn and not found.is_answered_for_good
    attempts = dict(found.attempts)
    prior_digests = found.prior_digests
    if found.outcome_digest is not None:
        attempts[found.callback_id] = _past(found)
        prior_digests = (*prior_digests, found.outcome_digest)[-PRIOR_DIGESTS_KEPT:]
    attempts = _without_oldest_settled(attempts)
    unsettled = any(past.settlement is Settlement.UNSETTLED for past in attempts.values())
    return replace(
        new,
        work_id=found.work_id if same_work else new.work_id,
        attempts=attempts,
        prior_digests=prior_digests,
        due_at=(_due_delivery(found) or new.requested_at // 1000) if unsettled else new.due_at,
        ttl=None if unsettled else new.ttl,
        version=found.version + 1,
    )


def may_claim(task: CallbackTask, callback_id: str | None, outcome_digest: str, now: int) -> bool:
    """Whether a callback's outcome may become the task's: the condition of the claiming write."""
    if task.status is not Status.PENDING or task.is_past_deadline(now):
        return False
    if callback_id is not None:
        return callback_id == task.callback_id
    return not task.callback_id_required and not task.had(outcome_digest)


def claimed(task: CallbackTask, outcome: Outcome, principal: str, now: int) -> CallbackTask:
    return replace(
        task,
        status=Status.COMPLETING,
        outcome=outcome,
        outcome_digest=digest(outcome),
        outcome_is_final=outcome.is_final,
        outcome_status=OutcomeStatus.RECORDED,
        claimed_at=now,
        principal=principal,
        reported_status=outcome.status,
        reported_code=outcome.code,
        sends=1,
        due_at=now + DUE_AFTER_CLAIM_SECONDS,
        ttl=None,
        version=task.version + 1,
    )


def joined(task: CallbackTask, due_at: int) -> CallbackTask:
    """One more sender of the recorded outcome, which is to be delivered even if it was given up."""
    if not task.awaits_delivery:
        task = replace(task, outcome_status=OutcomeStatus.RECORDED, ttl=None)
    return replace(task, sends=task.sends + 1, due_at=due_at, version=task.version + 1)


def leased(task: CallbackTask, until: int) -> CallbackTask:
    """Taken up by a sweep, which is to come again for what is left to deliver or settle."""
    due_at = until if task.has_deliveries else _due_without_delivery(task)
    return replace(task, due_at=due_at, version=task.version + 1)


def queued(task: CallbackTask, callback_id: str, now: int) -> CallbackTask:
    """The redelivery queue has the outcome of the current attempt, or of a past one."""
    if callback_id != task.callback_id:
        past = replace(task.attempts[callback_id], queued_at=now)
        attempts = {**task.attempts, callback_id: past}
        return replace(task, attempts=attempts, version=task.version + 1)
    return replace(
        task,
        outcome_status=OutcomeStatus.QUEUED,
        queued_at=now,
        due_at=now + DUE_AFTER_QUEUED_SECONDS,
        ttl=None,
        version=task.version + 1,
    )


def dead_lettered(task: CallbackTask, now: int) -> CallbackTask:
    """The outcome waits in the dead-letter queue for a person, and in the record for a resend.

    The record ends with its retention, unless the outcome is taken up again.
    """
    given_up = replace(
        task,
        outcome_status=OutcomeStatus.DEAD_LETTERED,
        queued_at=None,
        version=task.version + 1,
    )
    return _with_due(given_up, _due_delivery(task), now)


def completed(task: CallbackTask, now: int) -> CallbackTask:
    return _closed(task, Status.COMPLETED, OutcomeStatus.DELIVERED, now)


def undelivered(task: CallbackTask, now: int) -> CallbackTask:
    """The workflow stopped waiting before the outcome reached it."""
    return _closed(task, Status.EXPIRED, OutcomeStatus.UNDELIVERED, now)


def expired(task: CallbackTask, now: int) -> CallbackTask:
    """The deadline passed, or the execution ended, before anybody called back."""
    return _closed(task, Status.EXPIRED, None, now)


def settled(task: CallbackTask, callback_id: str, settlement: Settlement, now: int) -> CallbackTask:
    """A past attempt's outcome is known to have arrived or never to arrive, or is reported."""
    past = replace(task.attempts[callback_id], settlement=settlement, queued_at=None)
    if past.is_settled:
        past = replace(past, attempt=None)
    attempts = {**task.attempts, callback_id: past}
    after = replace(task, attempts=attempts, version=task.version + 1)
    return _with_due(after, _due_delivery(task), now)


def _past(found: CallbackTask) -> PastAttempt:
    if found.outcome_digest is None:
        raise ValueError("an attempt without an outcome leaves nothing to remember")
    unsettled = found.status is Status.COMPLETING
    closed = Settlement.DELIVERED if found.status is Status.COMPLETED else Settlement.UNDELIVERED
    return PastAttempt(
        requested_at=found.requested_at,
        outcome_digest=found.outcome_digest,
        settlement=Settlement.UNSETTLED if unsettled else closed,
        attempt=found.attempt if unsettled else None,
        queued_at=found.queued_at if unsettled else None,
        principal=found.principal,
        reported_status=found.reported_status,
        reported_code=found.reported_code,
    )


def _closed(
    task: CallbackTask, status: Status, outcome_status: OutcomeStatus | None, now: int
) -> CallbackTask:
    closed = replace(
        task,
        status=status,
        task_token=None,
        outcome=None,
        outcome_status=outcome_status,
        queued_at=None,
        closed_at=now,
        version=task.version + 1,
    )
    return _with_due(closed, None, now)


def _with_due(task: CallbackTask, due_at: int | None, now: int) -> CallbackTask:
    """Mortal only when nothing is left to deliver or settle, which is due at `due_at` or soon."""
    if task.has_deliveries:
        return replace(task, due_at=due_at or now + DUE_AFTER_CLAIM_SECONDS, ttl=None)
    is_open = task.status in (Status.PENDING, Status.COMPLETING)
    ends = max(now, task.deadline) if is_open else now
    return replace(task, due_at=_due_without_delivery(task), ttl=ends + task.retention_seconds)


def _due_delivery(task: CallbackTask) -> int | None:
    return task.due_at if task.has_deliveries else None


def _due_without_delivery(task: CallbackTask) -> int | None:
    return task.deadline if task.status is Status.PENDING else None


def _is_kept(queued_at: int | None, now: int) -> bool:
    return queued_at is not None and now < queued_at + QUEUE_KEEPS_SECONDS


def _without_oldest_settled(attempts: Mapping[str, PastAttempt]) -> dict[str, PastAttempt]:
    """An attempt that is still to be settled is kept beside the bounded number of the others."""
    settled = [id_ for id_, past in attempts.items() if past.settlement is not Settlement.UNSETTLED]
    settled.sort(key=lambda id_: attempts[id_].requested_at)
    forgotten = settled[:-PAST_ATTEMPTS_KEPT]
    return {id_: past for id_, past in attempts.items() if id_ not in forgotten}
