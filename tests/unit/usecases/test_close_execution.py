"""ExecutionCloser: no order stays half-done, and none that somebody works on is touched."""

import pytest
from callbacks.domain.errors import DependencyUnavailable, RecordUncertain
from callbacks.domain.ports import End, ExecutionFailure
from callbacks.domain.task import CallbackTask, Status, TaskKey, expired, taken_over

from tests.support.channels import SHIPPING
from tests.support.harness import Harness, before, failing
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

ENDED_AT = (NOW + 60) * 1000


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.clock.seconds = NOW + 61
    return harness


def close(
    harness: Harness,
    ended_at: int = ENDED_AT,
    end: End = End.FAILED,
    reason: str = "it was aborted",
) -> bool:
    return harness.closer.close(KEY.order_id, ExecutionFailure(EXECUTION, end, reason, ended_at))


def order(harness: Harness) -> tuple[str | None, str | None]:
    found = harness.orders.orders[KEY.order_id]
    return found.get("order_status"), found.get("failure_reason")


FAILED = ("FAILED", "it was aborted")


def test_a_pending_task_expires_and_the_order_fails(harness: Harness) -> None:
    harness.given(pending())

    assert close(harness) is True
    assert harness.record() == expired(pending(), NOW + 61)
    assert order(harness) == FAILED


@pytest.mark.parametrize(("last", "expires"), [(EXECUTION, True), (OTHER_EXECUTION, False)])
def test_an_order_that_had_failed_before_expires_if_nobody_took_it_up_since(
    last: str, expires: bool, harness: Harness
) -> None:
    harness.orders.orders[KEY.order_id] = {
        "order_status": "FAILED",
        "execution_arn": last,
        "retained_until": NOW + 90,
    }

    assert close(harness) is False
    assert ("expires_at" in harness.orders.orders[KEY.order_id]) is expires


def test_all_tasks_of_the_execution_expire(harness: Harness) -> None:
    other = TaskKey(KEY.order_id, "ORDER_BILLING_SERVICE")
    harness.given(pending())
    harness.given(pending(key=other))

    close(harness)

    assert harness.record().status is Status.EXPIRED
    assert harness.record(other).status is Status.EXPIRED


def test_a_task_that_is_closed_hides_no_other(harness: Harness) -> None:
    closed = TaskKey(KEY.order_id, "ORDER_BILLING_SERVICE")
    harness.given(expired(pending(key=closed, requested_at=ENDED_AT + 1), NOW + 61))
    harness.given(pending())

    close(harness)

    assert harness.record().status is Status.EXPIRED


def test_what_registered_as_the_execution_ended_was_its_own_even_if_it_was_redriven(
    harness: Harness,
) -> None:
    harness.given(pending(requested_at=ENDED_AT))

    assert close(harness) is True
    assert harness.record().status is Status.EXPIRED


def test_a_repeat_changes_nothing(harness: Harness) -> None:
    harness.given(pending())
    close(harness)
    before_repeat = harness.record()

    assert close(harness) is False
    assert harness.record() == before_repeat


def test_an_execution_that_registered_nothing_still_fails_its_order(harness: Harness) -> None:
    assert close(harness) is True
    assert order(harness) == FAILED


@pytest.mark.parametrize("task", [completing(), done(), unsettled()])
def test_an_outcome_that_is_recorded_is_left_to_redelivery(
    task: CallbackTask, harness: Harness
) -> None:
    harness.given(task)

    assert close(harness) is True
    record = harness.record()
    assert record.outcome_digest == task.outcome_digest
    assert record.attempts == task.attempts
    assert (record.due_at is None) == (task.due_at is None)


def test_an_outcome_that_comes_meanwhile_is_kept(harness: Harness) -> None:
    harness.given(pending())
    before(harness.tasks, "replace", lambda: harness.given(completing()))

    close(harness)

    assert harness.record() == completing()


@pytest.mark.parametrize(
    "task",
    [
        pending(execution_arn=OTHER_EXECUTION),
        completing(execution_arn=OTHER_EXECUTION),
        pending(requested_at=ENDED_AT + 1),
    ],
    ids=["another waits", "another is being completed", "it was redriven"],
)
def test_an_order_that_is_worked_on_is_left_alone(task: CallbackTask, harness: Harness) -> None:
    harness.given(task)

    assert close(harness) is False
    assert harness.record() == task
    assert order(harness) == (None, None)


def test_what_registered_as_the_execution_ended_expires_after_a_minute(harness: Harness) -> None:
    """The dispatcher was at work; until then, a redrive may be what nobody has heard of yet."""
    late = harness.given(pending(requested_at=ENDED_AT + 1000))
    harness.workflow.end(EXECUTION, ENDED_AT / 1000)

    with pytest.raises(DependencyUnavailable) as refused:
        close(harness)
    assert str(refused.value) == "it is too early to tell whether the execution was redriven"
    assert harness.record() == late
    assert order(harness) == (None, None)

    harness.clock.seconds = NOW + 61 + 61

    assert close(harness) is True
    assert harness.record().status is Status.EXPIRED
    assert order(harness) == FAILED


def test_a_wait_of_another_that_is_past_its_deadline_is_no_work(harness: Harness) -> None:
    task = harness.given(pending(execution_arn=OTHER_EXECUTION))
    harness.clock.seconds = task.deadline + 1

    assert close(harness) is True
    assert harness.record() == task


def test_an_attempt_that_registers_meanwhile_does_not_expire(harness: Harness) -> None:
    newer = taken_over(pending(), pending(2, requested_at=ENDED_AT + 1))
    harness.given(pending())
    before(harness.tasks, "replace", lambda: harness.given(newer))

    close(harness)

    assert harness.record() == newer


def test_an_order_whose_execution_can_be_resumed_is_stalled(harness: Harness) -> None:
    harness.given(pending())

    assert close(harness, end=End.STALLED, reason="redrive it")
    assert harness.record().status is Status.EXPIRED
    found = harness.orders.orders[KEY.order_id]
    assert (found["order_status"], found["stalled_reason"]) == ("STALLED", "redrive it")


def test_an_order_on_which_another_works_does_not_stall(harness: Harness) -> None:
    harness.given(pending(execution_arn=OTHER_EXECUTION))

    assert not close(harness, end=End.STALLED, reason="redrive it")
    assert order(harness) == (None, None)


def test_an_execution_that_was_refused_marks_no_order(harness: Harness) -> None:
    marked = close(harness, end=End.REFUSED, reason="it is another's")

    assert marked is False
    assert order(harness) == (None, None)


def test_another_order_is_left_alone(harness: Harness) -> None:
    other = TaskKey("another-order", SHIPPING)
    task = harness.given(pending(key=other))

    close(harness)

    assert harness.record(other) == task


def test_an_order_that_is_completed_does_not_fail(harness: Harness) -> None:
    harness.orders.orders[KEY.order_id]["order_status"] = "COMPLETED"

    assert close(harness) is False
    assert order(harness) == ("COMPLETED", None)


@pytest.mark.parametrize(
    ("port", "method"), [("tasks", "of_order"), ("tasks", "replace"), ("orders", "mark_failed")]
)
def test_what_cannot_be_reached_is_tried_again(port: str, method: str, harness: Harness) -> None:
    harness.given(pending())
    failing(getattr(harness, port), method, RecordUncertain("down"))

    with pytest.raises(DependencyUnavailable):
        close(harness)
    close(harness)

    assert harness.record().status is Status.EXPIRED
    assert order(harness) == FAILED
