"""Redeliverer: bound to attempt and digest, and silent about no promise."""

from dataclasses import replace

import pytest
from callbacks.domain.errors import DependencyUnavailable, RecordUncertain
from callbacks.domain.outcome import Outcome, digest
from callbacks.domain.ports import Redelivery
from callbacks.domain.task import (
    CallbackTask,
    OutcomeStatus,
    Settlement,
    Status,
    completed,
    dead_lettered,
    expired,
    joined,
    queued,
    settled,
    taken_over,
    undelivered,
)
from callbacks.usecases.redeliver import Disposition

from tests.support.scene import Scene, before, failing, untouched
from tests.support.tasks import (
    DELIVERED_ELSEWHERE,
    KEY,
    LOST,
    NOW,
    SHIPPED,
    completing,
    done,
    pending,
    settled_as,
    token,
    unsettled,
)

FIRST = Redelivery(KEY, "attempt-1", digest(SHIPPED))
RETRY_SECONDS = 30
HELD = queued(completing(), NOW)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def redeliver(scene: Scene, message: Redelivery = FIRST, *, last_try: bool = False) -> Disposition:
    return scene.redeliverer.redeliver(message, last_try=last_try, retry_seconds=RETRY_SECONDS)


def sent(scene: Scene, attempt: int = 1) -> Outcome | None:
    return scene.workflow.waits[token(attempt)].closed_by


def buried(scene: Scene) -> list[tuple[str, Outcome | None]]:
    return [(reason, outcome) for _, reason, outcome in scene.dead_letters.messages]


class TestOutcome:
    @pytest.mark.parametrize("task", [completing(), HELD, dead_lettered(HELD)])
    def test_is_delivered_and_the_task_closed(self, task: CallbackTask, scene: Scene) -> None:
        scene.given(task)

        assert redeliver(scene) is Disposition.DONE
        assert sent(scene) == SHIPPED
        assert scene.record() == completed(joined(task, NOW + 2 * RETRY_SECONDS), NOW)
        assert scene.dead_letters.messages == []

    def test_is_joined_before_it_is_sent(self, scene: Scene) -> None:
        scene.given(HELD)
        seen: list[CallbackTask] = []
        before(scene.workflow, "complete", lambda: seen.append(scene.record()))

        redeliver(scene)

        assert [task.sends for task in seen] == [2]

    def test_is_delivered_past_the_deadline(self, scene: Scene) -> None:
        scene.given(HELD)
        scene.clock.seconds = HELD.deadline + 3600

        assert redeliver(scene) is Disposition.DONE
        assert sent(scene) == SHIPPED

    @pytest.mark.parametrize(
        "error", [DependencyUnavailable("SendTaskSuccess"), DependencyUnavailable("time-out")]
    )
    def test_that_the_service_refuses_is_tried_again(self, error: Exception, scene: Scene) -> None:
        scene.given(HELD)
        failing(scene.workflow, "complete", error)

        assert redeliver(scene) is Disposition.RETRY
        assert scene.record() == joined(HELD, NOW + 2 * RETRY_SECONDS)
        assert redeliver(scene) is Disposition.DONE

    def test_that_was_delivered_before_is_closed(self, scene: Scene) -> None:
        scene.given(HELD)
        scene.workflow.complete(token(), SHIPPED)

        assert redeliver(scene) is Disposition.DONE
        assert scene.record().status is Status.COMPLETED
        assert scene.dead_letters.messages == []

    def test_without_evidence_is_tried_again(self, scene: Scene) -> None:
        scene.given(HELD)
        scene.workflow.time_out(token())
        failing(scene.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))

        assert redeliver(scene) is Disposition.RETRY
        assert scene.record().status is Status.COMPLETING

    def test_that_nobody_waits_for_is_reported_first_and_recorded_then(self, scene: Scene) -> None:
        scene.given(HELD)
        scene.workflow.time_out(token())
        seen: list[CallbackTask] = []
        before(scene.dead_letters, "send", lambda: seen.append(scene.record()))

        assert redeliver(scene) is Disposition.DONE
        assert [task.status for task in seen] == [Status.COMPLETING]
        assert buried(scene) == [("the workflow no longer waits", SHIPPED)]
        assert scene.record().status is Status.EXPIRED
        assert scene.record().outcome_status is OutcomeStatus.UNDELIVERED

    def test_that_cannot_be_reported_stays_recorded(self, scene: Scene) -> None:
        scene.given(HELD)
        scene.workflow.time_out(token())
        failing(scene.dead_letters, "send", DependencyUnavailable("SendMessage"))

        with pytest.raises(DependencyUnavailable):
            redeliver(scene)
        assert scene.record().status is Status.COMPLETING

    def test_is_not_sent_if_it_cannot_join(self, scene: Scene) -> None:
        scene.given(HELD)
        failing(scene.tasks, "replace", RecordUncertain("UpdateItem"))

        with pytest.raises(DependencyUnavailable):
            redeliver(scene)
        assert sent(scene) is None

    def test_that_was_superseded_meanwhile_is_not_sent(self, scene: Scene) -> None:
        scene.given(completing())
        before(scene.tasks, "replace", lambda: scene.given(unsettled()))

        assert redeliver(scene) is Disposition.RETRY
        assert (sent(scene, 1), sent(scene, 2)) == (None, None)
        assert scene.record() == unsettled()

    def test_that_was_superseded_while_it_was_sent_leaves_the_new_attempt_alone(
        self, scene: Scene
    ) -> None:
        scene.given(completing())
        newer = taken_over(joined(completing(), NOW + 2 * RETRY_SECONDS), pending(2))
        before(scene.workflow, "complete", lambda: scene.given(newer))

        assert redeliver(scene) is Disposition.DONE
        assert scene.record() == newer


