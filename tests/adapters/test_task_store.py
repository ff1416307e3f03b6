"""TaskStore: every write is conditional, and a refused one brings the record that refused it."""

from collections.abc import Callable
from dataclasses import replace
from json import dumps
from typing import Any

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.exact_json import parse_json
from callbacks.domain.outcome import Outcome, Success, as_v1, digest
from callbacks.domain.task import (
    CallbackTask,
    Settlement,
    Status,
    TaskKey,
    claimed,
    completed,
    dead_lettered,
    expired,
    joined,
    leased,
    may_claim,
    queued,
    settled,
    taken_over,
    undelivered,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.channels import SHIPPING
from tests.support.cloud import TASKS, Cloud
from tests.support.ports import Records, Store
from tests.support.tasks import (
    DELIVERED_ELSEWHERE,
    KEY,
    LOST,
    NOW,
    PRINCIPAL,
    SHIPPED,
    STATES,
    completing,
    done,
    pending,
    settled_as,
    unsettled,
)

each_state = pytest.mark.parametrize("task", STATES.values(), ids=STATES)


@pytest.fixture
def store(records: Records) -> Store:
    return records.store


def test_no_record_is_found_where_there_is_none(store: Store) -> None:
    assert store.get(KEY) is None


@each_state
def test_a_record_is_read_as_it_was_created(task: CallbackTask, store: Store) -> None:
    write = store.create(task)

    assert (write.applied, write.task) == (True, task)
    assert store.get(KEY) == task


@each_state
def test_a_record_is_never_created_over_another(task: CallbackTask, store: Store) -> None:
    store.create(task)

    write = store.create(pending(9))

    assert (write.applied, write.task) == (False, task)
    assert store.get(KEY) == task


@pytest.mark.parametrize(
    ("task", "callback_id"),
    [
        (pending(), "attempt-1"),
        (pending(), None),
        (pending(callback_id_required=True), "attempt-1"),
        (unsettled(), "attempt-2"),
        (unsettled(LOST), None),
        (settled_as(Settlement.DELIVERED), "attempt-2"),
    ],
)
def test_a_claim_writes_what_the_domain_says(
    task: CallbackTask, callback_id: str | None, store: Store
) -> None:
    store.create(task)

    write = store.claim(KEY, callback_id, SHIPPED, PRINCIPAL, task.deadline)

    assert may_claim(task, callback_id, digest(SHIPPED), task.deadline)
    assert write.applied
    assert write.task == claimed(task, SHIPPED, PRINCIPAL, task.deadline)
    assert store.get(KEY) == write.task


@pytest.mark.parametrize(
    ("task", "callback_id", "now"),
    [
        pytest.param(pending(), "attempt-1", pending().deadline + 1, id="past the deadline"),
        pytest.param(pending(), "attempt-2", NOW, id="another attempt"),
        pytest.param(unsettled(), "attempt-1", NOW, id="a past attempt"),
        pytest.param(pending(callback_id_required=True), None, NOW, id="no id, and it is required"),
        pytest.param(unsettled(), None, NOW, id="no id, and a past attempt's outcome"),
        pytest.param(
            replace(unsettled(), prior_digests=(as_v1(digest(SHIPPED)),)),
            None,
            NOW,
            id="no id, and a past attempt's outcome in a digest of the first version",
        ),
        pytest.param(completing(), "attempt-1", NOW, id="claimed before"),
        pytest.param(completing(outcome=LOST), None, NOW, id="claimed with another outcome"),
        pytest.param(done(), "attempt-1", NOW, id="completed"),
        pytest.param(expired(pending(), NOW), "attempt-1", NOW, id="expired"),
    ],
)
def test_a_claim_is_refused_as_the_domain_says(
    task: CallbackTask, callback_id: str | None, now: int, store: Store
) -> None:
    store.create(task)

    write = store.claim(KEY, callback_id, SHIPPED, PRINCIPAL, now)

    assert not may_claim(task, callback_id, digest(SHIPPED), now)
    assert (write.applied, write.task) == (False, task)
    assert store.get(KEY) == task


def test_a_claim_of_no_task_is_refused_and_writes_nothing(store: Store) -> None:
    write = store.claim(KEY, None, SHIPPED, PRINCIPAL, NOW)

    assert (write.applied, write.task) == (False, None)
    assert store.get(KEY) is None


TRANSITIONS: dict[str, tuple[CallbackTask, Callable[[CallbackTask], CallbackTask]]] = {
    "joined": (completing(), lambda task: joined(task, NOW + 60)),
    "queued": (completing(), lambda task: queued(task, "attempt-1", NOW)),
    "dead-lettered, and taken up again": (
        dead_lettered(queued(completing(), "attempt-1", NOW), NOW),
        lambda task: joined(task, NOW + 60),
    ),
    "past attempt queued": (unsettled(), lambda task: queued(task, "attempt-1", NOW)),
    "dead-lettered": (completing(), lambda task: dead_lettered(task, NOW)),
    "completed": (completing(), lambda task: completed(task, NOW)),
    "completed after all": (undelivered(completing(), NOW), lambda task: completed(task, NOW)),
    "completed beside an unsettled one": (
        claimed(unsettled(), DELIVERED_ELSEWHERE, PRINCIPAL, NOW),
        lambda task: completed(task, NOW),
    ),
    "undelivered": (completing(), lambda task: undelivered(task, NOW)),
    "expired": (pending(), lambda task: expired(task, NOW)),
    "leased": (completing(), lambda task: leased(task, NOW + 300)),
    "settled as delivered": (
        unsettled(),
        lambda task: settled(task, "attempt-1", Settlement.DELIVERED, NOW),
    ),
    "settled as undelivered": (
        unsettled(),
        lambda task: settled(task, "attempt-1", Settlement.UNDELIVERED, NOW),
    ),
    "taken over while pending": (pending(), lambda task: taken_over(task, pending(2))),
    "taken over while completing": (completing(), lambda task: taken_over(task, pending(2))),
    "taken over when completed": (done(), lambda task: taken_over(task, pending(2))),
    "taken over when expired": (
        expired(pending(), NOW),
        lambda task: taken_over(task, pending(2)),
    ),
}

each_transition = pytest.mark.parametrize(
    ("found", "transition"), TRANSITIONS.values(), ids=TRANSITIONS
)


@each_transition
def test_a_replacement_is_read_as_it_was_written(
    found: CallbackTask, transition: Callable[[CallbackTask], CallbackTask], store: Store
) -> None:
    new = transition(found)
    store.create(found)

    write = store.replace(found, new)

    assert (write.applied, write.task) == (True, new)
    assert store.get(KEY) == new


@each_transition
def test_a_replacement_of_what_has_changed_is_refused(
    found: CallbackTask, transition: Callable[[CallbackTask], CallbackTask], store: Store
) -> None:
    there = replace(found, version=found.version + 1)
    store.create(there)

    write = store.replace(found, transition(found))

    assert (write.applied, write.task) == (False, there)
    assert store.get(KEY) == there


TAKE_OVERS = {
    name: (found, taken_over(found, pending(9)))
    for name, found in STATES.items()
    if found.requested_at < pending(9).requested_at
}


@pytest.mark.parametrize(("found", "new"), TAKE_OVERS.values(), ids=TAKE_OVERS)
def test_an_attempt_that_takes_over_is_read_as_it_was_written(
    found: CallbackTask, new: CallbackTask, store: Store
) -> None:
    store.create(found)

    write = store.take_over(found, new)

    assert (write.applied, write.task) == (True, new)
    assert store.get(KEY) == new


@pytest.mark.parametrize(("found", "new"), TAKE_OVERS.values(), ids=TAKE_OVERS)
def test_nothing_takes_over_what_has_changed(
    found: CallbackTask, new: CallbackTask, store: Store
) -> None:
    there = replace(found, version=found.version + 1)
    store.create(there)

    write = store.take_over(found, new)

    assert (write.applied, write.task) == (False, there)
    assert store.get(KEY) == there


def test_a_take_over_of_nothing_is_refused(store: Store) -> None:
    write = store.take_over(pending(), pending(2))

    assert (write.applied, write.task) == (False, None)
    assert store.get(KEY) is None


def test_a_replacement_of_nothing_is_refused(store: Store) -> None:
    write = store.replace(pending(), expired(pending(), NOW))

    assert (write.applied, write.task) == (False, None)
    assert store.get(KEY) is None


def test_a_registration_is_no_task(store: Store) -> None:
    key = TaskKey("#CHANNEL", SHIPPING)

    claim = store.claim(key, None, SHIPPED, PRINCIPAL, NOW)

    assert store.get(key) is None
    assert (claim.applied, claim.task) == (False, None)


class TestTable:
    """What the table holds, beyond what the port tells."""

    @pytest.fixture
    def store(self, aws: Cloud) -> DynamoDBTasks:  # noqa: ARG002
        return DynamoDBTasks(lazy("dynamodb"), TASKS)

    def item(self, aws: Cloud) -> dict[str, Any]:
        item = aws.item(TASKS, order_id=KEY.order_id, task_type=KEY.task_type)
        assert item is not None
        return item

    def test_a_registration_stays_as_it_is(self, aws: Cloud, store: DynamoDBTasks) -> None:
        aws.register()
        before = aws.item(TASKS, order_id="#CHANNEL", task_type=SHIPPING)

        key = TaskKey("#CHANNEL", SHIPPING)
        for callback_id in (None, "attempt-1"):
            store.claim(key, callback_id, SHIPPED, PRINCIPAL, NOW)
        created = store.create(pending(key=key))

        assert (created.applied, created.task) == (False, None)
        assert aws.item(TASKS, order_id="#CHANNEL", task_type=SHIPPING) == before

    @pytest.mark.parametrize("outcome", [SHIPPED, LOST])
    def test_a_closed_task_keeps_no_token_and_no_outcome(
        self, outcome: Outcome, aws: Cloud, store: DynamoDBTasks
    ) -> None:
        store.create(pending())
        task = store.claim(KEY, None, outcome, PRINCIPAL, NOW).task
        assert task is not None
        store.replace(task, completed(task, NOW))

        item = self.item(aws)
        assert not {"task_token", "outcome", "due_at", "due_shard"} & set(item)
        assert {"ttl", "outcome_digest", "principal", "reported_status", "closed_at"} <= set(item)

    def test_a_promise_is_in_the_index_and_has_no_end_of_retention(
        self, aws: Cloud, store: DynamoDBTasks
    ) -> None:
        store.create(pending())
        before = self.item(aws)
        store.claim(KEY, None, SHIPPED, PRINCIPAL, NOW)
        after = self.item(aws)

        assert "ttl" in before
        assert before["due_at"] == before["deadline"]
        assert before["due_shard"]["S"].startswith(f"{SHIPPING}#")
        assert "ttl" not in after
        assert after["due_at"] == {"N": str(NOW + 60)}
        assert after["due_shard"]["S"].isdecimal()

    def test_an_item_from_before_work_had_a_name_is_read_and_taken_over(
        self, aws: Cloud, store: DynamoDBTasks
    ) -> None:
        store.create(done())
        aws.dynamodb.update_item(
            TableName=TASKS,
            Key={"order_id": {"S": KEY.order_id}, "task_type": {"S": KEY.task_type}},
            UpdateExpression="REMOVE work_id, outcome_is_final",
        )

        found = store.get(KEY)
        assert found == replace(done(), outcome_is_final=None)
        store.replace(found, replace(pending(2), work_id="attempt-1", version=found.version + 1))

        after = store.get(KEY)
        assert after is not None
        assert (after.callback_id, after.work_id) == ("attempt-2", "attempt-1")

    def test_an_item_from_before_it_was_kept_who_reported_what_is_read(
        self, aws: Cloud, store: DynamoDBTasks
    ) -> None:
        store.create(taken_over(done(), pending(2)))
        forgotten = ("principal", "reported_status", "reported_code")
        aws.dynamodb.update_item(
            TableName=TASKS,
            Key={"order_id": {"S": KEY.order_id}, "task_type": {"S": KEY.task_type}},
            UpdateExpression="REMOVE " + ", ".join(f"attempts.#id.{name}" for name in forgotten),
            ExpressionAttributeNames={"#id": "attempt-1"},
        )

        task = store.get(KEY)

        assert task is not None
        past = task.attempts["attempt-1"]
        assert (past.outcome_digest, past.principal) == (digest(SHIPPED), None)

    json = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )

    outputs = st.dictionaries(st.text(), json).map(lambda output: parse_json(dumps(output)))

    @given(output=outputs, version=st.integers(1, 10**9))
    @settings(
        deadline=None,
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_any_output_is_read_as_it_was_recorded(
        self, output: dict[str, object], version: int, store: DynamoDBTasks
    ) -> None:
        key = TaskKey(f"order-{version}-{digest(Success(output))}", SHIPPING)
        task = replace(completing(outcome=Success(output), key=key), version=version)

        store.create(task)

        assert store.get(key) == task


def test_every_state_is_among_those_tried() -> None:
    assert {task.status for task in STATES.values()} == set(Status)
