"""Rebuilder: what is missing or older is rebuilt from the waits, and nothing newer is touched."""

from dataclasses import replace
from typing import Any

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.outcome import digest
from callbacks.domain.ports import OpenWait, Redelivery, Waits
from callbacks.domain.task import CallbackTask, Settlement, TaskKey, taken_over
from callbacks.usecases.rebuild import Finding, Report

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.harness import Harness, before, failing
from tests.support.tasks import (
    EXECUTION,
    KEY,
    NOW,
    OTHER_EXECUTION,
    SHIPPED,
    TIMEOUT_SECONDS,
    completing,
    done,
    pending,
    token,
)

FOREVER = NOW + 10_000.0
SECOND = pending(2)


def open_wait(attempt: int = 1, **changes: Any) -> OpenWait:
    """The wait of `pending(attempt)`, as its execution's history has it."""
    wait: dict[str, Any] = {
        "key": KEY,
        "callback_id": f"attempt-{attempt}",
        "work_id": f"attempt-{attempt}",
        "task_token": token(attempt),
        "execution_arn": EXECUTION,
        "scheduled_at": (NOW + attempt - 1) * 1000,
        "timeout_seconds": TIMEOUT_SECONDS,
    }
    return OpenWait(**wait | changes)


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.channels.channels = {SHIPPING: shipping_channel(callback_id_required=False)}
    return harness


def rebuild(harness: Harness, *waits: OpenWait, ended: tuple[str, ...] = ()) -> Report:
    """Of one execution that has these waits."""
    harness.executions.running = {EXECUTION: Waits(waits, ended=frozenset(ended))}
    return harness.rebuilder.rebuild(None, FOREVER, dry_run=False)


def found(report: Report) -> dict[Finding, int]:
    return {finding: len(waits) for finding, waits in report.waits.items() if waits}


def test_a_record_that_is_lost_is_what_its_dispatcher_registered(harness: Harness) -> None:
    report = rebuild(harness, open_wait())

    assert harness.record() == pending()
    assert found(report) == {Finding.REBUILT: 1}
    assert (report.executions, report.cursor, report.interrupted) == (1, None, None)


def test_a_repeat_changes_nothing(harness: Harness) -> None:
    rebuild(harness, open_wait())
    report = rebuild(harness, open_wait())

    assert harness.record() == pending()
    assert found(report) == {Finding.CURRENT: 1}


def test_a_callback_is_taken_for_a_rebuilt_record(harness: Harness) -> None:
    rebuild(harness, open_wait())
    harness.completer.complete(KEY, "attempt-1", SHIPPED, "principal")

    assert harness.workflow.waits[token()].closed_by == SHIPPED


def test_a_dry_run_writes_nothing_and_reports_the_same(harness: Harness) -> None:
    harness.given(pending())
    other = TaskKey("order-2", SHIPPING)
    harness.executions.running = {EXECUTION: Waits([open_wait(2), open_wait(key=other)])}

    report = harness.rebuilder.rebuild(None, FOREVER, dry_run=True)

    assert harness.tasks.records == {KEY: pending()}
    assert report.waits[Finding.REBUILT] == [open_wait(2), open_wait(key=other)]
    assert found(harness.rebuilder.rebuild(None, FOREVER, dry_run=False)) == {Finding.REBUILT: 2}


@pytest.mark.parametrize(
    ("task", "finding"), [(pending(), Finding.CURRENT), (pending(2), Finding.NEWER)]
)
def test_a_dry_run_looks_at_the_record_that_stands(
    task: CallbackTask, finding: Finding, harness: Harness
) -> None:
    harness.given(task)
    harness.executions.running = {EXECUTION: Waits([open_wait()])}

    assert found(harness.rebuilder.rebuild(None, FOREVER, dry_run=True)) == {finding: 1}


