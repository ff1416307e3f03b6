"""TaskOverview: what is due, and the records without their tokens."""

from dataclasses import replace

import pytest
from callbacks.domain.task import (
    CallbackTask,
    Settlement,
    TaskKey,
    claimed,
    completed,
    expired,
    leased,
    settled,
    undelivered,
)

from tests.support.channels import SHIPPING
from tests.support.ports import Records
from tests.support.tasks import (
    KEY,
    NOW,
    PRINCIPAL,
    SHIPPED,
    STATES,
    completing,
    done,
    pending,
    token,
    unsettled,
)


@pytest.mark.parametrize("task", STATES.values(), ids=STATES)
def test_a_peek_shows_all_but_the_token(task: CallbackTask, records: Records) -> None:
    records.store.create(task)

    assert records.overview.peek(KEY) == replace(task, task_token=None)


def test_a_peek_at_nothing_shows_nothing(records: Records) -> None:
    records.store.create(pending())

    assert records.overview.peek(TaskKey(KEY.order_id, "OTHER")) is None
    assert records.overview.peek(TaskKey("other", KEY.task_type)) is None


def test_registrations_are_no_tasks(records: Records) -> None:
    assert records.overview.peek(TaskKey("#CHANNEL", SHIPPING)) is None
    assert records.overview.of_order("#CHANNEL") == []


def test_an_order_has_its_own_tasks_only(records: Records) -> None:
    mine = [pending(), pending(key=TaskKey(KEY.order_id, "OTHER"))]
    for task in (*mine, pending(key=TaskKey("another-order", SHIPPING))):
        records.store.create(task)

    found = records.overview.of_order(KEY.order_id)

    assert sorted(found, key=lambda task: task.key.task_type) == [
        replace(task, task_token=None) for task in mine
    ]


def test_a_task_that_stays_open_keeps_its_token(records: Records) -> None:
    records.store.create(completing())
    found = records.overview.peek(KEY)
    assert found is not None

    write = records.overview.replace(found, leased(found, NOW + 300))

    assert (write.applied, write.task) == (True, leased(found, NOW + 300))
    stored = records.store.get(KEY)
    assert stored == leased(completing(), NOW + 300)
    assert stored.task_token == token()


def test_a_task_that_is_claimed_without_its_token_keeps_it(records: Records) -> None:
    records.store.create(pending())
    found = records.overview.peek(KEY)
    assert found is not None

    records.overview.replace(found, claimed(found, SHIPPED, PRINCIPAL, NOW))

    assert records.store.get(KEY) == completing()


def test_a_task_that_is_closed_loses_its_token(records: Records) -> None:
    records.store.create(pending())
    found = records.overview.peek(KEY)
    assert found is not None

    records.overview.replace(found, expired(found, NOW))

    assert records.store.get(KEY) == expired(pending(), NOW)


def test_a_refusal_brings_the_record_without_its_token(records: Records) -> None:
    there = replace(completing(), version=7)
    records.store.create(there)
    found = replace(completing(), task_token=None)

    write = records.overview.replace(found, leased(found, NOW + 300))

    assert (write.applied, write.task) == (False, replace(there, task_token=None))
    assert records.store.get(KEY) == there


def test_a_replacement_of_nothing_is_refused(records: Records) -> None:
    found = replace(completing(), task_token=None)

    write = records.overview.replace(found, leased(found, NOW + 300))

    assert (write.applied, write.task) == (False, None)
    assert records.store.get(KEY) is None


@pytest.mark.parametrize(
    ("task", "due_at"),
    [
        (completing(), completing().due_at),
        (unsettled(), unsettled().due_at),
        (leased(replace(unsettled(), due_at=NOW), NOW + 300), NOW + 300),
    ],
)
def test_what_is_left_to_deliver_or_settle_is_due(
    task: CallbackTask, due_at: int, records: Records
) -> None:
    records.store.create(task)

    assert list(records.overview.due(due_at - 1)) == []
    assert list(records.overview.due(due_at)) == [KEY]


@pytest.mark.parametrize(
    "task",
    [
        pending(),
        done(),
        expired(pending(), NOW),
        undelivered(completing(), NOW),
        settled(unsettled(), "attempt-1", Settlement.DELIVERED, NOW),
    ],
)
def test_what_is_settled_is_never_due(task: CallbackTask, records: Records) -> None:
    records.store.create(task)

    assert list(records.overview.due(NOW * 2)) == []


def test_a_wait_is_overdue_at_its_deadline(records: Records) -> None:
    records.store.create(pending())

    assert list(records.overview.overdue(SHIPPING, pending().deadline - 1)) == []
    assert list(records.overview.overdue(SHIPPING, pending().deadline)) == [KEY]
    assert list(records.overview.overdue("OTHER", NOW * 2)) == []


@pytest.mark.parametrize("task", [completing(), unsettled(), done(), expired(pending(), NOW)])
def test_what_is_delivered_or_to_be_delivered_is_not_overdue(
    task: CallbackTask, records: Records
) -> None:
    records.store.create(task)

    assert list(records.overview.overdue(SHIPPING, NOW * 2)) == []


def test_a_wait_whose_past_attempt_is_settled_is_overdue_again(records: Records) -> None:
    records.store.create(unsettled())
    task = settled(unsettled(), "attempt-1", Settlement.DELIVERED, NOW)
    records.store.replace(unsettled(), task)

    assert list(records.overview.overdue(SHIPPING, task.deadline)) == [KEY]


def test_all_that_is_overdue_is_found(records: Records) -> None:
    keys = {TaskKey(f"order-{number}", SHIPPING) for number in range(40)}
    for key in keys:
        records.store.create(pending(key=key))

    assert set(records.overview.overdue(SHIPPING, NOW * 2)) == keys


def test_a_task_that_is_closed_is_due_no_more(records: Records) -> None:
    records.store.create(completing())
    records.store.replace(completing(), completed(completing(), NOW))

    assert list(records.overview.due(NOW * 2)) == []


def test_all_that_is_due_is_found(records: Records) -> None:
    keys = {TaskKey(f"order-{number}", SHIPPING) for number in range(40)}
    for key in keys:
        records.store.create(completing(key=key))

    found = list(records.overview.due(NOW * 2))

    assert set(found) == keys
    assert len(found) == len(keys)
