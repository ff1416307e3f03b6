"""Reconciler: a wait that timed out is closed, and its order with it, without being told."""

import pytest
from callbacks.domain.errors import DependencyUnavailable, RecordUncertain
from callbacks.domain.ports import End
from callbacks.domain.task import CallbackTask, TaskKey, dead_lettered, expired, taken_over

from tests.support.channels import SHIPPING
from tests.support.harness import Harness, before, failing, untouched
from tests.support.tasks import (
    EXECUTION,
    KEY,
    NOW,
    OTHER_EXECUTION,
    completing,
    done,
    pending,
    unsettled,
)

OVERDUE = pending().deadline + 1


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.clock.seconds = OVERDUE
    return harness


def order(harness: Harness) -> str | None:
    status: str | None = harness.orders.orders[KEY.order_id].get("order_status")
    return status


def test_a_wait_that_timed_out_in_an_execution_that_goes_on_expires(harness: Harness) -> None:
    harness.given(pending())

    assert harness.reconciler.reconcile() == 1
    assert harness.record() == expired(pending(), OVERDUE)
    assert order(harness) is None
    assert harness.reconciler.reconcile() == 0


@pytest.mark.parametrize("end", [End.FAILED, End.STALLED])
def test_an_execution_whose_end_nobody_told_marks_its_order(end: End, harness: Harness) -> None:
    harness.given(pending())
    harness.workflow.end(EXECUTION, NOW + 60)
    harness.workflow.means = end

    assert harness.reconciler.reconcile() == 1
    assert harness.record() == expired(pending(), OVERDUE)
    assert order(harness) == end.value
    reasons = ("failure_reason", "stalled_reason")
    assert [harness.orders.orders[KEY.order_id].get(name) for name in reasons] == [
        "it failed" if end is End.FAILED else None,
        "it failed" if end is End.STALLED else None,
    ]


def test_an_order_that_another_execution_works_on_is_left_alone(harness: Harness) -> None:
    harness.given(pending())
    other = TaskKey(KEY.order_id, "ORDER_BILLING_SERVICE")
    harness.given(pending(key=other, execution_arn=OTHER_EXECUTION, requested_at=OVERDUE * 1000))
    harness.workflow.end(EXECUTION, NOW + 60)

    harness.reconciler.reconcile()

    assert harness.record() == expired(pending(), OVERDUE)
    assert order(harness) is None


def test_a_wait_is_overdue_only_after_its_deadline(harness: Harness) -> None:
    harness.given(pending())
    harness.clock.seconds = pending().deadline

    assert harness.reconciler.reconcile() == 0
    assert harness.record() == pending()


@pytest.mark.parametrize(
    "task", [completing(), done(), unsettled(), dead_lettered(completing(), NOW)]
)
def test_an_outcome_is_left_to_redelivery(task: CallbackTask, harness: Harness) -> None:
    harness.given(task)
    harness.clock.seconds = NOW * 2

    assert harness.reconciler.reconcile() == 0
    assert harness.record() == task


@pytest.mark.parametrize(
    "now_there",
    [completing(), taken_over(pending(), pending(2, requested_at=OVERDUE * 1000)), done()],
    ids=["a callback", "a new attempt", "a close"],
)
@pytest.mark.parametrize("port_call", ["peek", "replace"])
def test_what_came_meanwhile_stands(
    now_there: CallbackTask, port_call: str, harness: Harness
) -> None:
    harness.given(pending())
    before(harness.tasks, port_call, lambda: harness.given(now_there))

    assert harness.reconciler.reconcile() == 0
    assert untouched(harness.record(), now_there)


def test_what_is_gone_meanwhile_is_passed_over(harness: Harness) -> None:
    harness.given(pending())
    before(harness.tasks, "peek", harness.tasks.records.clear)

    assert harness.reconciler.reconcile() == 0


def test_all_that_are_closed_are_counted(harness: Harness) -> None:
    for number in range(3):
        harness.given(pending(key=TaskKey(f"order-{number}", SHIPPING)))

    assert harness.reconciler.reconcile() == 3


def test_one_that_fails_keeps_no_other_from_being_closed(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [TaskKey(f"order-{number}", SHIPPING) for number in range(3)]
    for key in keys:
        harness.given(pending(key=key))
    error = DependencyUnavailable("DescribeExecution")
    failing(harness.workflow, "failure", error)

    with pytest.raises(DependencyUnavailable, match="DescribeExecution"):
        harness.reconciler.reconcile()

    [told] = caplog.records
    assert (told.message, told.exc_info and told.exc_info[1]) == ("NOT_RECONCILED", error)
    assert {"order_id": "order-0", "task_type": SHIPPING}.items() <= vars(told).items()
    assert [harness.record(key).due_at is None for key in keys] == [False, True, True]
    assert harness.reconciler.reconcile() == 1


def test_a_run_that_dies_after_the_order_is_marked_is_made_up_for(harness: Harness) -> None:
    harness.given(pending())
    harness.workflow.end(EXECUTION, NOW + 60)
    failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

    with pytest.raises(DependencyUnavailable):
        harness.reconciler.reconcile()
    harness.reconciler.reconcile()

    assert harness.record() == expired(pending(), OVERDUE)
    assert order(harness) == "FAILED"
