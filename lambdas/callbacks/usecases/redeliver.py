"""Deliver outcomes that are recorded and were not, or not knowingly, delivered at once."""

from dataclasses import dataclass
from enum import Enum

from callbacks.domain.errors import DependencyUnavailable, TokenNotAccepted
from callbacks.domain.ports import (
    Clock,
    DeadLetterQueue,
    Redelivery,
    TaskStore,
    Verdict,
    Workflow,
)
from callbacks.domain.task import (
    DUE_AFTER_QUEUED_SECONDS,
    CallbackTask,
    PastAttempt,
    Settlement,
    Status,
    completed,
    dead_lettered,
    joined,
    settled,
    undelivered,
)
from callbacks.usecases.settle import SameOutcome, Transition, advance, verdict_on


class Disposition(Enum):
    """What is to be done with the redelivery message."""

    DONE = "DONE"
    RETRY = "RETRY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeliverer:
    """Takes messages of the redelivery queue, any number of times and in any order.

    Tries go on until some time after the deadline of the task; then the outcome is reported.
    """

    store: TaskStore
    workflow: Workflow
    dead_letters: DeadLetterQueue
    clock: Clock

    def redeliver(self, redelivery: Redelivery) -> Disposition:
        """Delivers the outcome that the message names, if it is still to be delivered.

        Raises DependencyUnavailable if the record or the dead-letter queue cannot be reached: the
        message is to be tried again whatever the number of tries.
        """
        task = self.store.get(redelivery.key)
        if task is None:
            return self._bury(redelivery, "the task's record is gone")
        if task.callback_id == redelivery.callback_id:
            if task.outcome_digest != redelivery.outcome_digest:
                return self._bury(redelivery, "the attempt recorded another outcome")
            if task.status is not Status.COMPLETING:
                return Disposition.DONE
            disposition = self._deliver(task, redelivery)
            if disposition is Disposition.RETRY and task.is_last_try(self._now()):
                return self._give_up(task, redelivery)
            return disposition or Disposition.RETRY
        past = task.attempts.get(redelivery.callback_id)
        if past is None or past.outcome_digest != redelivery.outcome_digest:
            return self._bury(redelivery, "the attempt is no longer in the record")
        if past.is_settled:
            return Disposition.DONE
        disposition = self._settle_past(task, redelivery, past)
        if disposition is Disposition.RETRY and task.is_last_try(self._now()):
            self._report_past(redelivery, past, "no evidence of the attempt's end")
            self._record_settlement(task, redelivery, Settlement.DEAD_LETTERED)
            return Disposition.DONE
        return disposition

    def _deliver(self, task: CallbackTask, redelivery: Redelivery) -> Disposition | None:
        """Joins the senders, sends, and closes: the same steps as a partner's repeat.

        None if the record has moved on meanwhile: whoever looks again sees what is left to do.
        """
        due_at = self._now() + DUE_AFTER_QUEUED_SECONDS
        same = SameOutcome(redelivery.callback_id, redelivery.outcome_digest)
        found = advance(self.store, task, same(lambda one: joined(one, due_at)))
        if found is None:
            return None
        if found.task_token is None or found.outcome is None:
            return Disposition.RETRY
        try:
            self.workflow.complete(found.task_token, found.outcome)
        except TokenNotAccepted:
            verdict = verdict_on(self.workflow, found.attempt)
            if verdict is Verdict.NO_EVIDENCE:
                return Disposition.RETRY
            if verdict is Verdict.GONE:
                return self._report_gone(found, redelivery)
        except DependencyUnavailable:
            return Disposition.RETRY
        now = self._now()
        either = SameOutcome(
            redelivery.callback_id,
            redelivery.outcome_digest,
            (Status.COMPLETING, Status.EXPIRED),
        )
        closing = either(lambda one: completed(one, now))
        self._record(found, redelivery, closing, Settlement.DELIVERED)
        return Disposition.DONE

    def _report_gone(self, task: CallbackTask, redelivery: Redelivery) -> Disposition:
        """Somebody was promised delivery: the alarm first, the record after it."""
        self.dead_letters.send(redelivery, "the workflow no longer waits", task.outcome)
        now = self._now()
        same = SameOutcome(redelivery.callback_id, redelivery.outcome_digest)
        closing = same(lambda one: undelivered(one, now))
        self._record(task, redelivery, closing, Settlement.UNDELIVERED)
        return Disposition.DONE

    def _settle_past(
        self, task: CallbackTask, redelivery: Redelivery, past: PastAttempt
    ) -> Disposition:
        """Looked up only: an attempt that was replaced is never sent."""
        verdict = verdict_on(self.workflow, past.attempt) if past.attempt else Verdict.NO_EVIDENCE
        if verdict is Verdict.NO_EVIDENCE:
            return Disposition.RETRY
        if verdict is Verdict.GONE:
            self._report_past(redelivery, past, "the workflow no longer waits")
            self._record_settlement(task, redelivery, Settlement.UNDELIVERED)
            return Disposition.DONE
        self._record_settlement(task, redelivery, Settlement.DELIVERED)
        return Disposition.DONE

    def _report_past(self, redelivery: Redelivery, past: PastAttempt, reason: str) -> None:
        outcome = past.attempt.outcome if past.attempt else None
        self.dead_letters.send(redelivery, reason, outcome)

    def _record(
        self,
        task: CallbackTask,
        redelivery: Redelivery,
        transition: Transition,
        settlement: Settlement,
    ) -> None:
        """Applies `transition`, or settles the attempt if a new one has replaced it meanwhile.

        Else it would stay due for as long as the queue is said to have this message.
        """
        if advance(self.store, task, transition) is None:
            there = self.store.get(redelivery.key)
            if there is not None:
                self._record_settlement(there, redelivery, settlement)

    def _record_settlement(
        self, task: CallbackTask, redelivery: Redelivery, settlement: Settlement
    ) -> None:
        now = self._now()

        def transition(found: CallbackTask) -> CallbackTask | None:
            there = found.attempts.get(redelivery.callback_id)
            if there is None or there.is_settled:
                return None
            return settled(found, redelivery.callback_id, settlement, now)

        advance(self.store, task, transition)

    def _give_up(self, task: CallbackTask, redelivery: Redelivery) -> Disposition:
        """The last try failed: the outcome stays recorded, so that a person can send it again."""
        self.dead_letters.send(redelivery, "the last try failed", task.outcome)
        now = self._now()
        same = SameOutcome(redelivery.callback_id, redelivery.outcome_digest)
        giving_up = same(lambda one: dead_lettered(one, now))
        self._record(task, redelivery, giving_up, Settlement.DEAD_LETTERED)
        return Disposition.DONE

    def _bury(self, redelivery: Redelivery, reason: str) -> Disposition:
        self.dead_letters.send(redelivery, reason, None)
        return Disposition.DONE

    def _now(self) -> int:
        return int(self.clock.now())
