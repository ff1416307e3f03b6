"""The open tasks in pages: each once, in order, without a scan, and never with a token."""

import time
from dataclasses import replace
from typing import Any

import pytest
from callbacks.domain.task import CallbackTask, TaskKey, completed, dead_lettered, expired, queued

from tests.support.channels import SHIPPING
from tests.support.operations import Operated
from tests.support.tasks import completing, pending, unsettled
from tools.errors import UserError
from tools.ops.open_tasks import OpenTasks

OTHER = "ORDER_FRAUD_REVIEW"


def asked(seconds_ago: int, order_id: str, task_type: str = SHIPPING, **changes: Any) -> Any:
    """A wait that the workflow asked for so long ago, for an hour."""
    now = int(time.time())
    known: dict[str, Any] = {
        "key": TaskKey(order_id, task_type),
        "requested_at": (now - seconds_ago) * 1000,
        "timeout_seconds": 3600,
    }
    return pending(**known | changes)


def given(ops: Operated, *tasks: CallbackTask) -> None:
    for task in tasks:
        ops.deployed.given(task)


def ids(ops: Operated, *arguments: str) -> list[str]:
    return [task["order_id"] for task in ops.json("task", "list", *arguments)["tasks"]]


@pytest.mark.parametrize("limit", [1, 7, 50, 200])
def test_pages_have_every_task_once_and_the_nearest_deadline_first(
    ops: Operated, limit: int
) -> None:
    # Many deadlines are shared, as after a batch.
    tasks = [asked(100 - number // 10, f"order-{number:03d}") for number in range(120)]
    given(ops, *tasks)
    open_tasks = OpenTasks(ops.place, [SHIPPING])

    seen: list[CallbackTask] = []
    cursor = None
    for _ in range(200):
        page = open_tasks.page(limit, cursor)
        seen += page.tasks
        cursor = page.cursor
        if cursor is None:
            break

    assert sorted(task.key.order_id for task in seen) == [task.key.order_id for task in tasks]
    deadlines = [task.deadline for task in seen]
    assert deadlines == sorted(deadlines)
    assert all(task.task_token is None for task in seen)
    assert set(open_tasks.calls) == {"query", "batch_get_item"}


def test_a_page_costs_a_query_a_shard_and_a_batch_a_hundred_records(ops: Operated) -> None:
    given(ops, *(asked(10, f"order-{number:03d}") for number in range(130)))

    document = ops.json("task", "list", "--channel", SHIPPING, "--limit", "100")

    assert len(document["tasks"]) == 100
    assert document["calls"] == {"query": 12, "batch_get_item": 1}


def test_tasks_are_told_apart_by_state(ops: Operated) -> None:
    now = int(time.time())
    held = replace(completing(key=TaskKey("held", SHIPPING)), due_at=now)
    given(
        ops,
        asked(10, "waiting"),
        asked(7200, "overdue"),
        held,
        queued(replace(held, key=TaskKey("queued", SHIPPING)), "attempt-1", now),
        unsettled(key=TaskKey("waiting, and an earlier outcome unsettled", SHIPPING)),
        completed(replace(held, key=TaskKey("completed", SHIPPING)), now),
        expired(asked(7200, "expired"), now),
        dead_lettered(replace(held, key=TaskKey("dead-lettered", SHIPPING)), now),
    )

    earlier = "waiting, and an earlier outcome unsettled"
    assert set(ids(ops)) == {"waiting", "overdue", "held", "queued", earlier}
    assert set(ids(ops, "--state", "waiting")) == {"waiting", "overdue", earlier}
    assert set(ids(ops, "--state", "overdue")) == {"overdue"}
    assert set(ids(ops, "--state", "held")) == {"held", "queued", earlier}


def test_dead_lettered_tasks_are_those_that_letters_name(ops: Operated) -> None:
    from tests.support.functions import redelivery_message

    task = dead_lettered(completing(), int(time.time()))
    given(ops, task)
    ops.letter(ops.deployed.aws.dead_letter_queue_url, redelivery_message(task))

    assert ids(ops, "--state", "dead-lettered") == [task.key.order_id]
    # Looking takes nothing away.
    assert ids(ops, "--state", "dead-lettered") == [task.key.order_id]


def test_tasks_are_found_by_channel_partner_and_age(ops: Operated) -> None:
    given(ops, asked(10, "young"), asked(3000, "old"), asked(10, "of no channel", OTHER))

    assert set(ids(ops, "--channel", SHIPPING)) == {"young", "old"}
    assert set(ids(ops, "--partner", "partner-222222222222")) == {"young", "old"}
    assert ids(ops, "--older-than", "40m") == ["old"]
    assert ops.run("task", "list", "--channel", OTHER).exit_code == 3
    assert ops.run("task", "list", "--partner", "nobody").exit_code == 3


def test_the_oldest_come_first_by_age_whatever_their_deadlines(ops: Operated) -> None:
    given(ops, asked(100, "short"), asked(200, "long", timeout_seconds=86_400))

    assert ids(ops) == ["short", "long"]
    assert ids(ops, "--sort", "age", "--limit", "1") == ["long"]


@pytest.mark.parametrize("cursor", ["x", "W10=", "bnVsbA==", "eyJhIjogMX0="])
def test_a_cursor_of_something_else_is_refused(ops: Operated, cursor: str) -> None:
    with pytest.raises(UserError, match="cursor"):
        OpenTasks(ops.place, [SHIPPING]).page(10, cursor)
