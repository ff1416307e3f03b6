"""Erasing an order: all of it or, while somebody works on it, nothing."""

import pytest
from callbacks.domain.task import CallbackTask, TaskKey, dead_lettered
from callbacks.usecases.erase import CHANGED, Erased, Eraser

from tests.support.fakes import FakeErasure, FakeTaskOverview
from tests.support.harness import Harness
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

OTHER = TaskKey("another-order", KEY.task_type)
STILL_TO_BE_DELIVERED = (
    "an outcome of ORDER_SHIPPING_SERVICE is still to be delivered or settled: repeat this once "
    "redelivery is done with it"
)
ALL = Erased(order=True, tasks=[KEY.task_type], executions=[EXECUTION])


@pytest.fixture
def harness() -> Harness:
    """The order was taken up by an execution that has ended; another order has a task as well."""
    harness = Harness()
    harness.orders.orders = {KEY.order_id: {"execution_arn": EXECUTION}, OTHER.order_id: {}}
    harness.workflow.end(EXECUTION, NOW)
    harness.given(done(key=OTHER))
    return harness


def eraser(harness: Harness) -> Eraser:
    return Eraser(
        tasks=FakeTaskOverview(harness.tasks),
        records=FakeErasure(harness.tasks, harness.orders),
        workflow=harness.workflow,
    )


@pytest.mark.parametrize(
    "task", [done(), pending(), dead_lettered(completing(), NOW)], ids=lambda task: task.status
)
def test_an_order_is_erased_with_its_tasks_and_no_other(
    task: CallbackTask, harness: Harness
) -> None:
    harness.given(task)

    assert eraser(harness).erase(KEY.order_id, dry_run=False) == ALL

    assert list(harness.orders.orders) == [OTHER.order_id]
    assert list(harness.tasks.records) == [OTHER]


def test_a_dry_run_says_what_would_be_erased_and_erases_nothing(harness: Harness) -> None:
    harness.given(done())

    assert eraser(harness).erase(KEY.order_id, dry_run=True) == ALL

    assert KEY.order_id in harness.orders.orders
    assert KEY in harness.tasks.records


def test_a_repeat_finds_nothing(harness: Harness) -> None:
    harness.given(done())
    eraser(harness).erase(KEY.order_id, dry_run=False)

    again = eraser(harness).erase(KEY.order_id, dry_run=False)

    assert again == Erased(order=False, tasks=[], executions=[])


def test_tasks_of_an_order_that_is_gone_are_erased(harness: Harness) -> None:
    harness.given(done())
    del harness.orders.orders[KEY.order_id]

    assert eraser(harness).erase(KEY.order_id, dry_run=False).tasks == [KEY.task_type]
    assert KEY not in harness.tasks.records


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("task", "why"),
    [
        (pending(9, execution_arn=OTHER_EXECUTION), "works on the order"),
        (done(execution_arn=OTHER_EXECUTION), "works on the order"),
        (completing(), STILL_TO_BE_DELIVERED),
        (unsettled(), STILL_TO_BE_DELIVERED),
    ],
    ids=["waited for", "of an execution that goes on", "promised", "unsettled"],
)
def test_an_order_that_is_not_done_with_stays(
    task: CallbackTask, why: str, dry_run: bool, harness: Harness
) -> None:
    harness.given(task)

    erased = eraser(harness).erase(KEY.order_id, dry_run=dry_run)

    assert (erased.order, erased.tasks) == (False, [])
    assert EXECUTION in erased.executions
    assert why in (erased.refused or "")
    assert harness.tasks.records[KEY] == task
    assert KEY.order_id in harness.orders.orders


def test_an_order_that_an_execution_has_taken_up_stays(harness: Harness) -> None:
    harness.orders.orders[KEY.order_id]["execution_arn"] = OTHER_EXECUTION

    erased = eraser(harness).erase(KEY.order_id, dry_run=False)

    assert (erased.refused or "").startswith(OTHER_EXECUTION)
    assert KEY.order_id in harness.orders.orders


def test_an_order_that_changes_meanwhile_stays(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.given(done())
    monkeypatch.setattr(FakeErasure, "erase_task", lambda *_: False)

    assert eraser(harness).erase(KEY.order_id, dry_run=False) == Erased(
        order=False, tasks=[], executions=[EXECUTION], refused=CHANGED
    )
    assert KEY.order_id in harness.orders.orders


def test_an_order_that_is_taken_up_meanwhile_stays(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.given(done())
    monkeypatch.setattr(FakeErasure, "erase_order", lambda *_: False)

    assert eraser(harness).erase(KEY.order_id, dry_run=False) == Erased(
        order=False, tasks=[KEY.task_type], executions=[EXECUTION], refused=CHANGED
    )