@pytest.mark.parametrize("task", [pending(), completing(), done()])
def test_the_record_of_the_attempt_stands_however_far_it_has_come(
    task: CallbackTask, harness: Harness
) -> None:
    harness.given(task)

    assert found(rebuild(harness, open_wait())) == {Finding.CURRENT: 1}
    assert harness.record() == task


def test_a_record_from_before_waits_were_due_is_made_due(harness: Harness) -> None:
    harness.given(replace(pending(), due_at=None))
    harness.executions.running = {EXECUTION: Waits([open_wait()])}

    assert found(harness.rebuilder.rebuild(None, FOREVER, dry_run=True)) == {Finding.REBUILT: 1}
    assert harness.record().due_at is None
    assert found(harness.rebuilder.rebuild(None, FOREVER, dry_run=False)) == {Finding.REBUILT: 1}
    assert harness.record() == replace(pending(), version=2)


def test_a_record_from_before_that_has_an_outcome_to_settle_is_made_due_no_later_than_its_wait(
    harness: Harness,
) -> None:
    task = replace(taken_over(completing(), SECOND), due_at=None)
    harness.given(task)

    assert found(rebuild(harness, open_wait(2))) == {Finding.REBUILT: 1}
    assert harness.record() == replace(task, due_at=SECOND.deadline, version=task.version + 1)


def test_another_record_of_the_same_moment_stands(harness: Harness) -> None:
    same_moment = harness.given(pending(2, requested_at=NOW * 1000))

    assert found(rebuild(harness, open_wait())) == {Finding.NEWER: 1}
    assert harness.record() == same_moment


@pytest.mark.parametrize("execution_arn", [EXECUTION, OTHER_EXECUTION])
def test_a_newer_record_stands(execution_arn: str, harness: Harness) -> None:
    newer = harness.given(pending(2, execution_arn=execution_arn))

    report = rebuild(harness, open_wait())

    assert found(report) == {Finding.NEWER: 1}
    assert harness.record() == newer


def test_an_older_record_is_replaced_and_its_work_goes_on(harness: Harness) -> None:
    harness.given(pending())

    rebuild(harness, open_wait(2, work_id=None))

    assert harness.record() == replace(SECOND, work_id="attempt-1", version=2)


def test_the_history_knows_the_work_better_than_an_older_record(harness: Harness) -> None:
    harness.given(pending())

    rebuild(harness, open_wait(2, work_id="attempt-0"))

    assert harness.record().work_id == "attempt-0"


def test_work_begun_by_an_attempt_that_nobody_remembers_goes_on(harness: Harness) -> None:
    rebuild(harness, open_wait(work_id="attempt-0"))

    assert harness.record() == replace(pending(), work_id="attempt-0")


def test_work_that_nothing_names_is_the_attempts_own(harness: Harness) -> None:
    rebuild(harness, open_wait(work_id=None))

    assert harness.record().work_id == "attempt-1"


def test_an_outcome_of_an_older_record_is_still_settled(harness: Harness) -> None:
    harness.given(completing())

    rebuild(harness, open_wait(2))

    assert harness.record().attempts["attempt-1"].settlement is Settlement.UNSETTLED
    harness.clock.advance(3600)
    assert harness.sweeper.sweep().total() == 1
    assert harness.queue.messages == [Redelivery(KEY, "attempt-1", digest(SHIPPED))]


def test_an_attempt_that_has_ended_is_older_whatever_its_dispatchers_clock_said(
    harness: Harness,
) -> None:
    harness.given(pending(requested_at=(NOW + 60) * 1000))

    assert found(rebuild(harness, open_wait(2), ended=("attempt-1",))) == {Finding.REBUILT: 1}
    assert harness.record().callback_id == "attempt-2"


def test_a_dispatcher_that_registers_meanwhile_wins(harness: Harness) -> None:
    before(harness.tasks, "create", lambda: harness.given(pending(2)))

    assert found(rebuild(harness, open_wait())) == {Finding.NEWER: 1}
    assert harness.record() == pending(2)


