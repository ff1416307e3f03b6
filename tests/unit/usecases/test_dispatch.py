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
from callbacks.domain.outcome import Undeliverable
from callbacks.domain.task import (
    CallbackTask,
    Settlement,
    Status,
    TaskKey,
    completed,
    expired,
    undelivered,
)
from callbacks.domain.trace import Trace
from callbacks.usecases.dispatch import MESSAGE_LIMIT_BYTES, DispatchRequest

from tests.support.channels import CALLBACK_URL, SHIPPING, example, shipping_channel
from tests.support.harness import Harness, before, failing
from tests.support.tasks import (
    BUSY,
    EXECUTION,
    KEY,
    LOST,
    NOW,
    OTHER_EXECUTION,
    RETENTION_SECONDS,
    SHIPPED,
    TRACE,
    completing,
    done,
    pending,
    token,
    unsettled,
)

LATER = NOW + 10


@pytest.fixture
def harness() -> Harness:
    """Ten seconds after whatever is given."""
    harness = Harness()
    harness.clock.seconds = LATER
    return harness


def request(**changes: Any) -> DispatchRequest:
    known: dict[str, Any] = {
        "key": KEY,
        "payload": example("valid", "request"),
        "task_token": token(2),
        "execution_arn": EXECUTION,
    }
    return DispatchRequest(**known | changes)


def published(harness: Harness) -> dict[str, Any]:
    """The one message."""
    [(message, _)] = harness.topic.published
    event: dict[str, Any] = json.loads(message)
    return event


def elsewhere(**changes: Any) -> CallbackTask:
    """A wait of another execution."""
    return pending(9, execution_arn=OTHER_EXECUTION, requested_at=NOW * 1000, **changes)


class TestMessage:
    def test_is_a_cloud_event(self, harness: Harness) -> None:
        callback_id = harness.dispatcher.dispatch(request(timeout_seconds=3600)).callback_id

        assert published(harness) == {
            "specversion": "1.0",
            "id": callback_id,
            "source": "/callback-channels/test",
            "type": "callback-task.requested",
            "subject": KEY.order_id,
            "time": "2027-01-15T08:00:10.000Z",
            "datacontenttype": "application/json",
            "dataschema": f"urn:callback-channels:{SHIPPING}:v1:request",
            "tasktype": SHIPPING,
            "workid": callback_id,
            "callbackurl": f"{CALLBACK_URL}?callback_id={callback_id}",
            "expirytime": "2027-01-15T09:00:16.000Z",
            "data": example("valid", "request"),
        }
        [(_, attributes)] = harness.topic.published
        assert attributes == {"task_type": SHIPPING, "order_id": KEY.order_id}

    def test_of_another_version_names_its_route(self, harness: Harness) -> None:
        first = shipping_channel().versions["v1"]
        harness.channels.channels[SHIPPING] = shipping_channel(
            message_version="v2", versions={"v1": Contract("{}", "{}"), "v2": first}
        )

        callback_id = harness.dispatcher.dispatch(request()).callback_id

        event = published(harness)
        assert event["dataschema"] == f"urn:callback-channels:{SHIPPING}:v2:request"
        assert event["callbackurl"] == f"{CALLBACK_URL}/v2?callback_id={callback_id}"
        assert harness.contracts.asked == [first.request]
        assert harness.contracts.documents == [example("valid", "request")]

    def test_is_as_short_as_json_can_be(self, harness: Harness) -> None:
        harness.dispatcher.dispatch(request(payload={"text": "\u00e9", "number": 1}))

        [(message, _)] = harness.topic.published
        assert message.startswith('{"specversion":"1.0","id":"')
        assert message.endswith(',"data":{"text":"\u00e9","number":1}}')

    def test_is_never_what_json_is_not(self, harness: Harness) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            harness.dispatcher.dispatch(request(payload={"number": float("nan")}))

        assert harness.tasks.records == {}

    def test_never_carries_the_token(self, harness: Harness) -> None:
        harness.dispatcher.dispatch(request())

        assert "SECRET" not in str(harness.topic.published)

    @pytest.mark.parametrize(("asked", "told"), [(None, 300), (60, 60)])
    def test_asks_for_heartbeats_where_the_channel_does(
        self, asked: int | None, told: int, harness: Harness
    ) -> None:
        harness.channels.channels[SHIPPING] = shipping_channel(heartbeat_seconds=300)

        harness.dispatcher.dispatch(request(heartbeat_seconds=asked))

        assert published(harness)["heartbeatseconds"] == told

    @pytest.mark.parametrize("trace", [None, TRACE])
    def test_goes_on_with_the_trace_of_the_dispatch(
        self, trace: Trace | None, harness: Harness
    ) -> None:
        harness.dispatcher.dispatch(request(trace=trace))

        event = published(harness)
        assert event.get("traceparent") == (trace and trace.traceparent)
        assert ("traceparent" in event) == (trace is not None)

    def test_may_be_as_large_as_a_topic_takes(self, harness: Harness) -> None:
        harness.dispatcher.dispatch(request(payload={"text": ""}))
        [(message, attributes)] = harness.topic.published
        size = len(message.encode()) + sum(
            len(name + "String" + value) for name, value in attributes.items()
        )
        room = MESSAGE_LIMIT_BYTES - size
        harness.tasks.records.clear()

        harness.dispatcher.dispatch(request(payload={"text": "x" * room}))
        harness.tasks.records.clear()

        with pytest.raises(PayloadTooLarge, match=r" 262146 bytes; .* at most 262144$"):
            harness.dispatcher.dispatch(request(payload={"text": "x" * room + "\u00e9"}))
        assert harness.tasks.records == {}

        for more in ({"heartbeat_seconds": 60}, {"trace": TRACE}):
            with pytest.raises(PayloadTooLarge):
                harness.dispatcher.dispatch(request(payload={"text": "x" * room}, **more))
            assert harness.tasks.records == {}
        assert len(harness.topic.published) == 2


