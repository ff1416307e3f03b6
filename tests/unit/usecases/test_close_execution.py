"""ExecutionCloser: no order stays half-done, and none that somebody works on is touched."""

import pytest
from callbacks.domain.errors import DependencyUnavailable, RecordUncertain
from callbacks.domain.task import CallbackTask, Status, TaskKey, expired, taken_over

from tests.support.channels import SHIPPING
from tests.support.scene import Scene, before, failing
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
def scene() -> Scene:
    scene = Scene()
    scene.clock.seconds = NOW + 61
    return scene


def close(scene: Scene, ended_at: int = ENDED_AT) -> bool:
    return scene.closer.close(KEY.order_id, EXECUTION, "it was aborted", ended_at=ended_at)


def order(scene: Scene) -> tuple[str | None, str | None]:
    found = scene.orders.orders[KEY.order_id]
    return found.get("order_status"), found.get("failure_reason")


FAILED = ("FAILED", "it was aborted")


def test_a_pending_task_expires_and_the_order_fails(scene: Scene) -> None:
    scene.given(pending())

    assert close(scene) is True
    assert scene.record() == expired(pending(), NOW + 61)
    assert order(scene) == FAILED


def test_all_tasks_of_the_execution_expire(scene: Scene) -> None:
    other = TaskKey(KEY.order_id, "ORDER_BILLING_SERVICE")
    scene.given(pending())
    scene.given(pending(key=other))

    close(scene)

    assert scene.record().status is Status.EXPIRED
    assert scene.record(other).status is Status.EXPIRED


def test_a_repeat_changes_nothing(scene: Scene) -> None:
    scene.given(pending())
    close(scene)
    before_repeat = scene.record()

    assert close(scene) is False
    assert scene.record() == before_repeat


def test_an_execution_that_registered_nothing_still_fails_its_order(scene: Scene) -> None:
    assert close(scene) is True
    assert order(scene) == FAILED


@pytest.mark.parametrize("task", [completing(), done(), unsettled()])
def test_an_answer_that_is_recorded_is_left_to_redelivery(task: CallbackTask, scene: Scene) -> None:
    scene.given(task)

    assert close(scene) is True
    record = scene.record()
    assert record.outcome_digest == task.outcome_digest
    assert record.attempts == task.attempts
    assert (record.due_at is None) == (task.due_at is None)


def test_an_answer_that_comes_meanwhile_is_kept(scene: Scene) -> None:
    scene.given(pending())
    before(scene.tasks, "replace", lambda: scene.given(completing()))

    close(scene)

    assert scene.record() == completing()


@pytest.mark.parametrize(
    "task",
    [
        pending(execution_arn=OTHER_EXECUTION),
        completing(execution_arn=OTHER_EXECUTION),
        pending(requested_at=ENDED_AT + 1),
    ],
    ids=["another waits", "another is being answered", "it was redriven"],
)
def test_an_order_that_is_worked_on_is_left_alone(task: CallbackTask, scene: Scene) -> None:
    scene.given(task)

    assert close(scene) is False
    assert scene.record() == task
    assert order(scene) == (None, None)


def test_a_wait_of_another_that_is_past_its_deadline_is_no_work(scene: Scene) -> None:
    task = scene.given(pending(execution_arn=OTHER_EXECUTION))
    scene.clock.seconds = task.deadline + 1

    assert close(scene) is True
    assert scene.record() == task


def test_an_attempt_that_registers_meanwhile_does_not_expire(scene: Scene) -> None:
    newer = taken_over(pending(), pending(2, requested_at=ENDED_AT + 1))
    scene.given(pending())
    before(scene.tasks, "replace", lambda: scene.given(newer))

    close(scene)

    assert scene.record() == newer


def test_another_order_is_left_alone(scene: Scene) -> None:
    other = TaskKey("another-order", SHIPPING)
    task = scene.given(pending(key=other))

    close(scene)

    assert scene.record(other) == task


def test_an_order_that_is_completed_does_not_fail(scene: Scene) -> None:
    scene.orders.orders[KEY.order_id]["order_status"] = "COMPLETED"

    assert close(scene) is False
    assert order(scene) == ("COMPLETED", None)


@pytest.mark.parametrize(
    ("port", "method"), [("tasks", "of_order"), ("tasks", "replace"), ("orders", "mark_failed")]
)
def test_what_cannot_be_reached_is_tried_again(port: str, method: str, scene: Scene) -> None:
    scene.given(pending())
    failing(getattr(scene, port), method, RecordUncertain("down"))

    with pytest.raises(DependencyUnavailable):
        close(scene)

    assert close(scene) is True
    assert scene.record().status is Status.EXPIRED
    assert order(scene) == FAILED