def test_a_record_that_is_deleted_meanwhile_is_created(harness: Harness) -> None:
    harness.given(pending())
    before(harness.tasks, "take_over", harness.tasks.records.clear)

    assert found(rebuild(harness, open_wait(2))) == {Finding.REBUILT: 1}
    assert harness.record() == SECOND


def test_a_record_that_is_deleted_and_made_meanwhile_is_judged_again(harness: Harness) -> None:
    harness.given(pending())

    def deleted() -> None:
        harness.tasks.records.clear()
        before(harness.tasks, "create", lambda: harness.given(pending(3)))

    before(harness.tasks, "take_over", deleted)

    assert found(rebuild(harness, open_wait(2))) == {Finding.NEWER: 1}
    assert harness.record() == pending(3)


def test_a_record_that_moves_on_meanwhile_is_judged_again(harness: Harness) -> None:
    harness.given(pending())
    before(harness.tasks, "take_over", lambda: harness.given(replace(pending(3), version=2)))

    assert found(rebuild(harness, open_wait(2))) == {Finding.NEWER: 1}
    assert harness.record().callback_id == "attempt-3"


def test_a_wait_of_no_registered_channel_is_reported(harness: Harness) -> None:
    harness.channels.channels = {}

    assert found(rebuild(harness, open_wait())) == {Finding.UNREGISTERED: 1}
    assert harness.tasks.records == {}


def test_the_channel_says_what_the_history_does_not(harness: Harness) -> None:
    harness.channels.channels = {
        SHIPPING: shipping_channel(callback_id_required=True, timeout_seconds=7200)
    }

    rebuild(harness, open_wait(timeout_seconds=None))

    assert harness.record().callback_id_required
    assert harness.record().deadline == pending(timeout_seconds=7200).deadline


def test_executions_and_waits_that_are_being_dispatched_are_counted(harness: Harness) -> None:
    harness.executions.running = {
        EXECUTION: Waits([], dispatching=2),
        OTHER_EXECUTION: Waits([], dispatching=3),
    }

    report = harness.rebuilder.rebuild(None, FOREVER, dry_run=False)

    assert (report.executions, report.dispatching) == (2, 5)


def test_a_run_ends_in_time_and_the_next_goes_on(harness: Harness) -> None:
    keys = [TaskKey(f"order-{number}", SHIPPING) for number in range(3)]
    harness.executions.running = {
        f"{EXECUTION}-{key.order_id}": Waits([open_wait(key=key)]) for key in keys
    }
    cursor, runs = None, 0
    while runs == 0 or cursor is not None:
        report = harness.rebuilder.rebuild(cursor, NOW, dry_run=False)
        cursor, runs = report.cursor, runs + 1
        assert report.executions == 1

    assert runs == 3
    assert list(harness.tasks.records) == keys


@pytest.mark.parametrize("method", ["page", "waits"])
def test_a_run_that_a_service_interrupts_says_where_to_go_on(method: str, harness: Harness) -> None:
    other = TaskKey("order-2", SHIPPING)
    harness.executions.running = {
        EXECUTION: Waits([open_wait()]),
        OTHER_EXECUTION: Waits([open_wait(key=other)]),
    }
    error = DependencyUnavailable("GetExecutionHistory: ThrottlingException")
    works = getattr(harness.executions, method)
    before(harness.executions, method, lambda: failing(harness.executions, method, error))
    report = harness.rebuilder.rebuild(None, FOREVER, dry_run=False)
    setattr(harness.executions, method, works)

    assert report.interrupted == "GetExecutionHistory: ThrottlingException"
    assert list(harness.tasks.records) == [KEY]

    report = harness.rebuilder.rebuild(report.cursor, FOREVER, dry_run=False)

    assert list(harness.tasks.records) == [KEY, other]
    assert (report.executions, report.cursor, report.interrupted) == (1, None, None)


def test_a_wait_shows_no_token(harness: Harness) -> None:
    report = rebuild(harness, open_wait())

    assert token() not in repr(report)
