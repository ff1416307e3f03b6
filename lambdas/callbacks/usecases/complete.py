"""Complete a task: record the partner's outcome, send it to the workflow, close the task.

The order is the guarantee. What is recorded is delivered sooner or later, by this call, by a
repeat of it, or by redelivery; what is not recorded was never promised.
"""

import logging
from dataclasses import dataclass
from enum import Enum

from callbacks.domain.errors import (
    AttemptNotCurrent,
    CallbackIdRequired,
    ConflictingOutcome,
    DependencyUnavailable,
    NotKnownToBeAccepted,
    RecordUncertain,
    TaskGone,
    TaskNotFound,
    TokenNotAccepted,
)
from callbacks.domain.outcome import Outcome, digest, is_same
from callbacks.domain.ports import (
    Clock,
    Redelivery,
    RedeliveryQueue,
    TaskStore,
    Verdict,
    Workflow,
)
from callbacks.domain.task import (
    DUE_AFTER_CLAIM_SECONDS,
    CallbackTask,
    PastAttempt,
    Settlement,
    Status,
    TaskKey,
    completed,
    expired,
    joined,
    queued,
    settled,
    undelivered,
)
from callbacks.usecases.settle import SameOutcome, advance, verdict_on

logger = logging.getLogger(__name__)


class Result(Enum):
    """What became of a callback that is taken: what the partner is told."""

    DELIVERED = "DELIVERED"
    DUPLICATE = "DUPLICATE"
    HELD = "HELD"
    HEARTBEAT = "HEARTBEAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completer:
    """Takes the outcomes and heartbeats of tasks of every channel."""

    store: TaskStore
    workflow: Workflow
    redelivery: RedeliveryQueue
    clock: Clock

    def complete(
        self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str
    ) -> Result:
        """Records the outcome and sends it; DELIVERED, DUPLICATE or HELD are promises.

        Raises the subclasses of CallbackRefused; NotKnownToBeAccepted if the record may or may
        not have been written.
        """
        if not key.is_task:
            raise TaskNotFound(key)
        outcome_digest = digest(outcome)
        try:
            write = self.store.claim(key, callback_id, outcome, principal, self._now())
            if write.task is None:
                raise TaskNotFound(key)
            if write.applied:
                return self._send(write.task, sole_sender=True)
            return self._refused(write.task, callback_id, outcome_digest)
        except RecordUncertain as error:
            raise NotKnownToBeAccepted from error

    def heartbeat(self, key: TaskKey, callback_id: str | None) -> Result:
        """Tells the workflow that the work goes on; nothing is kept of it.

        Raises the subclasses of CallbackRefused; NotKnownToBeAccepted if the workflow service
        could not be told.
        """
        if not key.is_task:
            raise TaskNotFound(key)
        try:
            task = self.store.get(key)
            if task is None:
                raise TaskNotFound(key)
            token = self._token_for_heartbeat(task, callback_id)
            try:
                self.workflow.heartbeat(token)
            except TokenNotAccepted:
                self._expire(task)
                raise TaskGone from None
        except DependencyUnavailable as error:
            raise NotKnownToBeAccepted from error
        return Result.HEARTBEAT

    def _token_for_heartbeat(self, task: CallbackTask, callback_id: str | None) -> str:
        if callback_id is not None and callback_id != task.callback_id:
            raise AttemptNotCurrent("callback_id names an attempt that is not the current one")
        if task.status is Status.EXPIRED:
            raise TaskGone
        if task.status is not Status.PENDING or task.task_token is None:
            raise ConflictingOutcome
        if task.is_past_deadline(self._now()):
            self._expire(task)
            raise TaskGone
        if callback_id is None and task.callback_id_required:
            raise CallbackIdRequired
        return task.task_token

    def _refused(self, task: CallbackTask, callback_id: str | None, outcome_digest: str) -> Result:
        """The claim was refused: `task` is what stands in the record, and says why."""
        if callback_id is not None and callback_id != task.callback_id:
            return self._past(task, callback_id, outcome_digest)
        if callback_id is None and task.had(outcome_digest):
            raise AttemptNotCurrent(
                "an earlier attempt had the same outcome: send the callback_id of the message that "
                "asked for this one"
            )
        if task.status is Status.EXPIRED:
            raise TaskGone
        if task.status is Status.PENDING:
            if task.is_past_deadline(self._now()):
                self._expire(task)
                raise TaskGone
            if callback_id is None and task.callback_id_required:
                raise CallbackIdRequired
            raise NotKnownToBeAccepted
        if not is_same(outcome_digest, task.outcome_digest, task.outcome):
            raise ConflictingOutcome
        if task.status is Status.COMPLETED:
            return Result.DUPLICATE
        return self._join(task)

    def _join(self, task: CallbackTask) -> Result:
        """A repeat of an outcome that is recorded and not yet known to have arrived."""
        due_at = self._now() + DUE_AFTER_CLAIM_SECONDS
        same = SameOutcome(task.callback_id, task.outcome_digest)
        joined_task = advance(self.store, task, same(lambda found: joined(found, due_at)))
        if joined_task is not None:
            return self._send(joined_task, sole_sender=False)
        now_there = self.store.get(task.key)
        if now_there is None or task.outcome_digest is None:
            raise NotKnownToBeAccepted
        return self._refused(now_there, task.callback_id, task.outcome_digest)

    def _past(self, task: CallbackTask, callback_id: str, outcome_digest: str) -> Result:
        past = task.attempts.get(callback_id)
        outcome = past.attempt.outcome if past and past.attempt else None
        if past is None or not is_same(outcome_digest, past.outcome_digest, outcome):
            raise AttemptNotCurrent(
                "callback_id names an attempt that is not the current one; nothing was taken"
            )
        if past.settlement is Settlement.DELIVERED:
            return Result.DUPLICATE
        if past.settlement is Settlement.UNDELIVERED or past.attempt is None:
            raise TaskGone
        return self._settle_past(task, callback_id, past)

    def _settle_past(self, task: CallbackTask, callback_id: str, past: PastAttempt) -> Result:
        """A replaced attempt's outcome is looked up and never sent: its token is dead."""
        verdict = verdict_on(self.workflow, past.attempt) if past.attempt else Verdict.NO_EVIDENCE
        now = self._now()
        if verdict is not Verdict.DELIVERED:
            self._reopen(task, callback_id, now)
            if verdict is Verdict.GONE:
                raise TaskGone
            return Result.HELD

        def delivered(found: CallbackTask) -> CallbackTask | None:
            there = found.attempts.get(callback_id)
            if there is None or there.is_settled:
                return None
            return settled(found, callback_id, Settlement.DELIVERED, now)

        try:
            advance(self.store, task, delivered)
        except RecordUncertain:
            logger.warning("SETTLEMENT_NOT_RECORDED", exc_info=True)
        return Result.DUPLICATE

    def _reopen(self, task: CallbackTask, callback_id: str, now: int) -> None:
        """An attempt that was given up is due again: redelivery settles or reports it."""

        def given_up(found: CallbackTask) -> CallbackTask | None:
            there = found.attempts.get(callback_id)
            if there is None or there.settlement is not Settlement.DEAD_LETTERED:
                return None
            return settled(found, callback_id, Settlement.UNSETTLED, now)

        advance(self.store, task, given_up)

    def _send(self, task: CallbackTask, *, sole_sender: bool) -> Result:
        if task.task_token is None or task.outcome is None:
            raise NotKnownToBeAccepted
        try:
            self.workflow.complete(task.task_token, task.outcome)
        except TokenNotAccepted:
            return self._settle(task, sole_sender=sole_sender)
        except DependencyUnavailable:
            logger.warning("OUTCOME_HELD", exc_info=True)
            return self._hold(task)
        self._close(task)
        return Result.DELIVERED

    def _settle(self, task: CallbackTask, *, sole_sender: bool) -> Result:
        """The token was refused: the outcome is late, or was delivered already."""
        verdict = verdict_on(self.workflow, task.attempt)
        if verdict is Verdict.DELIVERED:
            self._close(task)
            return Result.DELIVERED
        if verdict is Verdict.NO_EVIDENCE:
            return self._hold(task)
        if not (sole_sender and self._give_up(task)):
            self._hold(task)
        raise TaskGone

    def _give_up(self, task: CallbackTask) -> bool:
        """Expires the task if nobody else has joined: then nobody was promised anything."""
        now = self._now()
        same = SameOutcome(task.callback_id, task.outcome_digest)

        def alone(found: CallbackTask) -> CallbackTask | None:
            return same(lambda one: undelivered(one, now))(found) if found.sends == 1 else None

        try:
            return advance(self.store, task, alone) is not None
        except RecordUncertain:
            return False

    def _hold(self, task: CallbackTask) -> Result:
        """Held durably: the claim made the task due, so the sweep has it if the queue has not."""
        now = self._now()
        if task.is_queued(now):
            return Result.HELD
        try:
            self.redelivery.send(_redelivery(task))
        except DependencyUnavailable:
            logger.warning("REDELIVERY_NOT_QUEUED", exc_info=True)
            return Result.HELD
        same = SameOutcome(task.callback_id, task.outcome_digest)
        try:
            advance(self.store, task, same(lambda found: queued(found, found.callback_id, now)))
        except RecordUncertain:
            logger.warning("QUEUEING_NOT_RECORDED", exc_info=True)
        return Result.HELD

    def _close(self, task: CallbackTask) -> None:
        """Best effort: the outcome has arrived whatever the record says, and a repeat mends it."""
        now = self._now()
        same = SameOutcome(
            task.callback_id, task.outcome_digest, (Status.COMPLETING, Status.EXPIRED)
        )
        try:
            advance(self.store, task, same(lambda found: completed(found, now)))
        except RecordUncertain:
            logger.warning("CLOSE_NOT_RECORDED", exc_info=True)

    def _expire(self, task: CallbackTask) -> None:
        now = self._now()
        same = SameOutcome(task.callback_id, None, (Status.PENDING,))
        try:
            advance(self.store, task, same(lambda found: expired(found, now)))
        except RecordUncertain:
            logger.warning("EXPIRY_NOT_RECORDED", exc_info=True)

    def _now(self) -> int:
        return int(self.clock.now())


def _redelivery(task: CallbackTask) -> Redelivery:
    if task.outcome_digest is None:
        raise ValueError("a task without an outcome has nothing to deliver")
    return Redelivery(task.key, task.callback_id, task.outcome_digest)
