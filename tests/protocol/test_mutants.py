"""The machine kills each mutant of the protocol: a likely fault, made one at a time."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest
from callbacks.domain import task as task_module
from callbacks.domain.errors import (
    ConflictingOutcome,
    DependencyUnavailable,
    NotKnownToBeAccepted,
    RecordUncertain,
    TaskAlreadyPending,
    TaskGone,
    TokenNotAccepted,
)
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import ExecutionFailure, Redelivery, Verdict, Workflow, Write
from callbacks.domain.task import (
    Attempt,
    CallbackTask,
    OutcomeStatus,
    PastAttempt,
    Settlement,
    Status,
    TaskKey,
    claimed,
    completed,
    dead_lettered,
    expired,
    joined,
    may_claim,
    taken_over,
    undelivered,
)
from callbacks.usecases import close_execution, complete, dispatch, redeliver
from callbacks.usecases.close_execution import ExecutionCloser
from callbacks.usecases.complete import Completer, Result
from callbacks.usecases.dispatch import Dispatcher
from callbacks.usecases.redeliver import Disposition, Redeliverer
from callbacks.usecases.settle import SameOutcome, advance, has_ended
from callbacks.usecases.sweep import Sweeper

from tests.support import fakes
from tests.support.protocol import invariants
from tests.support.protocol.harness import Parts, Tasks
from tests.support.protocol.invariants import Violation
from tests.support.protocol.machine import run

STEPS = 60_000
RETRIES = {"enter_wait", "end_wait", "redrive_execution", "abandon_dispatch", "finish"}
CALLBACKS = RETRIES | {"exchange", "call_back_any", "call_back_again", "pass_time"}
OVERTAKEN = {"overtake", "finish", "pass_time"}
SETTLEMENTS = {"overtake", "redeliver", "sweep", "outage", "pass_time"}
GIVEN_UP = {"give_up", "call_back_again"}
LATE = {"enter_wait", "call_back_any", "pass_time"}
ENDS = RETRIES | {"close_execution", "outlive", "pass_time"}
NO_FAULT = Parts()


def assert_found(parts: Parts = NO_FAULT, rules: Collection[str] = ()) -> None:
    """With `rules`, the machine has these only: a fault that needs a rare order of few events."""
    with pytest.raises(Violation):
        run(STEPS, parts, random_seed=7, rules=rules)


# Register


def test_unconditional_put() -> None:
    class Mutant(Tasks):
        def create(self, task: CallbackTask) -> Write:
            return self._put(task)

    assert_found(Parts(tasks=Mutant))


def test_no_fence_between_two_invocations_of_one_execution() -> None:
    class Mutant(Dispatcher):
        def _check_take_over(self, found: CallbackTask, new: CallbackTask) -> None:
            if found.execution_arn != new.execution_arn:
                super()._check_take_over(found, new)

    assert_found(Parts(dispatcher=Mutant), rules=RETRIES)


def test_a_second_execution_takes_over_any_pending_task() -> None:
    class Mutant(Dispatcher):
        def _check_take_over(self, found: CallbackTask, new: CallbackTask) -> None:
            if found.status is not Status.PENDING:
                super()._check_take_over(found, new)

    assert_found(Parts(dispatcher=Mutant))


def test_registering_over_completing_is_refused() -> None:
    class Mutant(Dispatcher):
        def _check_take_over(self, found: CallbackTask, new: CallbackTask) -> None:
            if found.status is Status.COMPLETING:
                raise TaskAlreadyPending(new.key, found.execution_arn)
            super()._check_take_over(found, new)

    assert_found(Parts(dispatcher=Mutant))


def test_registering_over_completing_forgets_the_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(found: CallbackTask, new: CallbackTask) -> CallbackTask:
        if found.status is not Status.COMPLETING:
            return taken_over(found, new)
        return taken_over(replace(found, outcome=None, outcome_digest=None), new)

    monkeypatch.setattr(dispatch, "taken_over", mutant)

    assert_found()


def test_registering_over_completing_carries_the_outcome_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mutant(found: CallbackTask, new: CallbackTask) -> CallbackTask:
        task = taken_over(found, new)
        if found.status is not Status.COMPLETING:
            return task
        return replace(
            task,
            status=Status.COMPLETING,
            outcome=found.outcome,
            outcome_digest=found.outcome_digest,
            outcome_status=OutcomeStatus.RECORDED,
            sends=found.sends,
        )

    monkeypatch.setattr(dispatch, "taken_over", mutant)

    assert_found(rules=SETTLEMENTS)


def test_a_deadline_earlier_than_the_waits_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(requested_at: int, timeout_seconds: int) -> int:
        return requested_at // 1000 + timeout_seconds // 2

    monkeypatch.setattr(task_module, "deadline_for", mutant)

    assert_found(rules=LATE)


# Record, send, close


def test_send_before_record() -> None:
    class Mutant(Completer):
        def complete(
            self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str
        ) -> Result:
            try:
                task = self.store.get(key)
                if (
                    task is not None
                    and task.task_token is not None
                    and callback_id in (None, task.callback_id)
                ):
                    self.workflow.complete(task.task_token, outcome)
            except TokenNotAccepted:
                raise TaskGone from None
            except DependencyUnavailable:
                raise NotKnownToBeAccepted from None
            return super().complete(key, callback_id, outcome, principal)

    assert_found(Parts(completer=Mutant))


def test_only_the_digest_stored() -> None:
    class Mutant(Tasks):
        def _put(self, task: CallbackTask) -> Write:
            write = super()._put(task)
            self.records[task.key] = replace(task, outcome=None)
            return write

    assert_found(Parts(tasks=Mutant))


def test_ttl_running_while_completing(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(task: CallbackTask, outcome: Outcome, principal: str, now: int) -> CallbackTask:
        return replace(claimed(task, outcome, principal, now), ttl=task.ttl)

    monkeypatch.setattr(fakes, "claimed", mutant)

    assert_found()


def test_digest_ignored() -> None:
    class Mutant(Completer):
        def _refused(
            self, task: CallbackTask, callback_id: str | None, outcome_digest: str
        ) -> Result:
            return super()._refused(task, callback_id, task.outcome_digest or outcome_digest)

    assert_found(Parts(completer=Mutant))


def test_close_not_bound_to_the_attempt() -> None:
    class Mutant(Completer):
        def _close(self, task: CallbackTask) -> None:
            try:
                advance(self.store, task, lambda found: completed(found, self._now()))
            except RecordUncertain:
                return

    assert_found(Parts(completer=Mutant), rules=OVERTAKEN)


@pytest.mark.parametrize("error", [ConflictingOutcome(), RuntimeError()], ids=["409", "500"])
def test_a_failed_close_reported(error: Exception) -> None:
    class Mutant(Completer):
        def _close(self, task: CallbackTask) -> None:
            same = SameOutcome(task.callback_id, task.outcome_digest)
            try:
                closed = advance(self.store, task, same(lambda one: completed(one, self._now())))
            except RecordUncertain:
                raise error from None
            if closed is None:
                raise error

    assert_found(Parts(completer=Mutant), rules=CALLBACKS)


def test_503_that_says_nothing_was_accepted() -> None:
    class NothingAcceptedError(NotKnownToBeAccepted):
        def __str__(self) -> str:
            return "nothing was accepted"

    class Mutant(Completer):
        def complete(
            self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str
        ) -> Result:
            try:
                return super().complete(key, callback_id, outcome, principal)
            except NotKnownToBeAccepted:
                raise NothingAcceptedError from None

    assert_found(Parts(completer=Mutant))


# Repeats


def test_a_repeat_over_completing_taken_without_sending() -> None:
    class Mutant(Completer):
        def _join(self, task: CallbackTask) -> Result:  # noqa: ARG002
            return Result.DUPLICATE

    assert_found(Parts(completer=Mutant))


def test_deadline_judged_over_completing() -> None:
    class Mutant(Completer):
        def _refused(
            self, task: CallbackTask, callback_id: str | None, outcome_digest: str
        ) -> Result:
            current = callback_id in (None, task.callback_id)
            if current and task.status is Status.COMPLETING and task.is_past_deadline(self._now()):
                raise TaskGone
            return super()._refused(task, callback_id, outcome_digest)

    assert_found(Parts(completer=Mutant), rules=CALLBACKS)


def test_repeats_known_for_the_current_attempt_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(found: CallbackTask, new: CallbackTask) -> CallbackTask:
        task = taken_over(found, new)
        return replace(task, attempts=task.unsettled)

    monkeypatch.setattr(dispatch, "taken_over", mutant)

    assert_found()


def test_a_repeat_without_id_applied_to_a_new_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(task: CallbackTask, callback_id: str | None, outcome_digest: str, now: int) -> bool:
        return may_claim(replace(task, prior_digests=()), callback_id, outcome_digest, now)

    monkeypatch.setattr(fakes, "may_claim", mutant)

    assert_found()


def test_a_repeat_without_id_of_a_past_attempts_outcome_refused_with_410() -> None:
    class Mutant(Completer):
        def _refused(
            self, task: CallbackTask, callback_id: str | None, outcome_digest: str
        ) -> Result:
            if callback_id is None and task.is_past_deadline(self._now()):
                raise TaskGone
            return super()._refused(task, callback_id, outcome_digest)

    assert_found(Parts(completer=Mutant), rules=CALLBACKS)


def test_unsettled_attempts_drive_settled_ones_out_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mutant(found: CallbackTask, new: CallbackTask) -> CallbackTask:
        task = taken_over(found, new)
        return replace(task, attempts=task.unsettled) if task.unsettled else task

    for module in (task_module, invariants):
        monkeypatch.setattr(module, "PAST_ATTEMPTS_KEPT", 1)
    monkeypatch.setattr(dispatch, "taken_over", mutant)

    assert_found()


# Settle


@pytest.mark.parametrize("verdict", [Verdict.GONE, Verdict.DELIVERED])
def test_task_timed_out_taken_as(verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(workflow: Workflow, attempt: Attempt) -> Verdict:  # noqa: ARG001
        return verdict

    monkeypatch.setattr(complete, "verdict_on", mutant)
    monkeypatch.setattr(redeliver, "verdict_on", mutant)

    assert_found()


def test_settled_by_execution_status(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(workflow: Workflow, attempt: Attempt) -> Verdict:
        try:
            run = workflow.last_run(attempt.execution_arn)
        except DependencyUnavailable:
            return Verdict.NO_EVIDENCE
        return Verdict.DELIVERED if run and run.ended_at is None else Verdict.GONE

    monkeypatch.setattr(complete, "verdict_on", mutant)
    monkeypatch.setattr(redeliver, "verdict_on", mutant)

    assert_found()


def test_expired_without_the_sole_sender_guard() -> None:
    class Mutant(Completer):
        def _give_up(self, task: CallbackTask) -> bool:
            same = SameOutcome(task.callback_id, task.outcome_digest)
            try:
                gone = advance(self.store, task, same(lambda one: undelivered(one, self._now())))
            except RecordUncertain:
                return False
            return gone is not None

    assert_found(Parts(completer=Mutant), rules=OVERTAKEN)


def test_gone_after_202_not_reported() -> None:
    class Mutant(Redeliverer):
        def _report_gone(self, task: CallbackTask, redelivery: Redelivery) -> Disposition:
            same = SameOutcome(redelivery.callback_id, redelivery.outcome_digest)
            advance(self.store, task, same(lambda one: undelivered(one, self._now())))
            return Disposition.DONE

    assert_found(Parts(redeliverer=Mutant))


def test_gone_after_202_and_a_new_attempt_not_reported() -> None:
    class Mutant(Redeliverer):
        def _report_past(self, redelivery: Redelivery, past: PastAttempt, reason: str) -> None:
            pass

    assert_found(Parts(redeliverer=Mutant))


def test_no_evidence_on_the_last_try_taken_as_undelivered() -> None:
    class Mutant(Redeliverer):
        def _record_settlement(
            self, task: CallbackTask, redelivery: Redelivery, settlement: Settlement
        ) -> None:
            if settlement is Settlement.DEAD_LETTERED:
                settlement = Settlement.UNDELIVERED
            super()._record_settlement(task, redelivery, settlement)

    assert_found(Parts(redeliverer=Mutant), rules=SETTLEMENTS)


# Giving up


def test_what_was_given_up_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(task: CallbackTask, now: int) -> CallbackTask:
        return replace(dead_lettered(task, now), ttl=None)

    monkeypatch.setattr(redeliver, "dead_lettered", mutant)

    assert_found(rules=SETTLEMENTS)


def test_giving_up_forgets_an_attempt_that_is_not_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(task: CallbackTask, now: int) -> CallbackTask:
        return replace(dead_lettered(task, now), due_at=None)

    monkeypatch.setattr(redeliver, "dead_lettered", mutant)

    assert_found(rules=SETTLEMENTS)


def test_a_repeat_of_what_was_given_up_held_with_nothing_due() -> None:
    class Mutant(Completer):
        def _join(self, task: CallbackTask) -> Result:
            if task.outcome_status is OutcomeStatus.DEAD_LETTERED:
                return Result.HELD
            return super()._join(task)

    assert_found(Parts(completer=Mutant), rules=GIVEN_UP)


def test_a_repeat_of_a_past_attempts_outcome_that_was_given_up_held_with_nothing_due() -> None:
    class Mutant(Completer):
        def _reopen(self, task: CallbackTask, callback_id: str, now: int) -> None:
            pass

    assert_found(Parts(completer=Mutant), rules=GIVEN_UP)


# Work


@pytest.mark.parametrize("goes_on", [False, True], ids=["never", "for ever"])
def test_work_that_goes_on(goes_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(found: CallbackTask, new: CallbackTask) -> CallbackTask:
        return replace(taken_over(found, new), work_id=(found if goes_on else new).work_id)

    monkeypatch.setattr(dispatch, "taken_over", mutant)

    assert_found()


# Redeliver, sweep, heartbeat, end


def test_redelivery_not_bound_to_the_attempt() -> None:
    class Mutant(Redeliverer):
        def _settle_past(
            self, task: CallbackTask, redelivery: Redelivery, past: PastAttempt
        ) -> Disposition:
            if past.attempt is None or task.task_token is None:
                return super()._settle_past(task, redelivery, past)
            try:
                self.workflow.complete(task.task_token, past.attempt.outcome)
            except (TokenNotAccepted, DependencyUnavailable):
                return Disposition.RETRY
            return Disposition.DONE

    assert_found(Parts(redeliverer=Mutant))


def test_no_sweeper() -> None:
    class Mutant(Sweeper):
        def sweep(self) -> Counter[str]:
            return Counter()

    assert_found(Parts(sweeper=Mutant))


def test_a_heartbeat_that_expires_unconditionally() -> None:
    class Mutant(Completer):
        def _expire(self, task: CallbackTask) -> None:
            try:
                advance(self.store, task, lambda found: expired(found, self._now()))
            except RecordUncertain:
                return

    assert_found(Parts(completer=Mutant), rules=OVERTAKEN)


@pytest.mark.parametrize("too_early_to_tell", [True, False], ids=["ended", "running"])
def test_old_news_of_an_end_taken_as(
    too_early_to_tell: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mutant(workflow: Workflow, task: CallbackTask, now: int) -> bool:  # noqa: ARG001
        known = has_ended(workflow, task, task.requested_at // 1000)
        return too_early_to_tell if known is None else known

    monkeypatch.setattr(dispatch, "has_ended", mutant)
    monkeypatch.setattr(close_execution, "has_ended", mutant)

    assert_found(rules=ENDS)


def test_a_late_event_of_an_executions_end_closes_what_came_after_its_redrive() -> None:
    class Mutant(ExecutionCloser):
        def close(self, order_id: str, failure: ExecutionFailure) -> bool:
            return super().close(order_id, replace(failure, ended_at=failure.ended_at * 2))

    assert_found(Parts(closer=Mutant), rules=ENDS)


# Compare-and-swap


def test_a_write_that_does_not_compare_versions() -> None:
    class Mutant(Tasks):
        def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
            there: Any = self.records.get(found.key)
            return super().replace(there, new) if there else super().replace(found, new)

    assert_found(Parts(tasks=Mutant))


def test_a_join_that_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(task: CallbackTask, due_at: int) -> CallbackTask:
        return replace(task, due_at=due_at, version=task.version + 1)

    monkeypatch.setattr(complete, "joined", mutant)

    assert_found(rules=OVERTAKEN)


def test_a_transition_that_keeps_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(task: CallbackTask, due_at: int) -> CallbackTask:
        return replace(joined(task, due_at), version=task.version)

    monkeypatch.setattr(complete, "joined", mutant)

    assert_found()


def test_a_due_date_of_tomorrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redeliver, "DUE_AFTER_QUEUED_SECONDS", 86_400)

    assert_found()
