"""Completer: every row of the tables of the protocol."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from callbacks.domain.errors import (
    AttemptNotCurrent,
    CallbackIdRequired,
    CallbackRefused,
    ConflictingOutcome,
    DependencyUnavailable,
    NotKnownToBeAccepted,
    RecordUncertain,
    TaskGone,
    TaskNotFound,
)
from callbacks.domain.outcome import Outcome, digest
from callbacks.domain.ports import Redelivery, Write
from callbacks.domain.task import (
    CallbackTask,
    OutcomeStatus,
    Settlement,
    Status,
    TaskKey,
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
from callbacks.usecases.complete import Result

from tests.support.harness import Harness, before, failing
from tests.support.tasks import (
    BUSY,
    DELIVERED_ELSEWHERE,
    EXECUTION,
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


@pytest.fixture
def harness() -> Harness:
    return Harness()


def complete(
    harness: Harness, callback_id: str | None = "attempt-1", outcome: Outcome = SHIPPED
) -> Result:
    return harness.completer.complete(KEY, callback_id, outcome, PRINCIPAL)


def sent(harness: Harness, attempt: int = 1) -> Outcome | None:
    return harness.workflow.waits[token(attempt)].closed_by


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, BaseException | None]]:
    return [(one.message, one.exc_info[1] if one.exc_info else None) for one in caplog.records]


class TestClaim:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    @pytest.mark.parametrize("outcome", [SHIPPED, LOST, BUSY])
    def test_an_outcome_reaches_the_workflow(
        self, callback_id: str | None, outcome: Outcome, harness: Harness
    ) -> None:
        harness.given(pending())

        assert complete(harness, callback_id, outcome) is Result.DELIVERED
        assert sent(harness) == outcome
        task = harness.record()
        assert task == completed(claimed(pending(), outcome, PRINCIPAL, NOW), NOW)
        assert (task.status, task.task_token, task.principal) == (
            Status.COMPLETED,
            None,
            PRINCIPAL,
        )
        assert harness.queue.messages == []

    def test_the_outcome_is_recorded_before_it_is_sent(self, harness: Harness) -> None:
        harness.given(pending())
        recorded: list[CallbackTask] = []
        before(harness.workflow, "complete", lambda: recorded.append(harness.record()))

        complete(harness)

        assert [(task.status, task.outcome) for task in recorded] == [(Status.COMPLETING, SHIPPED)]

    def test_an_outcome_at_the_deadline_is_in_time(self, harness: Harness) -> None:
        harness.given(pending())
        harness.clock.seconds = pending().deadline

        assert complete(harness) is Result.DELIVERED

    def test_an_outcome_that_differs_from_a_past_one_needs_no_id(self, harness: Harness) -> None:
        harness.given(unsettled(LOST))

        assert complete(harness, None) is Result.DELIVERED
        assert sent(harness, 2) == SHIPPED

    @pytest.mark.parametrize("lost_reply", [True, False])
    def test_a_claim_of_which_nothing_is_known_is_to_be_sent_again(
        self, lost_reply: bool, harness: Harness
    ) -> None:
        harness.given(pending())
        failing(harness.tasks, "claim", RecordUncertain("UpdateItem"), done=lost_reply)

        with pytest.raises(NotKnownToBeAccepted, match="not known to be accepted"):
            complete(harness)
        assert sent(harness) is None

        assert complete(harness) is Result.DELIVERED
        assert sent(harness) == SHIPPED

    def test_a_refusal_for_which_the_record_gives_no_reason_is_to_be_sent_again(
        self, harness: Harness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refusal = Write(applied=False, task=pending())
        monkeypatch.setattr(harness.tasks, "claim", lambda *_: refusal)

        with pytest.raises(NotKnownToBeAccepted):
            complete(harness)

    def test_a_refusal_without_a_reason_is_to_be_sent_again_where_the_id_is_required_and_given(
        self, harness: Harness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refusal = Write(applied=False, task=pending(callback_id_required=True))
        monkeypatch.setattr(harness.tasks, "claim", lambda *_: refusal)

        with pytest.raises(NotKnownToBeAccepted):
            complete(harness)

    @pytest.mark.parametrize(
        "lacking", [replace(completing(), task_token=None), replace(completing(), outcome=None)]
    )
    def test_a_record_that_lacks_what_is_to_be_sent_is_not_sent(
        self, lacking: CallbackTask, harness: Harness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = Write(applied=True, task=lacking)
        monkeypatch.setattr(harness.tasks, "claim", lambda *_: write)

        with pytest.raises(NotKnownToBeAccepted):
            complete(harness)
        assert sent(harness) is None


REFUSALS: dict[str, tuple[CallbackTask | None, str | None, Outcome, type[CallbackRefused], str]] = {
    "no task": (None, "attempt-1", SHIPPED, TaskNotFound, "no ORDER_SHIPPING_SERVICE task"),
    "another attempt, id unknown": (
        pending(),
        "attempt-7",
        SHIPPED,
        AttemptNotCurrent,
        "^callback_id names an attempt that is not the current one; nothing was taken$",
    ),
    "a past attempt, another outcome": (
        settled_as(Settlement.DELIVERED),
        "attempt-1",
        LOST,
        AttemptNotCurrent,
        "not the current one",
    ),
    "a past attempt, undelivered": (
        settled_as(Settlement.UNDELIVERED),
        "attempt-1",
        SHIPPED,
        TaskGone,
        "no longer waits",
    ),
    "no id, a past attempt's outcome": (
        settled_as(Settlement.DELIVERED),
        None,
        SHIPPED,
        AttemptNotCurrent,
        "^an earlier attempt had the same outcome: send the callback_id of the message that asked "
        "for this one$",
    ),
    "a past attempt, whose outcome is not kept": (
        settled_as(Settlement.DEAD_LETTERED),
        "attempt-1",
        SHIPPED,
        TaskGone,
        "no longer waits",
    ),
    "no id, and it is required": (
        pending(callback_id_required=True),
        None,
        SHIPPED,
        CallbackIdRequired,
        "callback_id is missing",
    ),
    "completing, another outcome": (
        completing(),
        "attempt-1",
        LOST,
        ConflictingOutcome,
        "it stands",
    ),
    "completed, another outcome": (done(), "attempt-1", LOST, ConflictingOutcome, "it stands"),
    "expired": (expired(pending(), NOW), "attempt-1", SHIPPED, TaskGone, "no longer waits"),
    "undelivered": (
        undelivered(completing(), NOW),
        "attempt-1",
        SHIPPED,
        TaskGone,
        "no longer waits",
    ),
}


@pytest.mark.parametrize(
    ("task", "callback_id", "outcome", "refusal", "why"), REFUSALS.values(), ids=REFUSALS
)
def test_a_refusal_changes_nothing(
    task: CallbackTask | None,
    callback_id: str | None,
    outcome: Outcome,
    refusal: type[CallbackRefused],
    why: str,
    harness: Harness,
) -> None:
    if task is not None:
        harness.given(task)

    with pytest.raises(refusal, match=why):
        complete(harness, callback_id, outcome)

    assert harness.tasks.records == ({} if task is None else {KEY: task})
    assert [wait.closed_by for wait in harness.workflow.waits.values()] == [None] * 4
    assert harness.queue.messages == []


def test_a_registration_is_no_task(harness: Harness) -> None:
    key = TaskKey("#CHANNEL", KEY.task_type)

    with pytest.raises(TaskNotFound):
        harness.completer.complete(key, None, SHIPPED, PRINCIPAL)
    with pytest.raises(TaskNotFound):
        harness.completer.heartbeat(key, None)


def test_past_the_deadline_the_task_expires(harness: Harness) -> None:
    harness.given(pending())
    harness.clock.seconds = pending().deadline + 1

    with pytest.raises(TaskGone):
        complete(harness)

    assert harness.record() == expired(pending(), pending().deadline + 1)
    assert sent(harness) is None


def test_past_the_deadline_is_gone_even_if_that_cannot_be_recorded(harness: Harness) -> None:
    harness.given(pending())
    harness.clock.seconds = pending().deadline + 1
    failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

    with pytest.raises(TaskGone):
        complete(harness)

    assert harness.record() == pending()


def test_an_attempt_that_registers_meanwhile_does_not_expire(harness: Harness) -> None:
    harness.given(pending())
    harness.clock.seconds = pending().deadline + 1
    newer = taken_over(pending(), pending(2))
    before(harness.tasks, "replace", lambda: harness.given(newer))

    with pytest.raises(TaskGone):
        complete(harness)

    assert harness.record() == newer


def test_the_deadline_is_not_judged_once_an_outcome_is_recorded(harness: Harness) -> None:
    harness.given(completing())
    harness.clock.seconds = completing().deadline + 1

    assert complete(harness) is Result.DELIVERED
    assert sent(harness) == SHIPPED


class TestRepeat:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    def test_of_what_was_delivered_is_a_duplicate(
        self, callback_id: str | None, harness: Harness
    ) -> None:
        harness.given(done())

        assert complete(harness, callback_id) is Result.DUPLICATE
        assert harness.record() == done()
        assert sent(harness) is None

    def test_is_known_by_the_outcome_whatever_its_digest(self, harness: Harness) -> None:
        harness.given(replace(completing(), outcome_digest="v1:of-another-spelling"))

        assert complete(harness) is Result.DELIVERED
        assert sent(harness) == SHIPPED

    def test_of_a_past_attempt_is_known_by_the_outcome_whatever_its_digest(
        self, harness: Harness
    ) -> None:
        past = replace(unsettled().attempts["attempt-1"], outcome_digest="v1:of-another-spelling")
        harness.given(replace(unsettled(), attempts={"attempt-1": past}))
        used(harness)

        assert complete(harness) is Result.DUPLICATE

    def test_of_a_past_attempt_that_was_delivered_is_a_duplicate(self, harness: Harness) -> None:
        task = harness.given(settled_as(Settlement.DELIVERED))

        assert complete(harness) is Result.DUPLICATE
        assert harness.record() == task

    @pytest.mark.parametrize(
        "task", [completing(), queued(joined(completing(), NOW), "attempt-1", NOW)]
    )
    def test_of_what_is_on_its_way_is_sent_as_well(
        self, task: CallbackTask, harness: Harness
    ) -> None:
        harness.given(task)

        assert complete(harness) is Result.DELIVERED
        assert sent(harness) == SHIPPED
        assert harness.record().status is Status.COMPLETED
        assert harness.record().sends == task.sends + 1

    def test_that_finds_it_delivered_meanwhile_is_a_duplicate(self, harness: Harness) -> None:
        harness.given(completing())
        before(harness.tasks, "replace", lambda: harness.given(done()))

        assert complete(harness) is Result.DUPLICATE
        assert sent(harness) is None

    def test_that_finds_a_new_attempt_meanwhile_is_settled_as_of_the_old(
        self, harness: Harness
    ) -> None:
        harness.given(completing())
        before(harness.tasks, "replace", lambda: harness.given(unsettled()))

        assert complete(harness, None) is Result.HELD
        assert sent(harness, 2) is None

    def test_that_finds_the_record_deleted_meanwhile_is_to_be_sent_again(
        self, harness: Harness
    ) -> None:
        harness.given(completing())
        before(harness.tasks, "replace", harness.tasks.records.clear)

        with pytest.raises(NotKnownToBeAccepted):
            complete(harness)

    def test_that_cannot_join_is_to_be_sent_again(self, harness: Harness) -> None:
        harness.given(completing())
        failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

        with pytest.raises(NotKnownToBeAccepted):
            complete(harness)
        assert sent(harness) is None


class TestUnsettledPastAttempt:
    def test_is_a_duplicate_once_the_history_shows_it(self, harness: Harness) -> None:
        harness.given(unsettled())
        harness.workflow.complete(token(1), SHIPPED)

        assert complete(harness) is Result.DUPLICATE
        assert harness.record().attempts["attempt-1"].settlement is Settlement.DELIVERED
        assert harness.record().due_at == harness.record().deadline
        assert sent(harness, 2) is None

    def test_that_is_settled_meanwhile_is_settled_once(self, harness: Harness) -> None:
        harness.given(unsettled())
        used(harness)
        elsewhere = settled(unsettled(), "attempt-1", Settlement.DELIVERED, NOW)
        before(harness.tasks, "replace", lambda: harness.given(elsewhere))

        assert complete(harness) is Result.DUPLICATE
        assert harness.record() == elsewhere

    def test_that_is_forgotten_meanwhile_is_a_duplicate(self, harness: Harness) -> None:
        harness.given(unsettled())
        used(harness)
        forgotten = replace(unsettled(), attempts={}, version=9)
        before(harness.tasks, "replace", lambda: harness.given(forgotten))

        assert complete(harness) is Result.DUPLICATE
        assert harness.record() == forgotten

    def test_is_a_duplicate_even_if_that_cannot_be_recorded(self, harness: Harness) -> None:
        task = harness.given(unsettled())
        harness.workflow.complete(token(1), SHIPPED)
        failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

        assert complete(harness) is Result.DUPLICATE
        assert harness.record() == task

    def test_is_held_without_evidence(self, harness: Harness) -> None:
        task = harness.given(unsettled())

        assert complete(harness) is Result.HELD
        assert harness.record() == task

    def test_is_held_while_the_history_cannot_be_read(self, harness: Harness) -> None:
        harness.given(unsettled())
        harness.workflow.complete(token(1), SHIPPED)
        failing(harness.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))

        assert complete(harness) is Result.HELD

    def test_is_gone_and_reported_by_redelivery(self, harness: Harness) -> None:
        task = harness.given(unsettled())
        harness.workflow.time_out(token(1))

        with pytest.raises(TaskGone):
            complete(harness)

        assert harness.record() == task
        harness.clock.seconds = NOW + 60
        harness.sweeper.sweep()
        assert harness.queue.messages == [FIRST]

    @pytest.mark.parametrize("is_gone", [False, True])
    def test_that_was_given_up_is_queued_again(self, is_gone: bool, harness: Harness) -> None:
        given_up = settled(unsettled(), "attempt-1", Settlement.DEAD_LETTERED, NOW)
        harness.given(given_up)
        if is_gone:
            harness.workflow.time_out(token(1))
            with pytest.raises(TaskGone):
                complete(harness)
        else:
            assert complete(harness) is Result.HELD

        assert given_up.due_at == given_up.deadline
        assert harness.record().due_at == NOW + 60
        assert harness.record().ttl is None
        harness.clock.seconds = NOW + 60
        harness.sweeper.sweep()
        assert harness.queue.messages == [FIRST]

    def test_that_cannot_be_taken_up_again_is_not_promised(self, harness: Harness) -> None:
        harness.given(settled(unsettled(), "attempt-1", Settlement.DEAD_LETTERED, NOW))
        failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

        with pytest.raises(NotKnownToBeAccepted):
            complete(harness)


class TestSend:
    def test_that_the_service_refuses_again_is_queued_once(self, harness: Harness) -> None:
        harness.given(pending())
        for _ in range(3):
            failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
            assert complete(harness) is Result.HELD
            harness.clock.advance(60)

        assert harness.queue.messages == [FIRST]
        assert harness.record().sends == 3

    def test_that_was_given_up_is_queued_again(self, harness: Harness) -> None:
        given_up = harness.given(dead_lettered(completing(), NOW))
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))

        assert complete(harness) is Result.HELD
        assert harness.queue.messages == [FIRST]
        assert (given_up.due_at, given_up.ttl) == (None, completing().deadline + RETENTION_SECONDS)
        assert harness.record().outcome_status is OutcomeStatus.QUEUED
        assert (harness.record().due_at, harness.record().ttl) == (NOW + 1800, None)

    def test_that_was_given_up_is_due_again_even_if_it_cannot_be_queued(
        self, harness: Harness
    ) -> None:
        harness.given(dead_lettered(completing(), NOW))
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        failing(harness.queue, "send", DependencyUnavailable("SendMessage"))

        assert complete(harness) is Result.HELD
        assert (harness.record().due_at, harness.record().ttl) == (NOW + 60, None)

    def test_that_the_service_refuses_is_held(self, harness: Harness) -> None:
        harness.given(pending())
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))

        assert complete(harness) is Result.HELD
        assert harness.queue.messages == [FIRST]
        task = harness.record()
        assert (task.status, task.outcome_status) == (Status.COMPLETING, OutcomeStatus.QUEUED)
        assert (task.outcome, task.ttl) == (SHIPPED, None)
        assert task.due_at is not None
        assert task.due_at > completing().due_at  # type: ignore[operator]

    def test_is_held_by_the_record_alone_if_the_queue_fails(self, harness: Harness) -> None:
        harness.given(pending())
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        failing(harness.queue, "send", DependencyUnavailable("SendMessage"))

        assert complete(harness) is Result.HELD
        assert harness.record() == completing()
        assert harness.record().due_at == NOW + 60

    def test_is_held_even_if_queueing_cannot_be_noted(self, harness: Harness) -> None:
        harness.given(pending())
        failing(harness.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        failing(harness.tasks, "replace", RecordUncertain("UpdateItem"))

        assert complete(harness) is Result.HELD
        assert harness.queue.messages == [FIRST]
        assert harness.record() == completing()

    @pytest.mark.parametrize("task", [pending(), completing()])
    def test_is_good_even_if_closing_fails(self, task: CallbackTask, harness: Harness) -> None:
        harness.given(task)
        before(
            harness.workflow,
            "complete",
            lambda: failing(harness.tasks, "replace", RecordUncertain("UpdateItem")),
        )

        assert complete(harness) is Result.DELIVERED
        assert sent(harness) == SHIPPED
        assert harness.record().status is Status.COMPLETING

    def test_is_good_even_if_a_new_attempt_registers_before_closing(self, harness: Harness) -> None:
        harness.given(pending())
        before(harness.tasks, "replace", lambda: harness.given(unsettled()))

        assert complete(harness) is Result.DELIVERED
        assert harness.record() == unsettled()

    def test_mends_a_record_that_expired_meanwhile(self, harness: Harness) -> None:
        harness.given(pending())
        before(harness.tasks, "replace", lambda: harness.given(undelivered(completing(), NOW)))

        assert complete(harness) is Result.DELIVERED
        assert harness.record().status is Status.COMPLETED


def used(harness: Harness) -> None:
    """The send worked and its reply was lost."""
    harness.workflow.complete(token(1), SHIPPED)


def gone(harness: Harness) -> None:
    harness.workflow.time_out(token(1))


def in_doubt(harness: Harness) -> None:
    """The token is refused, and the history has nothing yet."""
    gone(harness)
    failing(harness.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))


UNSENT = ("workflow", "complete", DependencyUnavailable("SendTaskSuccess"))
UNQUEUED = ("queue", "send", DependencyUnavailable("SendMessage"))
UNRECORDED = ("tasks", "replace", RecordUncertain("UpdateItem"))


@pytest.mark.parametrize(
    ("task", "failures", "events"),
    [
        (pending(), [UNSENT], ["OUTCOME_HELD"]),
        (pending(), [UNSENT, UNQUEUED], ["OUTCOME_HELD", "REDELIVERY_NOT_QUEUED"]),
        (pending(), [UNSENT, UNRECORDED], ["OUTCOME_HELD", "QUEUEING_NOT_RECORDED"]),
        (pending(), [UNRECORDED], ["CLOSE_NOT_RECORDED"]),
        (pending(requested_at=0), [UNRECORDED], ["EXPIRY_NOT_RECORDED"]),
    ],
)
def test_what_is_left_to_redelivery_is_logged_with_its_error(
    task: CallbackTask,
    failures: list[tuple[str, str, Exception]],
    events: list[str],
    harness: Harness,
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness.given(task)
    for port, method, error in failures:
        failing(getattr(harness, port), method, error)

    with suppress(TaskGone):
        complete(harness)

    assert logged(caplog) == [
        (event, error) for event, (_, _, error) in zip(events, failures, strict=True)
    ]


def test_a_settlement_that_cannot_be_recorded_is_logged_with_its_error(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.given(unsettled())
    used(harness)
    error = RecordUncertain("UpdateItem")
    failing(harness.tasks, "replace", error)

    complete(harness)

    assert logged(caplog) == [("SETTLEMENT_NOT_RECORDED", error)]


class TestRefusedToken:
    @pytest.mark.parametrize("task", [pending(), completing()])
    def test_of_what_was_delivered_is_good(self, task: CallbackTask, harness: Harness) -> None:
        harness.given(task)
        used(harness)

        assert complete(harness) is Result.DELIVERED
        assert harness.record().status is Status.COMPLETED

    def test_of_a_sole_sender_is_gone_and_recorded(self, harness: Harness) -> None:
        harness.given(pending())
        gone(harness)

        with pytest.raises(TaskGone):
            complete(harness)

        assert harness.record() == undelivered(completing(), NOW)
        assert harness.queue.messages == []

    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda harness: harness.given(joined(completing(), NOW + 60)),
            lambda harness: failing(harness.tasks, "replace", RecordUncertain("UpdateItem")),
        ],
        ids=["another joined", "the record is uncertain"],
    )
    def test_that_was_promised_to_somebody_is_reported_by_redelivery(
        self, meanwhile: Callable[[Harness], object], harness: Harness
    ) -> None:
        harness.given(pending())
        gone(harness)
        before(harness.workflow, "verdict", lambda: meanwhile(harness))

        with pytest.raises(TaskGone):
            complete(harness)

        assert harness.queue.messages == [FIRST]
        assert harness.record().status is Status.COMPLETING

    def test_of_a_repeat_is_reported_by_redelivery(self, harness: Harness) -> None:
        harness.given(completing())
        gone(harness)

        with pytest.raises(TaskGone):
            complete(harness)

        assert harness.queue.messages == [FIRST]
        assert harness.record().status is Status.COMPLETING

    @pytest.mark.parametrize("task", [pending(), completing()])
    def test_without_evidence_is_held(self, task: CallbackTask, harness: Harness) -> None:
        harness.given(task)
        in_doubt(harness)

        assert complete(harness) is Result.HELD
        assert harness.queue.messages == [FIRST]
        assert harness.record().outcome_status is OutcomeStatus.QUEUED


class TestHeartbeat:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    def test_is_passed_on_and_not_kept(self, callback_id: str | None, harness: Harness) -> None:
        harness.given(pending())

        assert harness.completer.heartbeat(KEY, callback_id) is Result.HEARTBEAT
        assert harness.workflow.beats == [token()]
        assert harness.record() == pending()

    @pytest.mark.parametrize(
        ("task", "callback_id", "refusal"),
        [
            (None, None, TaskNotFound),
            (pending(), "attempt-7", AttemptNotCurrent),
            (unsettled(), "attempt-1", AttemptNotCurrent),
            (pending(callback_id_required=True), None, CallbackIdRequired),
            (completing(), "attempt-1", ConflictingOutcome),
            (done(), "attempt-1", ConflictingOutcome),
            (expired(pending(), NOW), "attempt-1", TaskGone),
        ],
    )
    def test_is_refused(
        self,
        task: CallbackTask | None,
        callback_id: str | None,
        refusal: type[CallbackRefused],
        harness: Harness,
    ) -> None:
        if task is not None:
            harness.given(task)

        with pytest.raises(refusal):
            harness.completer.heartbeat(KEY, callback_id)

        assert harness.workflow.beats == []
        assert harness.tasks.records == ({} if task is None else {KEY: task})

    def test_of_another_attempt_is_told_why(self, harness: Harness) -> None:
        harness.given(pending())

        with pytest.raises(AttemptNotCurrent) as refused:
            harness.completer.heartbeat(KEY, "attempt-7")

        assert str(refused.value) == "callback_id names an attempt that is not the current one"

    def test_past_the_deadline_expires_the_task(self, harness: Harness) -> None:
        harness.given(pending())
        harness.clock.seconds = pending().deadline + 1

        with pytest.raises(TaskGone):
            harness.completer.heartbeat(KEY, None)

        assert harness.record().status is Status.EXPIRED
        assert harness.workflow.beats == []

    def test_that_nobody_waits_for_expires_the_task(self, harness: Harness) -> None:
        harness.given(pending())
        gone(harness)

        with pytest.raises(TaskGone):
            harness.completer.heartbeat(KEY, None)

        assert harness.record() == expired(pending(), NOW)

    @pytest.mark.parametrize("meanwhile", [completing(), taken_over(pending(), pending(2)), done()])
    def test_that_nobody_waits_for_expires_nothing_else(
        self, meanwhile: CallbackTask, harness: Harness
    ) -> None:
        harness.given(pending())
        gone(harness)
        before(harness.workflow, "heartbeat", lambda: harness.given(meanwhile))

        with pytest.raises(TaskGone):
            harness.completer.heartbeat(KEY, None)

        assert harness.record() == meanwhile

    @pytest.mark.parametrize(("port", "method"), [("workflow", "heartbeat"), ("tasks", "get")])
    def test_that_cannot_be_passed_on_is_to_be_sent_again(
        self, port: str, method: str, harness: Harness
    ) -> None:
        harness.given(pending())
        failing(getattr(harness, port), method, RecordUncertain("down"))

        with pytest.raises(NotKnownToBeAccepted):
            harness.completer.heartbeat(KEY, None)

        assert harness.record() == pending()


def test_two_outcomes_at_the_same_moment_have_one_winner(harness: Harness) -> None:
    harness.given(pending())
    results: list[Result] = []
    before(
        harness.tasks,
        "claim",
        lambda: results.append(complete(harness, "attempt-1", DELIVERED_ELSEWHERE)),
    )

    with pytest.raises(ConflictingOutcome):
        complete(harness)

    assert results == [Result.DELIVERED]
    assert sent(harness) == DELIVERED_ELSEWHERE


def test_an_execution_that_ended_waits_for_no_callback(harness: Harness) -> None:
    harness.given(pending())
    harness.workflow.end(EXECUTION, NOW)

    with pytest.raises(TaskGone):
        complete(harness)

    assert harness.record().status is Status.EXPIRED