class TestRegistration:
    def test_comes_before_the_message(self, harness: Harness) -> None:
        seen: list[CallbackTask] = []
        before(harness.topic, "publish", lambda: seen.append(harness.record()))

        callback_id = harness.dispatcher.dispatch(request()).callback_id

        [task] = seen
        assert (task.status, task.callback_id, task.task_token) == (
            Status.PENDING,
            callback_id,
            token(2),
        )
        assert (task.execution_arn, task.requested_at) == (EXECUTION, LATER * 1000)
        assert task.ttl == task.deadline + RETENTION_SECONDS
        assert task.due_at == task.deadline

    @pytest.mark.parametrize(("asked", "longest"), [(None, 86_400), (60, 60)])
    def test_lasts_longer_than_the_wait(
        self, asked: int | None, longest: int, harness: Harness
    ) -> None:
        harness.clock.seconds += 0.999

        harness.dispatcher.dispatch(request(timeout_seconds=asked))

        assert harness.record().deadline >= LATER + 0.999 + longest
        expiry = datetime.fromisoformat(published(harness)["expirytime"]).timestamp()
        assert expiry == harness.record().deadline

    @pytest.mark.parametrize("required", [True, False])
    def test_copies_whether_the_id_is_required(self, required: bool, harness: Harness) -> None:
        harness.channels.channels[SHIPPING] = shipping_channel(callback_id_required=required)

        harness.dispatcher.dispatch(request())

        assert harness.record().callback_id_required is required

    def test_has_a_random_id(self, harness: Harness) -> None:
        first = harness.dispatcher.dispatch(request()).callback_id
        harness.tasks.records.clear()
        second = harness.dispatcher.dispatch(request()).callback_id

        assert first != second
        assert {uuid.UUID(first).version, uuid.UUID(second).version} == {4}

    def test_that_was_written_with_its_reply_lost_is_found_by_the_sdks_repeat(
        self, harness: Harness
    ) -> None:
        """The SDK sends the lost PutItem again, which finds its own record."""
        create = harness.tasks.create

        def twice(task: CallbackTask) -> Any:
            create(task)
            return create(task)

        harness.tasks.create = twice  # type: ignore[method-assign]

        callback_id = harness.dispatcher.dispatch(request()).callback_id

        assert harness.record().callback_id == callback_id
        assert len(harness.topic.published) == 1

    def test_that_is_uncertain_is_not_published(self, harness: Harness) -> None:
        failing(harness.tasks, "create", RecordUncertain("PutItem"), done=True)

        with pytest.raises(DependencyUnavailable):
            harness.dispatcher.dispatch(request())
        assert harness.topic.published == []

    def test_that_could_not_be_published_is_taken_over_by_the_retry(self, harness: Harness) -> None:
        failing(harness.topic, "publish", DependencyUnavailable("Publish"))
        with pytest.raises(DependencyUnavailable):
            harness.dispatcher.dispatch(request())
        harness.clock.advance(2)

        callback_id = harness.dispatcher.dispatch(request(task_token=token(3))).callback_id

        assert (harness.record().callback_id, harness.record().task_token) == (
            callback_id,
            token(3),
        )
        assert published(harness)["id"] == callback_id

    def test_starts_again_if_the_record_is_deleted_meanwhile(self, harness: Harness) -> None:
        harness.given(expired(pending(), NOW))
        before(harness.tasks, "take_over", harness.tasks.records.clear)

        harness.dispatcher.dispatch(request())

        assert harness.record().status is Status.PENDING
        assert harness.record().version == 1

    def test_looks_again_if_another_is_made_in_place_of_the_deleted(self, harness: Harness) -> None:
        harness.given(expired(pending(), NOW))

        def deleted() -> None:
            harness.tasks.records.clear()
            before(harness.tasks, "create", lambda: harness.given(done()))

        before(harness.tasks, "take_over", deleted)

        harness.dispatcher.dispatch(request())

        assert harness.record().attempts["attempt-1"].settlement is Settlement.DELIVERED

    def test_looks_again_if_the_record_changes_meanwhile(self, harness: Harness) -> None:
        harness.given(completing())
        before(harness.tasks, "take_over", lambda: harness.given(done()))

        harness.dispatcher.dispatch(request())

        past = harness.record().attempts["attempt-1"]
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
        self, found: CallbackTask, remembered: Settlement | None, harness: Harness
    ) -> None:
        harness.given(found)

        callback_id = harness.dispatcher.dispatch(request()).callback_id

        task = harness.record()
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

    def test_keeps_an_outcome_that_is_on_its_way(self, harness: Harness) -> None:
        harness.given(completing())

        harness.dispatcher.dispatch(request())

        task, past = harness.record(), harness.record().attempts["attempt-1"]
        assert past.attempt == completing().attempt
        assert past.attempt is not None
        assert past.attempt.outcome == SHIPPED
        assert (task.due_at, task.ttl) == (completing().due_at, None)

    def test_keeps_what_earlier_attempts_left(self, harness: Harness) -> None:
        harness.given(unsettled())

        harness.dispatcher.dispatch(request(task_token=token(3)))

        assert set(harness.record().attempts) == {"attempt-1"}
        assert harness.record().attempts["attempt-1"].attempt is not None
        assert harness.record().due_at == unsettled().due_at

    @pytest.mark.parametrize(
        "found",
        [
            elsewhere(),
            completing(9, execution_arn=OTHER_EXECUTION, requested_at=NOW * 1000),
        ],
        ids=["pending", "completing"],
    )
    class TestFromAnotherExecution:
        def test_that_runs_is_refused(self, found: CallbackTask, harness: Harness) -> None:
            harness.given(found)

            with pytest.raises(TaskAlreadyPending, match=r"execution .*order-2"):
                harness.dispatcher.dispatch(request())

            assert harness.record() == found
            assert harness.topic.published == []

        @pytest.mark.parametrize("seconds", [0, 1])
        def test_that_has_ended_is_done(
            self, seconds: int, found: CallbackTask, harness: Harness
        ) -> None:
            harness.given(found)
            harness.workflow.end(OTHER_EXECUTION, NOW + seconds)

            callback_id = harness.dispatcher.dispatch(request()).callback_id

            assert harness.record().callback_id == callback_id

        def test_that_is_said_to_have_ended_before_it_registered_is_refused_for_a_minute(
            self, found: CallbackTask, harness: Harness
        ) -> None:
            """DescribeExecution lags behind a redrive, or the dispatcher started at the end."""
            harness.given(found)
            harness.workflow.end(OTHER_EXECUTION, NOW - 1)
            harness.clock.seconds = NOW + 60

            with pytest.raises(TaskAlreadyPending):
                harness.dispatcher.dispatch(request())

            harness.clock.advance(1)
            callback_id = harness.dispatcher.dispatch(request()).callback_id

            assert harness.record().callback_id == callback_id

        @pytest.mark.parametrize(("after", "waits"), [(5, True), (6, False)])
        def test_that_was_redriven_no_longer_waits_for_what_it_registered_before(
            self, after: int, waits: bool, found: CallbackTask, harness: Harness
        ) -> None:
            """Clocks may differ by five seconds."""
            harness.given(found)
            harness.workflow.end(OTHER_EXECUTION, NOW + 1)
            harness.workflow.redrive(OTHER_EXECUTION, NOW + after)

            if waits:
                with pytest.raises(TaskAlreadyPending):
                    harness.dispatcher.dispatch(request())
            else:
                callback_id = harness.dispatcher.dispatch(request()).callback_id
                assert harness.record().callback_id == callback_id

        def test_that_nobody_knows_any_more_is_done(
            self, found: CallbackTask, harness: Harness
        ) -> None:
            harness.given(found)
            del harness.workflow.waits[token(9)]

            callback_id = harness.dispatcher.dispatch(request()).callback_id

            assert harness.record().callback_id == callback_id

        def test_of_which_nothing_can_be_learnt_is_tried_again(
            self, found: CallbackTask, harness: Harness
        ) -> None:
            harness.given(found)
            failing(harness.workflow, "last_run", DependencyUnavailable("DescribeExecution"))

            with pytest.raises(DependencyUnavailable):
                harness.dispatcher.dispatch(request())

            assert harness.record() == found

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
        self, found: CallbackTask, harness: Harness
    ) -> None:
        harness.given(found)

        assert harness.dispatcher.dispatch(request()) == harness.record()

    @pytest.mark.parametrize(
        "newer", [pending(2, requested_at=LATER * 1000 + 1), pending(2, requested_at=LATER * 1000)]
    )
    def test_never_of_a_newer_registration(self, newer: CallbackTask, harness: Harness) -> None:
        harness.given(newer)

        with pytest.raises(AttemptSuperseded):
            harness.dispatcher.dispatch(request())

        assert harness.record() == newer
        assert harness.topic.published == []


