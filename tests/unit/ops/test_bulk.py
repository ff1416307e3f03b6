"""Reports on many tasks: a frozen list first, then the deed, as often as it is interrupted."""

import json
import time
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from callbacks.domain.task import Status, TaskKey, taken_over

from tests.support.channels import SHIPPING
from tests.support.operations import Operated
from tests.support.tasks import pending, token

FAIL = ("task", "fail", "--code", "LOST", "--message", "the carrier is gone", "--reason", "OPS-17")
APPLY = ("task", "fail", "--apply", "plan.json", "--yes")


@pytest.fixture
def orders(ops: Operated) -> list[str]:
    now = int(time.time())
    for number in range(6):
        key = TaskKey(f"order-{number}", SHIPPING)
        ops.deployed.given(pending(key=key, requested_at=now * 1000, task_token=token(number)))
    return [f"order-{number}" for number in range(6)]


def planned(ops: Operated) -> None:
    result = ops.run(*FAIL, "--channel", SHIPPING, "--plan", "plan.json")
    assert result.exit_code == 0, result.output


def statuses(ops: Operated, orders: list[str]) -> list[Status]:
    records = [ops.deployed.record(TaskKey(order, SHIPPING)) for order in orders]
    return [record.status for record in records if record]


def journal() -> list[dict[str, str]]:
    return [json.loads(line) for line in Path("plan.json.done").read_text().splitlines()]


def test_a_plan_does_nothing_but_write_the_list_down(ops: Operated, orders: list[str]) -> None:
    planned(ops)

    plan = json.loads(Path("plan.json").read_text())
    assert sorted(task["order_id"] for task in plan["tasks"]) == orders
    assert statuses(ops, orders) == [Status.PENDING] * 6
    assert "SECRET" not in Path("plan.json").read_text()


def test_the_deed_fails_each_task_of_the_list_and_no_other(
    ops: Operated, orders: list[str]
) -> None:
    planned(ops)
    later = TaskKey("order-later", SHIPPING)
    ops.deployed.given(pending(key=later, requested_at=int(time.time()) * 1000))

    result = ops.run(*APPLY)

    assert result.exit_code == 0, result.output
    assert "6 done, 0 refused" in result.output
    assert statuses(ops, orders) == [Status.COMPLETED] * 6
    record = ops.deployed.record(later)
    assert record is not None
    assert record.status is Status.PENDING


def test_an_interrupted_deed_goes_on_where_it_stopped(ops: Operated, orders: list[str]) -> None:
    planned(ops)
    ops.run(*APPLY)
    lines = Path("plan.json.done").read_text().splitlines()
    # As if the process had died while it wrote the third line.
    Path("plan.json.done").write_text("\n".join(lines[:2]) + "\n" + lines[2][:17])
    sends = len(ops.deployed.sends)

    result = ops.run(*APPLY)

    assert result.exit_code == 0, result.output
    assert [each["result"] for each in journal()] == ["DELIVERED"] * 2 + ["DUPLICATE"] * 4
    assert len(ops.deployed.sends) == sends
    assert statuses(ops, orders) == [Status.COMPLETED] * 6


def test_a_response_that_is_lost_leaves_the_task_to_the_next_run(
    ops: Operated, orders: list[str]
) -> None:
    planned(ops)
    ops.functions.fails = [EndpointConnectionError(endpoint_url="https://lambda")]

    first = ops.run(*APPLY)

    assert first.exit_code == 1
    assert not journal()
    assert ops.run(*APPLY).exit_code == 0
    assert statuses(ops, orders) == [Status.COMPLETED] * 6


def test_an_attempt_that_was_replaced_since_the_plan_is_refused_and_the_rest_is_done(
    ops: Operated, orders: list[str]
) -> None:
    planned(ops)
    found = ops.deployed.record(TaskKey("order-3", SHIPPING))
    assert found is not None
    again = pending(2, key=found.key, requested_at=int(time.time()) * 1000)
    from callbacks.adapters.aws import lazy
    from callbacks.adapters.task_table import DynamoDBTasks

    from tests.support.cloud import TASKS

    DynamoDBTasks(lazy("dynamodb"), TASKS).take_over(found, taken_over(found, again))

    result = ops.run(*APPLY)

    assert result.exit_code == 5
    assert "5 done, 1 refused" in result.output
    assert statuses(ops, orders).count(Status.PENDING) == 1


def test_a_plan_is_not_written_over(ops: Operated, orders: list[str]) -> None:  # noqa: ARG001
    planned(ops)

    assert ops.run(*FAIL, "--channel", SHIPPING, "--plan", "plan.json").exit_code == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 9}',
        '{"environment": "prod", "reason": "r", "report": {}, "tasks": [], "format": 1}',
        '{"environment": "test", "reason": "r", "report": {}, "tasks": [{}], "format": 1}',
        '{"environment": "test", "reason": "r", "report": {}, "tasks": 5, "format": 1}',
    ],
)
def test_what_is_no_plan_of_this_environment_is_refused(ops: Operated, text: str) -> None:
    Path("plan.json").write_text(text)

    result = ops.run(*APPLY)

    assert result.exit_code == 1
    assert "plan.json is" in result.output