class TestLastTry:
    def test_that_fails_keeps_the_outcome_for_a_person(self, scene: Scene) -> None:
        scene.given(HELD)
        failing(scene.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))

        assert redeliver(scene, last_try=True) is Disposition.DONE
        assert buried(scene) == [("the last try failed", SHIPPED)]
        task = scene.record()
        assert (task.status, task.outcome, task.task_token) == (
            Status.COMPLETING,
            SHIPPED,
            token(),
        )
        assert (task.outcome_status, task.due_at, task.ttl) == (
            OutcomeStatus.DEAD_LETTERED,
            None,
            None,
        )

    def test_that_fails_can_be_sent_on_again(self, scene: Scene) -> None:
        scene.given(HELD)
        failing(scene.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        redeliver(scene, last_try=True)
        [(message, _, _)] = scene.dead_letters.messages

        assert redeliver(scene, message) is Disposition.DONE
        assert sent(scene) == SHIPPED

    def test_that_works_is_no_failure(self, scene: Scene) -> None:
        scene.given(HELD)

        assert redeliver(scene, last_try=True) is Disposition.DONE
        assert scene.dead_letters.messages == []

    def test_that_finds_the_task_closed_meanwhile_reports_nothing(self, scene: Scene) -> None:
        scene.given(HELD)
        closed = completed(HELD, NOW)
        before(scene.tasks, "replace", lambda: scene.given(closed))

        assert redeliver(scene, last_try=True) is Disposition.RETRY
        assert redeliver(scene, last_try=True) is Disposition.DONE
        assert scene.dead_letters.messages == []
        assert untouched(scene.record(), closed)

    def test_of_a_past_attempt_without_evidence_is_reported(self, scene: Scene) -> None:
        scene.given(unsettled())

        assert redeliver(scene, last_try=True) is Disposition.DONE
        assert buried(scene) == [("no evidence of the attempt's end", SHIPPED)]
        past = scene.record().attempts["attempt-1"]
        assert past.settlement is Settlement.DEAD_LETTERED
        assert past.attempt is not None
        assert scene.record().due_at is None

    def test_of_a_past_attempt_can_be_settled_later(self, scene: Scene) -> None:
        scene.given(unsettled())
        redeliver(scene, last_try=True)
        scene.workflow.complete(token(1), SHIPPED)

        assert redeliver(scene) is Disposition.DONE
        assert scene.record().attempts["attempt-1"].settlement is Settlement.DELIVERED


class TestPastAttempt:
    def test_is_settled_and_never_sent(self, scene: Scene) -> None:
        scene.given(unsettled())

        assert redeliver(scene) is Disposition.RETRY
        assert sent(scene, 1) is None
        assert scene.record() == unsettled()

    def test_that_was_delivered_is_settled(self, scene: Scene) -> None:
        scene.given(unsettled())
        scene.workflow.complete(token(1), SHIPPED)

        assert redeliver(scene) is Disposition.DONE
        assert scene.record() == settled(unsettled(), "attempt-1", Settlement.DELIVERED, NOW)
        assert sent(scene, 2) is None

    def test_that_nobody_waited_for_is_reported(self, scene: Scene) -> None:
        scene.given(unsettled(LOST))
        scene.workflow.time_out(token(1))

        message = replace(FIRST, outcome_digest=digest(LOST))

        assert redeliver(scene, message) is Disposition.DONE
        assert buried(scene) == [("the workflow no longer waits", LOST)]
        past = scene.record().attempts["attempt-1"]
        assert past.settlement is Settlement.UNDELIVERED

    @pytest.mark.parametrize("settlement", [Settlement.DELIVERED, Settlement.UNDELIVERED])
    def test_that_is_settled_is_done_with(self, settlement: Settlement, scene: Scene) -> None:
        task = scene.given(settled_as(settlement))

        assert redeliver(scene) is Disposition.DONE
        assert scene.record() == task
        assert scene.dead_letters.messages == []

    def test_beside_a_claimed_one_leaves_it_due(self, scene: Scene) -> None:
        claimed_anew = replace(
            unsettled(),
            status=Status.COMPLETING,
            outcome=DELIVERED_ELSEWHERE,
            outcome_digest=digest(DELIVERED_ELSEWHERE),
            due_at=NOW + 60,
        )
        scene.given(claimed_anew)
        scene.workflow.complete(token(1), SHIPPED)

        redeliver(scene)

        assert scene.record().due_at == NOW + 60
        assert scene.record().status is Status.COMPLETING
        assert sent(scene, 2) is None


class TestStaleMessage:
    @pytest.mark.parametrize(
        "task", [done(), undelivered(completing(), NOW)], ids=["completed", "undelivered"]
    )
    def test_of_what_is_closed_is_done_with(self, task: CallbackTask, scene: Scene) -> None:
        scene.given(task)

        assert redeliver(scene) is Disposition.DONE
        assert scene.record() == task
        assert sent(scene) is None
        assert scene.dead_letters.messages == []

    @pytest.mark.parametrize(
        ("task", "why"),
        [
            (None, "the task's record is gone"),
            (completing(outcome=LOST), "the attempt recorded another outcome"),
            (pending(), "the attempt recorded another outcome"),
            (expired(pending(), NOW), "the attempt recorded another outcome"),
            (pending(2), "the attempt is no longer in the record"),
            (unsettled(LOST), "the attempt is no longer in the record"),
        ],
    )
    def test_of_what_is_not_there_is_reported(
        self, task: CallbackTask | None, why: str, scene: Scene
    ) -> None:
        if task is not None:
            scene.given(task)

        assert redeliver(scene) is Disposition.DONE
        assert buried(scene) == [(why, None)]
        assert scene.tasks.records == ({} if task is None else {KEY: task})
        assert [wait.closed_by for wait in scene.workflow.waits.values()] == [None] * 4

    def test_of_a_record_that_cannot_be_read_is_tried_again(self, scene: Scene) -> None:
        failing(scene.tasks, "get", RecordUncertain("GetItem"))

        with pytest.raises(DependencyUnavailable):
            redeliver(scene, last_try=True)
        assert scene.dead_letters.messages == []