class TestWork:
    """`workid`: one name for all attempts at one piece of work."""

    @pytest.mark.parametrize(
        "found",
        [
            pending(),
            expired(pending(), NOW),
            completing(),
            undelivered(completing(), NOW),
            done(outcome=BUSY),
            done(outcome=Undeliverable("the endpoint is gone")),
        ],
        ids=["no reply", "time-out", "on its way", "too late", "retryable", "undeliverable"],
    )
    def test_goes_on_with_a_new_attempt_after(self, found: CallbackTask, harness: Harness) -> None:
        harness.given(replace(found, work_id="work-1"))

        harness.dispatcher.dispatch(request())

        assert published(harness)["workid"] == "work-1"
        assert harness.record().work_id == "work-1"

    @pytest.mark.parametrize(
        "found",
        [
            done(),
            done(outcome=LOST),
            expired(elsewhere(), NOW),
            undelivered(completing(9, execution_arn=OTHER_EXECUTION, requested_at=NOW * 1000), NOW),
            replace(done(), outcome_is_final=None),
        ],
        ids=["a success", "a final failure", "another execution", "another's outcome", "not known"],
    )
    def test_is_another_one_after(self, found: CallbackTask, harness: Harness) -> None:
        harness.given(replace(found, work_id="work-1"))

        callback_id = harness.dispatcher.dispatch(request()).callback_id

        assert published(harness)["workid"] == callback_id
        assert harness.record().work_id == callback_id

    def test_is_the_same_when_the_sdk_repeats_a_write(self, harness: Harness) -> None:
        harness.given(pending())
        replace_ = harness.tasks.replace

        def twice(found: CallbackTask, new: CallbackTask) -> Any:
            replace_(found, new)
            return replace_(found, new)

        harness.tasks.replace = twice  # type: ignore[method-assign]

        harness.dispatcher.dispatch(request())

        assert published(harness)["workid"] == "attempt-1"


