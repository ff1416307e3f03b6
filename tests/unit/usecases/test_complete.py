"""Completer: every row of the tables of the protocol."""

from collections.abc import Callable

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
    expired,
    joined,
    queued,
    taken_over,
    undelivered,
)
from callbacks.usecases.complete import Answer

from tests.support.scene import Scene, before, failing
from tests.support.tasks import (
    BUSY,
    DELIVERED_ELSEWHERE,
    EXECUTION,
    KEY,
    LOST,
    NOW,
    PRINCIPAL,
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
def scene() -> Scene:
    return Scene()


def answer(
    scene: Scene, callback_id: str | None = "attempt-1", outcome: Outcome = SHIPPED
) -> Answer:
    return scene.completer.complete(KEY, callback_id, outcome, PRINCIPAL)


def sent(scene: Scene, attempt: int = 1) -> Outcome | None:
    return scene.workflow.waits[token(attempt)].closed_by


class TestClaim:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    @pytest.mark.parametrize("outcome", [SHIPPED, LOST, BUSY])
    def test_an_outcome_reaches_the_workflow(
        self, callback_id: str | None, outcome: Outcome, scene: Scene
    ) -> None:
        scene.given(pending())

        assert answer(scene, callback_id, outcome) is Answer.DELIVERED
        assert sent(scene) == outcome
        task = scene.record()
        assert task == completed(claimed(pending(), outcome, PRINCIPAL, NOW), NOW)
        assert (task.status, task.task_token, task.principal) == (
            Status.COMPLETED,
            None,
            PRINCIPAL,
        )
        assert scene.queue.messages == []

    def test_the_outcome_is_recorded_before_it_is_sent(self, scene: Scene) -> None:
        scene.given(pending())
        recorded: list[CallbackTask] = []
        before(scene.workflow, "complete", lambda: recorded.append(scene.record()))

        answer(scene)

        assert [(task.status, task.outcome) for task in recorded] == [(Status.COMPLETING, SHIPPED)]

    def test_an_answer_at_the_deadline_is_in_time(self, scene: Scene) -> None:
        scene.given(pending())
        scene.clock.seconds = pending().deadline

        assert answer(scene) is Answer.DELIVERED

    def test_an_outcome_that_differs_from_a_past_one_needs_no_id(self, scene: Scene) -> None:
        scene.given(unsettled(LOST))

        assert answer(scene, None) is Answer.DELIVERED
        assert sent(scene, 2) == SHIPPED

    @pytest.mark.parametrize("lost_reply", [True, False])
    def test_a_claim_of_which_nothing_is_known_is_to_be_sent_again(
        self, lost_reply: bool, scene: Scene
    ) -> None:
        scene.given(pending())
        failing(scene.tasks, "claim", RecordUncertain("UpdateItem"), done=lost_reply)

        with pytest.raises(NotKnownToBeAccepted, match="not known to be accepted"):
            answer(scene)
        assert sent(scene) is None

        assert answer(scene) is Answer.DELIVERED
        assert sent(scene) == SHIPPED

    def test_a_refusal_for_which_the_record_gives_no_reason_is_to_be_sent_again(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refusal = Write(applied=False, task=pending())
        monkeypatch.setattr(scene.tasks, "claim", lambda *_: refusal)

        with pytest.raises(NotKnownToBeAccepted):
            answer(scene)


REFUSALS: dict[str, tuple[CallbackTask | None, str | None, Outcome, type[CallbackRefused], str]] = {
    "no task": (None, "attempt-1", SHIPPED, TaskNotFound, "no ORDER_SHIPPING_SERVICE task"),
    "another attempt, id unknown": (
        pending(),
        "attempt-7",
        SHIPPED,
        AttemptNotCurrent,
        "not the current one",
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
        "send the callback_id",
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
    scene: Scene,
) -> None:
    if task is not None:
        scene.given(task)

    with pytest.raises(refusal, match=why):
        answer(scene, callback_id, outcome)

    assert scene.tasks.records == ({} if task is None else {KEY: task})
    assert [wait.closed_by for wait in scene.workflow.waits.values()] == [None] * 4
    assert scene.queue.messages == []


def test_a_registration_is_no_task(scene: Scene) -> None:
    key = TaskKey("#CHANNEL", KEY.task_type)

    with pytest.raises(TaskNotFound):
        scene.completer.complete(key, None, SHIPPED, PRINCIPAL)
    with pytest.raises(TaskNotFound):
        scene.completer.heartbeat(key, None)


def test_past_the_deadline_the_task_expires(scene: Scene) -> None:
    scene.given(pending())
    scene.clock.seconds = pending().deadline + 1

    with pytest.raises(TaskGone):
        answer(scene)

    assert scene.record() == expired(pending(), pending().deadline + 1)
    assert sent(scene) is None


def test_past_the_deadline_is_gone_even_if_that_cannot_be_recorded(scene: Scene) -> None:
    scene.given(pending())
    scene.clock.seconds = pending().deadline + 1
    failing(scene.tasks, "replace", RecordUncertain("UpdateItem"))

    with pytest.raises(TaskGone):
        answer(scene)

    assert scene.record() == pending()


def test_an_attempt_that_registers_meanwhile_does_not_expire(scene: Scene) -> None:
    scene.given(pending())
    scene.clock.seconds = pending().deadline + 1
    newer = taken_over(pending(), pending(2))
    before(scene.tasks, "replace", lambda: scene.given(newer))

    with pytest.raises(TaskGone):
        answer(scene)

    assert scene.record() == newer


def test_the_deadline_is_not_judged_once_an_outcome_is_recorded(scene: Scene) -> None:
    scene.given(completing())
    scene.clock.seconds = completing().deadline + 1

    assert answer(scene) is Answer.DELIVERED
    assert sent(scene) == SHIPPED


class TestRepeat:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    def test_of_what_was_delivered_is_a_duplicate(
        self, callback_id: str | None, scene: Scene
    ) -> None:
        scene.given(done())

        assert answer(scene, callback_id) is Answer.DUPLICATE
        assert scene.record() == done()
        assert sent(scene) is None

    def test_of_a_past_attempt_that_was_delivered_is_a_duplicate(self, scene: Scene) -> None:
        task = scene.given(settled_as(Settlement.DELIVERED))

        assert answer(scene) is Answer.DUPLICATE
        assert scene.record() == task

    @pytest.mark.parametrize("task", [completing(), queued(joined(completing(), NOW), NOW)])
    def test_of_what_is_on_its_way_is_sent_as_well(self, task: CallbackTask, scene: Scene) -> None:
        scene.given(task)

        assert answer(scene) is Answer.DELIVERED
        assert sent(scene) == SHIPPED
        assert scene.record().status is Status.COMPLETED
        assert scene.record().sends == task.sends + 1

    def test_that_finds_it_delivered_meanwhile_is_a_duplicate(self, scene: Scene) -> None:
        scene.given(completing())
        before(scene.tasks, "replace", lambda: scene.given(done()))

        assert answer(scene) is Answer.DUPLICATE
        assert sent(scene) is None

    def test_that_finds_a_new_attempt_meanwhile_is_settled_as_of_the_old(
        self, scene: Scene
    ) -> None:
        scene.given(completing())
        before(scene.tasks, "replace", lambda: scene.given(unsettled()))

        assert answer(scene, None) is Answer.HELD
        assert sent(scene, 2) is None

    def test_that_finds_the_record_deleted_meanwhile_is_to_be_sent_again(
        self, scene: Scene
    ) -> None:
        scene.given(completing())
        before(scene.tasks, "replace", scene.tasks.records.clear)

        with pytest.raises(NotKnownToBeAccepted):
            answer(scene)

    def test_that_cannot_join_is_to_be_sent_again(self, scene: Scene) -> None:
        scene.given(completing())
        failing(scene.tasks, "replace", RecordUncertain("UpdateItem"))

        with pytest.raises(NotKnownToBeAccepted):
            answer(scene)
        assert sent(scene) is None


class TestUnsettledPastAttempt:
    def test_is_a_duplicate_once_the_history_shows_it(self, scene: Scene) -> None:
        scene.given(unsettled())
        scene.workflow.complete(token(1), SHIPPED)

        assert answer(scene) is Answer.DUPLICATE
        assert scene.record().attempts["attempt-1"].settlement is Settlement.DELIVERED
        assert scene.record().due_at is None
        assert sent(scene, 2) is None

    def test_is_a_duplicate_even_if_that_cannot_be_recorded(self, scene: Scene) -> None:
        task = scene.given(unsettled())
        scene.workflow.complete(token(1), SHIPPED)
        failing(scene.tasks, "replace", RecordUncertain("UpdateItem"))

        assert answer(scene) is Answer.DUPLICATE
        assert scene.record() == task

    def test_is_held_without_evidence(self, scene: Scene) -> None:
        task = scene.given(unsettled())

        assert answer(scene) is Answer.HELD
        assert scene.record() == task

    def test_is_held_while_the_history_cannot_be_read(self, scene: Scene) -> None:
        scene.given(unsettled())
        scene.workflow.complete(token(1), SHIPPED)
        failing(scene.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))

        assert answer(scene) is Answer.HELD

    def test_is_gone_and_reported_by_redelivery(self, scene: Scene) -> None:
        task = scene.given(unsettled())
        scene.workflow.time_out(token(1))

        with pytest.raises(TaskGone):
            answer(scene)

        assert scene.queue.messages == [FIRST]
        assert scene.record() == task


class TestSend:
    def test_that_the_service_refuses_is_held(self, scene: Scene) -> None:
        scene.given(pending())
        failing(scene.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))

        assert answer(scene) is Answer.HELD
        assert scene.queue.messages == [FIRST]
        task = scene.record()
        assert (task.status, task.outcome_status) == (Status.COMPLETING, OutcomeStatus.QUEUED)
        assert (task.outcome, task.ttl) == (SHIPPED, None)
        assert task.due_at is not None
        assert task.due_at > completing().due_at  # type: ignore[operator]

    def test_is_held_by_the_record_alone_if_the_queue_fails(self, scene: Scene) -> None:
        scene.given(pending())
        failing(scene.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        failing(scene.queue, "send", DependencyUnavailable("SendMessage"))

        assert answer(scene) is Answer.HELD
        assert scene.record() == completing()
        assert scene.record().due_at == NOW + 60

    def test_is_held_even_if_queueing_cannot_be_noted(self, scene: Scene) -> None:
        scene.given(pending())
        failing(scene.workflow, "complete", DependencyUnavailable("SendTaskSuccess"))
        failing(scene.tasks, "replace", RecordUncertain("UpdateItem"))

        assert answer(scene) is Answer.HELD
        assert scene.queue.messages == [FIRST]
        assert scene.record() == completing()

    @pytest.mark.parametrize("task", [pending(), completing()])
    def test_is_good_even_if_closing_fails(self, task: CallbackTask, scene: Scene) -> None:
        scene.given(task)
        before(
            scene.workflow,
            "complete",
            lambda: failing(scene.tasks, "replace", RecordUncertain("UpdateItem")),
        )

        assert answer(scene) is Answer.DELIVERED
        assert sent(scene) == SHIPPED
        assert scene.record().status is Status.COMPLETING

    def test_is_good_even_if_a_new_attempt_registers_before_closing(self, scene: Scene) -> None:
        scene.given(pending())
        before(scene.tasks, "replace", lambda: scene.given(unsettled()))

        assert answer(scene) is Answer.DELIVERED
        assert scene.record() == unsettled()

    def test_mends_a_record_that_expired_meanwhile(self, scene: Scene) -> None:
        scene.given(pending())
        before(scene.tasks, "replace", lambda: scene.given(undelivered(completing(), NOW)))

        assert answer(scene) is Answer.DELIVERED
        assert scene.record().status is Status.COMPLETED


def used(scene: Scene) -> None:
    """The send worked and its reply was lost."""
    scene.workflow.complete(token(1), SHIPPED)


def gone(scene: Scene) -> None:
    scene.workflow.time_out(token(1))


def in_doubt(scene: Scene) -> None:
    """The token is refused, and the history has nothing yet."""
    gone(scene)
    failing(scene.workflow, "verdict", DependencyUnavailable("GetExecutionHistory"))


class TestRefusedToken:
    @pytest.mark.parametrize("task", [pending(), completing()])
    def test_of_what_was_delivered_is_good(self, task: CallbackTask, scene: Scene) -> None:
        scene.given(task)
        used(scene)

        assert answer(scene) is Answer.DELIVERED
        assert scene.record().status is Status.COMPLETED

    def test_of_a_sole_sender_is_gone_and_recorded(self, scene: Scene) -> None:
        scene.given(pending())
        gone(scene)

        with pytest.raises(TaskGone):
            answer(scene)

        assert scene.record() == undelivered(completing(), NOW)
        assert scene.queue.messages == []

    @pytest.mark.parametrize(
        "meanwhile",
        [
            lambda scene: scene.given(joined(completing(), NOW + 60)),
            lambda scene: failing(scene.tasks, "replace", RecordUncertain("UpdateItem")),
        ],
        ids=["another joined", "the record is uncertain"],
    )
    def test_that_was_promised_to_somebody_is_reported_by_redelivery(
        self, meanwhile: Callable[[Scene], object], scene: Scene
    ) -> None:
        scene.given(pending())
        gone(scene)
        before(scene.workflow, "verdict", lambda: meanwhile(scene))

        with pytest.raises(TaskGone):
            answer(scene)

        assert scene.queue.messages == [FIRST]
        assert scene.record().status is Status.COMPLETING

    def test_of_a_repeat_is_reported_by_redelivery(self, scene: Scene) -> None:
        scene.given(completing())
        gone(scene)

        with pytest.raises(TaskGone):
            answer(scene)

        assert scene.queue.messages == [FIRST]
        assert scene.record().status is Status.COMPLETING

    @pytest.mark.parametrize("task", [pending(), completing()])
    def test_without_evidence_is_held(self, task: CallbackTask, scene: Scene) -> None:
        scene.given(task)
        in_doubt(scene)

        assert answer(scene) is Answer.HELD
        assert scene.queue.messages == [FIRST]
        assert scene.record().outcome_status is OutcomeStatus.QUEUED


class TestHeartbeat:
    @pytest.mark.parametrize("callback_id", ["attempt-1", None])
    def test_is_passed_on_and_not_kept(self, callback_id: str | None, scene: Scene) -> None:
        scene.given(pending())

        assert scene.completer.heartbeat(KEY, callback_id) is Answer.HEARTBEAT
        assert scene.workflow.beats == [token()]
        assert scene.record() == pending()

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
        scene: Scene,
    ) -> None:
        if task is not None:
            scene.given(task)

        with pytest.raises(refusal):
            scene.completer.heartbeat(KEY, callback_id)

        assert scene.workflow.beats == []
        assert scene.tasks.records == ({} if task is None else {KEY: task})

    def test_past_the_deadline_expires_the_task(self, scene: Scene) -> None:
        scene.given(pending())
        scene.clock.seconds = pending().deadline + 1

        with pytest.raises(TaskGone):
            scene.completer.heartbeat(KEY, None)

        assert scene.record().status is Status.EXPIRED
        assert scene.workflow.beats == []

    def test_that_nobody_waits_for_expires_the_task(self, scene: Scene) -> None:
        scene.given(pending())
        gone(scene)

        with pytest.raises(TaskGone):
            scene.completer.heartbeat(KEY, None)

        assert scene.record() == expired(pending(), NOW)

    @pytest.mark.parametrize("meanwhile", [completing(), taken_over(pending(), pending(2)), done()])
    def test_that_nobody_waits_for_expires_nothing_else(
        self, meanwhile: CallbackTask, scene: Scene
    ) -> None:
        scene.given(pending())
        gone(scene)
        before(scene.workflow, "heartbeat", lambda: scene.given(meanwhile))

        with pytest.raises(TaskGone):
            scene.completer.heartbeat(KEY, None)

        assert scene.record() == meanwhile

    @pytest.mark.parametrize(("port", "method"), [("workflow", "heartbeat"), ("tasks", "get")])
    def test_that_cannot_be_passed_on_is_to_be_sent_again(
        self, port: str, method: str, scene: Scene
    ) -> None:
        scene.given(pending())
        failing(getattr(scene, port), method, RecordUncertain("down"))

        with pytest.raises(NotKnownToBeAccepted):
            scene.completer.heartbeat(KEY, None)

        assert scene.record() == pending()


def test_two_outcomes_at_the_same_moment_have_one_winner(scene: Scene) -> None:
    scene.given(pending())
    answers: list[Answer] = []
    before(
        scene.tasks,
        "claim",
        lambda: answers.append(answer(scene, "attempt-1", DELIVERED_ELSEWHERE)),
    )

    with pytest.raises(ConflictingOutcome):
        answer(scene)

    assert answers == [Answer.DELIVERED]
    assert sent(scene) == DELIVERED_ELSEWHERE


def test_an_execution_that_ended_waits_for_no_answer(scene: Scene) -> None:
    scene.given(pending())
    scene.workflow.end(EXECUTION, NOW)

    with pytest.raises(TaskGone):
        answer(scene)

    assert scene.record().status is Status.EXPIRED
