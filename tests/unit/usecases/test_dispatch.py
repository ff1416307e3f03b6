"""Dispatcher: an attempt is registered, then published, and takes over only what it may."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from callbacks.domain.channel import Contract
from callbacks.domain.errors import (
    AttemptSuperseded,
    CallbackChannelError,
    ChannelDisabled,
    ChannelNotRegistered,
    DependencyUnavailable,
    InvalidDispatch,
    InvalidRequest,
    PayloadTooLarge,
    RecordUncertain,
    TaskAlreadyPending,
    Violation,
)
from callbacks.domain.task import (
    CallbackTask,
    Settlement,
    Status,
    TaskKey,
    completed,
    expired,
    undelivered,
)
from callbacks.usecases.dispatch import MESSAGE_LIMIT_BYTES, DispatchRequest

from tests.support.channels import CALLBACK_URL, SHIPPING, example, shipping_channel
from tests.support.scene import Scene, before, failing
from tests.support.tasks import (
    EXECUTION,
    KEY,
    NOW,
    OTHER_EXECUTION,
    RETENTION_SECONDS,
    SHIPPED,
    completing,
    done,
    pending,
    token,
    unsettled,
)

LATER = NOW + 10


@pytest.fixture
def scene() -> Scene:
    """Ten seconds after whatever is given."""
    scene = Scene()
    scene.clock.seconds = LATER
    return scene


def request(**changes: Any) -> DispatchRequest:
    known: dict[str, Any] = {
        "key": KEY,
        "payload": example("valid", "request"),
        "task_token": token(2),
        "execution_arn": EXECUTION,
    }
    return DispatchRequest(**known | changes)


def published(scene: Scene) -> dict[str, Any]:
    """The one message."""
    [(message, _)] = scene.topic.published
    event: dict[str, Any] = json.loads(message)
    return event


def elsewhere(**changes: Any) -> CallbackTask:
    """A wait of another execution."""
    return pending(9, execution_arn=OTHER_EXECUTION, requested_at=NOW * 1000, **changes)


class TestMessage:
    def test_is_a_cloud_event(self, scene: Scene) -> None:
        callback_id = scene.dispatcher.dispatch(request(timeout_seconds=3600))

        assert published(scene) == {
            "specversion": "1.0",
            "id": callback_id,
            "source": "/callback-channels/test",
            "type": "callback-task.requested",
            "subject": KEY.order_id,
            "time": "2027-01-15T08:00:10.000Z",
            "datacontenttype": "application/json",
            "dataschema": f"urn:callback-channels:{SHIPPING}:v1:request",
            "tasktype": SHIPPING,
            "callbackurl": f"{CALLBACK_URL}?callback_id={callback_id}",
            "expirytime": "2027-01-15T09:00:16.000Z",
            "data": example("valid", "request"),
        }
        [(_, attributes)] = scene.topic.published
        assert attributes == {"task_type": SHIPPING, "order_id": KEY.order_id}

    def test_of_another_version_is_answered_at_its_route(self, scene: Scene) -> None:
        first = shipping_channel().versions["v1"]
        scene.channels.channels[SHIPPING] = shipping_channel(
            message_version="v2", versions={"v1": Contract("{}", "{}"), "v2": first}
        )

        callback_id = scene.dispatcher.dispatch(request())

        event = published(scene)
        assert event["dataschema"] == f"urn:callback-channels:{SHIPPING}:v2:request"
        assert event["callbackurl"] == f"{CALLBACK_URL}/v2?callback_id={callback_id}"
        assert scene.contracts.asked == [first.request]

    def test_never_carries_the_token(self, scene: Scene) -> None:
        scene.dispatcher.dispatch(request())

        assert "SECRET" not in str(scene.topic.published)

    @pytest.mark.parametrize(("asked", "told"), [(None, 300), (60, 60)])
    def test_asks_for_heartbeats_where_the_channel_does(
        self, asked: int | None, told: int, scene: Scene
    ) -> None:
        scene.channels.channels[SHIPPING] = shipping_channel(heartbeat_seconds=300)

        scene.dispatcher.dispatch(request(heartbeat_seconds=asked))

        assert published(scene)["heartbeatseconds"] == told

    def test_may_be_as_large_as_a_topic_takes(self, scene: Scene) -> None:
        scene.dispatcher.dispatch(request(payload={"text": ""}))
        [(message, attributes)] = scene.topic.published
        size = len(message.encode()) + sum(
            len(name + "String" + value) for name, value in attributes.items()
        )
        room = MESSAGE_LIMIT_BYTES - size
        scene.tasks.records.clear()

        scene.dispatcher.dispatch(request(payload={"text": "x" * room}))
        scene.tasks.records.clear()

        with pytest.raises(PayloadTooLarge, match=rf"{MESSAGE_LIMIT_BYTES + 2} bytes"):
            scene.dispatcher.dispatch(request(payload={"text": "x" * room + "\u00e9"}))
        assert scene.tasks.records == {}
        assert len(scene.topic.published) == 2


class TestRegistration:
    def test_comes_before_the_message(self, scene: Scene) -> None:
        seen: list[CallbackTask] = []
        before(scene.topic, "publish", lambda: seen.append(scene.record()))

        callback_id = scene.dispatcher.dispatch(request())

        [task] = seen
        assert (task.status, task.callback_id, task.task_token) == (
            Status.PENDING,
            callback_id,
            token(2),
        )
        assert (task.execution_arn, task.requested_at) == (EXECUTION, LATER * 1000)
        assert task.ttl == task.deadline + RETENTION_SECONDS
        assert task.due_at is None

    @pytest.mark.parametrize(("asked", "longest"), [(None, 86_400), (60, 60)])
    def test_lasts_longer_than_the_wait(
        self, asked: int | None, longest: int, scene: Scene
    ) -> None:
        scene.clock.seconds += 0.999

        scene.dispatcher.dispatch(request(timeout_seconds=asked))

        assert scene.record().deadline >= LATER + 0.999 + longest
        expiry = datetime.fromisoformat(published(scene)["expirytime"]).timestamp()
        assert expiry == scene.record().deadline

    @pytest.mark.parametrize("required", [True, False])
    def test_copies_whether_the_id_is_required(self, required: bool, scene: Scene) -> None:
        scene.channels.channels[SHIPPING] = shipping_channel(callback_id_required=required)

        scene.dispatcher.dispatch(request())

        assert scene.record().callback_id_required is required

    def test_has_a_random_id(self, scene: Scene) -> None:
        first = scene.dispatcher.dispatch(request())
        scene.tasks.records.clear()
        second = scene.dispatcher.dispatch(request())

        assert first != second
        assert {uuid.UUID(first).version, uuid.UUID(second).version} == {4}

    def test_that_was_written_with_its_reply_lost_is_found_by_the_sdks_repeat(
        self, scene: Scene
    ) -> None:
        """The SDK sends the lost PutItem again, which finds its own record."""
        create = scene.tasks.create

        def twice(task: CallbackTask) -> Any:
            create(task)
            return create(task)

        scene.tasks.create = twice  # type: ignore[method-assign]

        callback_id = scene.dispatcher.dispatch(request())

        assert scene.record().callback_id == callback_id
        assert len(scene.topic.published) == 1

    def test_that_is_uncertain_is_not_published(self, scene: Scene) -> None:
        failing(scene.tasks, "create", RecordUncertain("PutItem"), done=True)

        with pytest.raises(DependencyUnavailable):
            scene.dispatcher.dispatch(request())
        assert scene.topic.published == []

    def test_that_could_not_be_published_is_taken_over_by_the_retry(self, scene: Scene) -> None:
        failing(scene.topic, "publish", DependencyUnavailable("Publish"))
        with pytest.raises(DependencyUnavailable):
            scene.dispatcher.dispatch(request())
        scene.clock.advance(2)

        callback_id = scene.dispatcher.dispatch(request(task_token=token(3)))

        assert (scene.record().callback_id, scene.record().task_token) == (callback_id, token(3))
        assert published(scene)["id"] == callback_id

    def test_starts_again_if_the_record_is_deleted_meanwhile(self, scene: Scene) -> None:
        scene.given(expired(pending(), NOW))
        before(scene.tasks, "replace", scene.tasks.records.clear)

        scene.dispatcher.dispatch(request())

        assert scene.record().status is Status.PENDING
        assert scene.record().version == 1

    def test_looks_again_if_the_record_changes_meanwhile(self, scene: Scene) -> None:
        scene.given(completing())
        before(scene.tasks, "replace", lambda: scene.given(done()))

        scene.dispatcher.dispatch(request())

        past = scene.record().attempts["attempt-1"]
        assert past.settlement is Settlement.DELIVERED


class TestTakeOver:
    @pytest.mark.parametrize(
        ("found", "remembered"),
        [
            (pending(), None),
            (expired(pending(), NOW), None),
            (completing(), Settlement.UNSETTLED),
            (done(), Settlement.DELIVERED),
            (undelivered(completing(), NOW), Settlement.UNDELIVERED),
        ],
        ids=["pending", "expired", "completing", "completed", "undelivered"],
    )
    def test_by_the_same_execution(
        self, found: CallbackTask, remembered: Settlement | None, scene: Scene
    ) -> None:
        scene.given(found)

        callback_id = scene.dispatcher.dispatch(request())

        task = scene.record()
        assert (task.status, task.callback_id, task.task_token, task.outcome) == (
            Status.PENDING,
            callback_id,
            token(2),
            None,
        )
        assert {id_: past.settlement for id_, past in task.attempts.items()} == (
            {"attempt-1": remembered} if remembered else {}
        )
        assert len(task.prior_digests) == (1 if remembered else 0)

    def test_keeps_an_outcome_that_is_on_its_way(self, scene: Scene) -> None:
        scene.given(completing())

        scene.dispatcher.dispatch(request())

        task, past = scene.record(), scene.record().attempts["attempt-1"]
        assert past.attempt == completing().attempt
        assert past.attempt is not None
        assert past.attempt.outcome == SHIPPED
        assert (task.due_at, task.ttl) == (completing().due_at, None)

    def test_keeps_what_earlier_attempts_left(self, scene: Scene) -> None:
        scene.given(unsettled())

        scene.dispatcher.dispatch(request(task_token=token(3)))

        assert set(scene.record().attempts) == {"attempt-1"}
        assert scene.record().attempts["attempt-1"].attempt is not None
        assert scene.record().due_at == unsettled().due_at

    @pytest.mark.parametrize(
        "found",
        [
            elsewhere(),
            completing(9, execution_arn=OTHER_EXECUTION, requested_at=NOW * 1000),
        ],
        ids=["pending", "completing"],
    )
    class TestFromAnotherExecution:
        def test_that_runs_is_refused(self, found: CallbackTask, scene: Scene) -> None:
            scene.given(found)

            with pytest.raises(TaskAlreadyPending, match=r"execution .*order-2"):
                scene.dispatcher.dispatch(request())

            assert scene.record() == found
            assert scene.topic.published == []

        def test_that_has_ended_is_done(self, found: CallbackTask, scene: Scene) -> None:
            scene.given(found)
            scene.workflow.end(OTHER_EXECUTION, NOW + 1)

            callback_id = scene.dispatcher.dispatch(request())

            assert scene.record().callback_id == callback_id

        def test_that_is_said_to_have_ended_before_it_registered_is_refused(
            self, found: CallbackTask, scene: Scene
        ) -> None:
            """DescribeExecution lags behind a redrive."""
            scene.given(found)
            scene.workflow.end(OTHER_EXECUTION, NOW - 1)

            with pytest.raises(TaskAlreadyPending):
                scene.dispatcher.dispatch(request())

        def test_of_which_nothing_can_be_learnt_is_tried_again(
            self, found: CallbackTask, scene: Scene
        ) -> None:
            scene.given(found)
            failing(scene.workflow, "ended_at", DependencyUnavailable("DescribeExecution"))

            with pytest.raises(DependencyUnavailable):
                scene.dispatcher.dispatch(request())

            assert scene.record() == found

    @pytest.mark.parametrize(
        "found",
        [
            completed(completing(9, execution_arn=OTHER_EXECUTION), NOW),
            expired(elsewhere(), NOW),
            replace(elsewhere(), deadline=LATER - 1),
        ],
        ids=["completed", "expired", "past its deadline"],
    )
    def test_of_what_another_execution_no_longer_waits_for(
        self, found: CallbackTask, scene: Scene
    ) -> None:
        scene.given(found)

        assert scene.dispatcher.dispatch(request()) == scene.record().callback_id

    @pytest.mark.parametrize(
        "newer", [pending(2, requested_at=LATER * 1000 + 1), pending(2, requested_at=LATER * 1000)]
    )
    def test_never_of_a_newer_registration(self, newer: CallbackTask, scene: Scene) -> None:
        scene.given(newer)

        with pytest.raises(AttemptSuperseded):
            scene.dispatcher.dispatch(request())

        assert scene.record() == newer
        assert scene.topic.published == []


def no_channel(scene: Scene) -> None:
    scene.channels.channels.clear()


def disabled(scene: Scene) -> None:
    scene.channels.channels[SHIPPING] = shipping_channel(enabled=False)


def without_its_version(scene: Scene) -> None:
    scene.channels.channels[SHIPPING] = shipping_channel(versions={})


def broken_contract(scene: Scene) -> None:
    scene.contracts.found = [Violation("/items", "is too short"), Violation("", "is odd")]


def nothing(_scene: Scene) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "asked", "error", "why"),
    [
        (no_channel, request(), ChannelNotRegistered, "no channel ORDER_SHIPPING_SERVICE"),
        (disabled, request(), ChannelDisabled, "is disabled"),
        (without_its_version, request(), InvalidDispatch, "no live contract v1"),
        (broken_contract, request(), InvalidRequest, "/items: is too short; /: is odd"),
        (nothing, request(key=TaskKey("#CHANNEL", SHIPPING)), InvalidDispatch, "order_id"),
        (nothing, request(key=TaskKey("", SHIPPING)), InvalidDispatch, "order_id"),
    ],
)
def test_what_could_never_be_published_is_not_registered(
    change: Callable[[Scene], None],
    asked: DispatchRequest,
    error: type[CallbackChannelError],
    why: str,
    scene: Scene,
) -> None:
    change(scene)

    with pytest.raises(error, match=why):
        scene.dispatcher.dispatch(asked)

    assert scene.tasks.records == {}
    assert scene.topic.published == []


@pytest.mark.parametrize(
    "order_id", ["order 1", "-order", "\u00f6rder", "order\n", "x" * 129, "order/1", ".order"]
)
def test_an_order_that_no_callback_could_name_is_not_dispatched(
    order_id: str, scene: Scene
) -> None:
    with pytest.raises(InvalidDispatch, match="order_id"):
        scene.dispatcher.dispatch(request(key=TaskKey(order_id, SHIPPING)))

    assert scene.tasks.records == {}
