"""OpenAttempts: whether somebody waits, and nothing else of a record."""

import pytest
from callbacks.domain.task import CallbackTask, Status, TaskKey

from tests.support.channels import SHIPPING
from tests.support.cloud import Cloud
from tests.support.ports import Records
from tests.support.services import intercepted
from tests.support.tasks import KEY, STATES, completing, pending


@pytest.mark.parametrize("task", STATES.values(), ids=STATES)
def test_the_current_attempt_is_waited_for_while_it_is_pending(
    task: CallbackTask, records: Records
) -> None:
    records.store.create(task)

    is_pending = task.status is Status.PENDING
    assert records.attempts.is_waited_for(KEY, task.callback_id) is is_pending
    assert not records.attempts.is_waited_for(KEY, "attempt-7")


@pytest.mark.parametrize("key", [TaskKey("order-7", SHIPPING), TaskKey(KEY.order_id, "OTHER")])
def test_what_has_no_record_is_not_waited_for(key: TaskKey, records: Records) -> None:
    records.store.create(pending())

    assert not records.attempts.is_waited_for(key, "attempt-1")


def test_no_response_of_the_table_says_more(aws: Cloud, records: Records) -> None:
    del aws
    records.store.create(completing())
    with intercepted("dynamodb") as dynamodb:
        records.attempts.is_waited_for(KEY, "attempt-1")

    assert all(set(reply["Item"]) == {"status", "callback_id"} for reply in dynamodb.replies)
