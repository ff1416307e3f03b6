"""OpenWork: how much is open, without reading the records."""

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.open_work import DynamoDBOpenWork
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Due, Waiting
from callbacks.domain.task import CallbackTask, TaskKey, dead_lettered, expired

from tests.support.channels import SHIPPING
from tests.support.cloud import TASKS, Cloud
from tests.support.ports import Records
from tests.support.services import intercepted
from tests.support.tasks import KEY, NOW, completing, done, pending, token, unsettled

NOTHING = Waiting(0, 0, None)


def test_nothing_waits_in_an_empty_table(records: Records) -> None:
    assert records.open_work.waiting(SHIPPING, NOW) == NOTHING
    assert list(records.open_work.deliveries()) == []


def test_what_waits_is_counted_and_the_nearest_deadline_found(records: Records) -> None:
    tasks = [
        pending(key=TaskKey(f"order-{number}", SHIPPING), requested_at=(NOW + number) * 1000)
        for number in range(40)
    ]
    for task in tasks:
        records.store.create(task)

    nearest = tasks[0]
    for late, overdue in ((0, 0), (1, 1), (10, 10), (1000, 40)):
        found = records.open_work.waiting(SHIPPING, nearest.deadline + late)
        assert found == Waiting(40, overdue, nearest.key)
    assert records.open_work.waiting("OTHER", NOW) == NOTHING


@pytest.mark.parametrize(
    "task",
    [completing(), unsettled(), done(), expired(pending(), NOW), dead_lettered(completing(), NOW)],
    ids=["completing", "unsettled", "done", "expired", "dead-lettered"],
)
def test_what_is_answered_or_over_waits_no_more(task: CallbackTask, records: Records) -> None:
    records.store.create(task)

    assert records.open_work.waiting(SHIPPING, NOW * 2) == NOTHING


def test_what_is_to_be_delivered_or_settled_is_listed_with_when_it_is_due(
    records: Records,
) -> None:
    other = TaskKey("order-2", "OTHER")
    held = [completing(), unsettled(key=other)]
    rest = [pending(key=TaskKey("order-3", SHIPPING)), done(key=TaskKey("order-4", SHIPPING))]
    for task in (*held, *rest):
        records.store.create(task)

    found = sorted(records.open_work.deliveries(), key=lambda due: due.key != KEY)

    assert found == [Due(task.due_at or 0, task.key) for task in held]


def test_no_response_of_the_table_has_more_than_keys(aws: Cloud, records: Records) -> None:
    del aws
    records.store.create(pending())
    records.store.create(completing(key=TaskKey("order-2", SHIPPING)))
    with intercepted("dynamodb") as dynamodb:
        records.open_work.waiting(SHIPPING, NOW)
        list(records.open_work.deliveries())

    assert token() not in str(dynamodb.replies)


def test_a_count_goes_on_where_a_page_ends() -> None:
    keys = {"order_id": {"S": KEY.order_id}, "task_type": {"S": SHIPPING}}
    item = {**keys, "due_shard": {"S": f"{SHIPPING}#0"}, "due_at": {"N": str(NOW)}}
    with intercepted("dynamodb") as dynamodb:
        dynamodb.answers["Query"] = [
            {"Count": 3, "LastEvaluatedKey": item},
            {"Count": 2},
            {"Count": 1, "Items": [item], "LastEvaluatedKey": item},
            *({"Count": 0} for _ in range(3)),
        ]

        found = DynamoDBOpenWork(lazy("dynamodb"), TASKS).waiting(SHIPPING, NOW)

    assert found == Waiting(5, 0, KEY)
    assert len(dynamodb.calls) == 6
    assert {call["IndexName"] for _, call in dynamodb.calls} == {"due"}


def test_a_table_that_cannot_be_read_is_unavailable() -> None:
    open_work = DynamoDBOpenWork(lazy("dynamodb"), TASKS)
    with intercepted("dynamodb") as dynamodb:
        dynamodb.refuse("Query", "InternalServerError", status=500)

        with pytest.raises(DependencyUnavailable, match="Query: InternalServerError"):
            open_work.waiting(SHIPPING, NOW)
        with pytest.raises(DependencyUnavailable, match="Query: InternalServerError"):
            list(open_work.deliveries())
