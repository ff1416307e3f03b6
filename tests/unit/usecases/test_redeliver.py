"""Redeliverer: bound to attempt and digest, and silent about no promise."""

from dataclasses import replace

import pytest
from callbacks.domain.errors import DependencyUnavailable, RecordUncertain, TokenNotAccepted
from callbacks.domain.outcome import Outcome, digest
from callbacks.domain.ports import Redelivery, Verdict
from callbacks.domain.task import (
    CallbackTask,
    OutcomeStatus,
    Settlement,
    Status,
    claimed,
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

from tests.support.harness import Harness, before, failing, untouched
from tests.support.tasks import (
    DELIVERED_ELSEWHERE,
    KEY,
    LOST,
    NOW,
    PRINCIPAL,
    RETENTION_SECONDS,
    SHIPPED,
    completing,
    done,
    pending,
    settled_as,
    token,
    unsettled,
)

FIRST = Redelivery(KEY, "attempt-1", digest(SHIPPED))
HALF_AN_HOUR = 1800
HELD = queued(completing(), "attempt-1", NOW)
TRIES_END_AT = NOW + 1 + 86_400 + 5 + 900


@pytest.fixture
def harness() -> Harness:
    return Harness()


def redeliver(
    harness: Harness, message: Redelivery = FIRST, *, last_try: bool = False
) -> Disposition:
    if last_try:
        harness.clock.seconds = TRIES_END_AT + 2
    return harness.redeliverer.redeliver(message)


def sent(harness: Harness, attempt: int = 1) -> Outcome | None:
    return harness.workflow.waits[token(attempt)].closed_by


def buried(harness: Harness, message: Redelivery = FIRST) -> list[tuple[str, Outcome | None]]:
    """Why, and what: each as this message."""
    assert {found for found, _, _ in harness.dead_letters.messages} == {message}
    return [(reason, outcome) for _, reason, outcome in harness.dead_letters.messages]


class TestOutcome:
    @pytest.mark.parametrize("task", [completing(), HELD, dead_lettered(HELD, NOW)])
    def test_is_delivered_and_the_task_closed(self, task: CallbackTask, harness: Harness) -> None:
        harness.given(task)

        assert redeliver(harness) is Disposition.DONE
        assert sent(harness) == SHIPPED
        assert harness.record() == completed(joined(task, NOW + HALF_AN_HOUR), NOW)
        assert harness.dead_letters.messages == []

    def test_is_joined_before_it_is_sent(self, harness: Harness) -> None:
        harness.given(HELD)
        seen: list[CallbackTask] = []
        before(harness.workflow, "complete", lambda: seen.append(harness.record()))

        redeliver(harness)

        assert [task.sends for task in seen] == [2]

    def test_is_delivered_past_the_deadline(self, harness: Harness) -> None:
        harness.given(HELD)
        harness.clock.seconds = HELD.deadline + 3600

        assert redeliver(harness) is Disposition.DONE
        assert sent(harness) == SHIPPED

    @pytest.mark.parametrize(
        "error", [DependencyUnavailable("SendTaskSuccess"), DependencyUnavailable("time-out")]
    )
    def test_that_the_service_refuses_is_tried_again(
        self, error: Exception, harness: Harness
    ) -> None:
        harness.given(HELD)
        failing(harness.workflow, "complete", error)

        assert redeliver(harness) is Disposition.RETRY
        assert harness.record() == joined(HELD, NOW + HALF_AN_HOUR)
        assert redeliver(harness) is Disposition.DONE

    def test_that_was_delivered_before_is_closed(self, harness: Harness) -> None:
        harness.given(HELD)
        harness.workflow.complete(token(), SHIPPED)

        assert redeliver(harness) is Disposition.DONE
        assert harness.record().status is Status.COMPLETED
        assert harness.dead_letters.messages == []

    def test_without_evidence_is_tried_again(self, harness: Harness) -> None:
        harness.given(HELD)
        harness.workflow.time_out(token())
        failing(harness.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))

        assert redeliver(harness) is Disposition.RETRY
        assert harness.record().status is Status.COMPLETING

    def test_that_nobody_waits_for_is_reported_first_and_recorded_then(
        self, harness: Harness
    ) -> None:
        harness.given(HELD)
        harness.workflow.time_out(token())
        seen: list[CallbackTask] = []
        before(harness.dead_letters, "send", lambda: seen.append(harness.record()))

        assert redeliver(harness) is Disposition.DONE
        assert [task.status for task in seen] == [Status.COMPLETING]
        assert buried(harness) == [("the workflow no longer waits", SHIPPED)]
        assert harness.record().status is Status.EXPIRED
        assert harness.record().outcome_status is OutcomeStatus.UNDELIVERED

    def test_that_cannot_be_reported_stays_recorded(self, harness: Harness) -> None:
        harness.given(HELD)
        harness.workflow.time_out(token())
        failing(harness.dead_letters, "send", DependencyUnavailable("SendMessage"))

        with pytest.raises(DependencyUnavailable):
            redeliver(harness)
        assert harness.record().status is Status.COMPLETING

    def test_is_not_sent_if_it_cannot_join(self, harness: Harness) -> None:
        harness.given(HELD)
        failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

        with pytest.raises(DependencyUnavailable):
            redeliver(harness)
        assert sent(harness) is None

    def test_that_was_superseded_meanwhile_is_not_sent(self, harness: Harness) -> None:
        harness.given(completing())
        before(harness.tasks, "replace", lambda: harness.given(unsettled()))

        assert redeliver(harness) is Disposition.RETRY
        assert (sent(harness, 1), sent(harness, 2)) == (None, None)
        assert harness.record() == unsettled()

    @pytest.mark.parametrize(
        ("sent", "last_try", "settlement"),
        [
            (None, False, Settlement.DELIVERED),
            (TokenNotAccepted("TaskTimedOut"), False, Settlement.UNDELIVERED),
            (DependencyUnavailable("SendTaskSuccess"), True, Settlement.DEAD_LETTERED),
        ],
        ids=["arrived", "gone", "given up"],
    )
    def test_that_was_superseded_while_it_was_sent_is_settled_beside_the_new_attempt(
        self,
        sent: Exception | None,
        last_try: bool,
        settlement: Settlement,
        harness: Harness,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Its message is done with: nothing else would settle it for hours."""
        harness.given(completing())

        def supersede(*_: object) -> None:
            harness.given(taken_over(harness.record(), pending(2)))
            if sent is not None:
                raise sent

        monkeypatch.setattr(harness.workflow, "complete", supersede)
        monkeypatch.setattr(harness.workflow, "verdict", lambda _: Verdict.GONE)

        assert redeliver(harness, last_try=last_try) is Disposition.DONE
        record = harness.record()
        assert (record.status, record.callback_id) == (Status.PENDING, "attempt-2")
        assert record.attempts["attempt-1"].settlement is settlement
        assert record.due_at == record.deadline

    def test_that_expired_while_it_was_sent_is_closed_as_delivered(self, harness: Harness) -> None:
        harness.given(HELD)
        joined_task = joined(HELD, NOW + HALF_AN_HOUR)
        expiry = undelivered(joined_task, NOW)
        before(harness.workflow, "complete", lambda: harness.given(expiry))

        assert redeliver(harness) is Disposition.DONE
        assert harness.record().status is Status.COMPLETED

    @pytest.mark.parametrize(
        "lacking", [replace(HELD, task_token=None), replace(HELD, outcome=None)]
    )
    def test_that_lacks_what_is_to_be_sent_is_not_sent(
        self, lacking: CallbackTask, harness: Harness
    ) -> None:
        harness.given(lacking)

        assert redeliver(harness) is Disposition.RETRY
        assert sent(harness) is None


class TestLastTry:
    def test_that_fails_keeps_the_outcome_for_a_person(self, harness: Harness) -> None:
        harness.given(HELD)
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))

        assert redeliver(harness, last_try=True) is Disposition.DONE
        assert buried(harness) == [("the last try failed", SHIPPED)]
        task = harness.record()
        assert (task.status, task.outcome, task.task_token) == (
            Status.COMPLETING,
            SHIPPED,
            token(),
        )
        assert (task.outcome_status, task.due_at, task.queued_at) == (
            OutcomeStatus.DEAD_LETTERED,
            None,
            None,
        )
        assert task.ttl == TRIES_END_AT + 2 + RETENTION_SECONDS

    def test_comes_no_earlier_than_a_quarter_of_an_hour_after_the_deadline(
        self, harness: Harness
    ) -> None:
        harness.given(HELD)
        harness.workflow.time_out(token())
        failing(harness.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))
        harness.clock.seconds = TRIES_END_AT

        assert redeliver(harness) is Disposition.RETRY
        assert harness.dead_letters.messages == []

    def test_beside_an_unsettled_attempt_leaves_that_one_due(self, harness: Harness) -> None:
        harness.given(claimed(unsettled(), DELIVERED_ELSEWHERE, PRINCIPAL, NOW))
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        second = Redelivery(KEY, "attempt-2", digest(DELIVERED_ELSEWHERE))

        harness.clock.seconds = TRIES_END_AT + 2
        assert redeliver(harness, second) is Disposition.DONE
        assert harness.record().outcome_status is OutcomeStatus.DEAD_LETTERED
        assert (harness.record().due_at, harness.record().ttl) == (
            TRIES_END_AT + 2 + HALF_AN_HOUR,
            None,
        )

        harness.workflow.complete(token(1), SHIPPED)
        assert redeliver(harness) is Disposition.DONE
        assert harness.record().unsettled == {}
        assert (harness.record().due_at, harness.record().ttl) == (
            None,
            TRIES_END_AT + 2 + RETENTION_SECONDS,
        )

    def test_that_fails_can_be_sent_on_again(self, harness: Harness) -> None:
        harness.given(HELD)
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        redeliver(harness, last_try=True)
        [(message, _, _)] = harness.dead_letters.messages

        assert redeliver(harness, message) is Disposition.DONE
        assert sent(harness) == SHIPPED

    def test_that_works_is_no_failure(self, harness: Harness) -> None:
        harness.given(HELD)

        assert redeliver(harness, last_try=True) is Disposition.DONE
        assert harness.dead_letters.messages == []

    def test_that_finds_the_task_closed_meanwhile_reports_nothing(self, harness: Harness) -> None:
        harness.given(HELD)
        closed = completed(HELD, NOW)
        before(harness.tasks, "replace", lambda: harness.given(closed))

        assert redeliver(harness, last_try=True) is Disposition.RETRY
        assert redeliver(harness, last_try=True) is Disposition.DONE
        assert harness.dead_letters.messages == []
        assert untouched(harness.record(), closed)

    def test_of_a_past_attempt_without_evidence_is_reported(self, harness: Harness) -> None:
        harness.given(unsettled())

        assert redeliver(harness, last_try=True) is Disposition.DONE
        assert buried(harness) == [("no evidence of the attempt's end", SHIPPED)]
        past = harness.record().attempts["attempt-1"]
        assert past.settlement is Settlement.DEAD_LETTERED
        assert past.attempt is not None
        assert harness.record().due_at == harness.record().deadline

    def test_of_a_past_attempt_can_be_settled_later(self, harness: Harness) -> None:
        harness.given(unsettled())
        redeliver(harness, last_try=True)
        harness.workflow.complete(token(1), SHIPPED)

        assert redeliver(harness) is Disposition.DONE
        assert harness.record().attempts["attempt-1"].settlement is Settlement.DELIVERED

    def test_of_a_past_attempt_whose_outcome_is_not_kept_is_reported_without_it(
        self, harness: Harness
    ) -> None:
        harness.given(settled_as(Settlement.DEAD_LETTERED))

        assert redeliver(harness, last_try=True) is Disposition.DONE
        assert buried(harness) == [("no evidence of the attempt's end", None)]


class TestPastAttempt:
    def test_whose_outcome_is_not_kept_is_tried_again(self, harness: Harness) -> None:
        harness.given(settled_as(Settlement.DEAD_LETTERED))

        assert redeliver(harness) is Disposition.RETRY

    def test_that_is_settled_meanwhile_is_settled_once(self, harness: Harness) -> None:
        harness.given(unsettled())
        harness.workflow.complete(token(1), SHIPPED)
        elsewhere = settled(unsettled(), "attempt-1", Settlement.DELIVERED, NOW)
        before(harness.tasks, "replace", lambda: harness.given(elsewhere))

        assert redeliver(harness) is Disposition.DONE
        assert harness.record() == elsewhere

    def test_that_is_forgotten_meanwhile_is_done_with(self, harness: Harness) -> None:
        harness.given(unsettled())
        harness.workflow.complete(token(1), SHIPPED)
        forgotten = replace(unsettled(), attempts={}, version=9)
        before(harness.tasks, "replace", lambda: harness.given(forgotten))

        assert redeliver(harness) is Disposition.DONE
        assert harness.record() == forgotten

    def test_is_settled_and_never_sent(self, harness: Harness) -> None:
        harness.given(unsettled())

        assert redeliver(harness) is Disposition.RETRY
        assert sent(harness, 1) is None
        assert harness.record() == unsettled()

    def test_that_was_delivered_is_settled(self, harness: Harness) -> None:
        harness.given(unsettled())
        harness.workflow.complete(token(1), SHIPPED)

        assert redeliver(harness) is Disposition.DONE
        assert harness.record() == settled(unsettled(), "attempt-1", Settlement.DELIVERED, NOW)
        assert sent(harness, 2) is None

    def test_that_nobody_waited_for_is_reported(self, harness: Harness) -> None:
        harness.given(unsettled(LOST))
        harness.workflow.time_out(token(1))

        message = replace(FIRST, outcome_digest=digest(LOST))

        assert redeliver(harness, message) is Disposition.DONE
        assert buried(harness, message) == [("the workflow no longer waits", LOST)]
        past = harness.record().attempts["attempt-1"]
        assert past.settlement is Settlement.UNDELIVERED

    @pytest.mark.parametrize("settlement", [Settlement.DELIVERED, Settlement.UNDELIVERED])
    def test_that_is_settled_is_done_with(self, settlement: Settlement, harness: Harness) -> None:
        task = harness.given(settled_as(settlement))

        assert redeliver(harness) is Disposition.DONE
        assert harness.record() == task
        assert harness.dead_letters.messages == []

    def test_beside_a_claimed_one_leaves_it_due(self, harness: Harness) -> None:
        claimed_anew = replace(
            unsettled(),
            status=Status.COMPLETING,
            outcome=DELIVERED_ELSEWHERE,
            outcome_digest=digest(DELIVERED_ELSEWHERE),
            due_at=NOW + 60,
        )
        harness.given(claimed_anew)
        harness.workflow.complete(token(1), SHIPPED)

        redeliver(harness)

        assert harness.record().due_at == NOW + 60
        assert harness.record().status is Status.COMPLETING
        assert sent(harness, 2) is None


class TestStaleMessage:
    @pytest.mark.parametrize(
        "task", [done(), undelivered(completing(), NOW)], ids=["completed", "undelivered"]
    )
    def test_of_what_is_closed_is_done_with(self, task: CallbackTask, harness: Harness) -> None:
        harness.given(task)

        assert redeliver(harness) is Disposition.DONE
        assert harness.record() == task
        assert sent(harness) is None
        assert harness.dead_letters.messages == []

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
        self, task: CallbackTask | None, why: str, harness: Harness
    ) -> None:
        if task is not None:
            harness.given(task)

        assert redeliver(harness) is Disposition.DONE
        assert buried(harness) == [(why, None)]
        assert harness.tasks.records == ({} if task is None else {KEY: task})
        assert [wait.closed_by for wait in harness.workflow.waits.values()] == [None] * 4

    def test_of_a_record_that_cannot_be_read_is_tried_again(self, harness: Harness) -> None:
        failing(harness.tasks, "get", RecordUncertain("GetItem"))

        with pytest.raises(DependencyUnavailable):
            redeliver(harness, last_try=True)
        assert harness.dead_letters.messages == []