def no_channel(harness: Harness) -> None:
    harness.channels.channels.clear()


def disabled(harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(enabled=False)


def without_its_version(harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(versions={})


def broken_contract(harness: Harness) -> None:
    harness.contracts.found = [Violation("/items", "is too short"), Violation("", "is odd")]


def nothing(_scene: Harness) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "asked", "error", "why"),
    [
        (no_channel, request(), ChannelNotRegistered, "no channel ORDER_SHIPPING_SERVICE"),
        (disabled, request(), ChannelDisabled, "channel ORDER_SHIPPING_SERVICE is disabled"),
        (without_its_version, request(), InvalidDispatch, "no live contract v1"),
        (
            broken_contract,
            request(),
            InvalidRequest,
            "of ORDER_SHIPPING_SERVICE: /items: is too short; /: is odd",
        ),
        (nothing, request(key=TaskKey("#CHANNEL", SHIPPING)), InvalidDispatch, "order_id"),
        (nothing, request(key=TaskKey("", SHIPPING)), InvalidDispatch, "order_id"),
    ],
)
def test_what_could_never_be_published_is_not_registered(
    change: Callable[[Harness], None],
    asked: DispatchRequest,
    error: type[CallbackChannelError],
    why: str,
    harness: Harness,
) -> None:
    change(harness)

    with pytest.raises(error, match=why):
        harness.dispatcher.dispatch(asked)

    assert harness.tasks.records == {}
    assert harness.topic.published == []


@pytest.mark.parametrize(
    "order_id", ["order 1", "-order", "\u00f6rder", "order\n", "x" * 129, "order/1", ".order"]
)
def test_an_order_that_no_callback_could_name_is_not_dispatched(
    order_id: str, harness: Harness
) -> None:
    with pytest.raises(InvalidDispatch) as refused:
        harness.dispatcher.dispatch(request(key=TaskKey(order_id, SHIPPING)))

    assert str(refused.value) == (
        "order_id must be 1 to 128 of A-Z a-z 0-9 . _ : - with a letter or digit first: "
        "no callback could name another"
    )
    assert harness.tasks.records == {}
