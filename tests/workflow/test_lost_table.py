"""The table is lost while orders wait: it is rebuilt from Step Functions, and no callback is."""

import json
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.task import CallbackTask, TaskKey

from tests.support.channels import SHIPPING, example
from tests.support.cloud import TASKS, Cloud
from tests.support.functions import Context, handler
from tests.support.workflow import Engine, Functions, Partner, eventually, render

ORDERS = [f"order-{number}" for number in range(50)]
SHIPPED = {"task_status": "SUCCESS", "task_output": example("valid", "output")}
BUSY = {"code": "BUSY", "message": "no van today", "retryable": True}


def messages(aws: Cloud, number: int) -> dict[str, dict[str, Any]]:
    """So many of them, by their order."""
    found: dict[str, dict[str, Any]] = {}

    def all_of_them() -> bool | None:
        for body in aws.receive(aws.partner_queue_url):
            message = json.loads(body)
            found[message["subject"]] = message
        return True if len(found) == number else None

    eventually(all_of_them)
    return found


def records(aws: Cloud) -> dict[str, CallbackTask]:
    store = DynamoDBTasks(lazy("dynamodb"), TASKS)
    items = aws.dynamodb.scan(TableName=TASKS)["Items"]
    keys = [TaskKey(item["order_id"]["S"], item["task_type"]["S"]) for item in items]
    found = {key.order_id: store.get(key) for key in keys}
    return {order_id: task for order_id, task in found.items() if task}


def lose_all(aws: Cloud) -> None:
    """What Terraform registers is there again by its next apply."""
    for item in aws.dynamodb.scan(TableName=TASKS)["Items"]:
        key = {name: item[name] for name in ("order_id", "task_type")}
        aws.dynamodb.delete_item(TableName=TASKS, Key=key)
    aws.register()


def rebuild(seconds_left: int = 300, **event: Any) -> list[dict[str, Any]]:
    """What each run returns, until all is done and no dispatch is under way."""
    runs: list[dict[str, Any]] = []
    cursor = None
    while not runs or cursor is not None:
        runs.append(
            handler("rebuild_tasks")(
                {**event, "cursor": cursor}, Context(seconds_left=seconds_left)
            )
        )
        cursor = runs[-1]["cursor"]
    return runs


def test_every_callback_is_taken_after_the_table_was_lost_and_rebuilt(
    aws: Cloud, engine: Engine, called: Functions, partner: Partner
) -> None:
    for order_id in ORDERS:
        aws.put_order(order_id)
    waiting = [engine.start(render(), {"order_id": id_}, f"of-{id_}") for id_ in ORDERS]
    asked = messages(aws, len(ORDERS))
    eventually(lambda: None if any(run["dispatching"] for run in rebuild()) else True)
    before = records(aws)
    lose_all(aws)
    missed = partner.call_back(asked[ORDERS[0]], **SHIPPED)

    dry = rebuild(dry_run=True)
    written = rebuild(seconds_left=1, dry_run=False)
    again = rebuild(dry_run=False)

    assert missed["statusCode"] == 404
    assert [run["counts"]["rebuilt"] for run in dry] == [50]
    assert [run["counts"]["rebuilt"] for run in written] == [20, 20, 10]
    assert [run["counts"] for run in again] == [
        {"rebuilt": 0, "current": 50, "newer": 0, "unregistered": 0}
    ]
    tokens = {event["token"] for event in called.of("sns_callback")}
    assert not [token for token in tokens if token in json.dumps([dry, written, again])]
    after = records(aws)
    assert {id_: task.callback_id for id_, task in after.items()} == {
        id_: message["id"] for id_, message in asked.items()
    }
    for order_id, task in after.items():
        assert task.task_token == before[order_id].task_token
        assert abs(task.deadline - before[order_id].deadline) <= 2
    taken = [partner.call_back(message, **SHIPPED)["statusCode"] for message in asked.values()]
    assert taken == [200] * 50
    assert {engine.ended(execution)["status"] for execution in waiting} == {"SUCCEEDED"}


def test_a_record_that_was_restored_from_an_earlier_attempt_is_brought_up_to_date(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    [order_id] = ORDERS[:1]
    aws.put_order(order_id)
    execution = engine.start(render(), {"order_id": order_id})
    first = messages(aws, 1)[order_id]
    restored = aws.item(TASKS, order_id=order_id, task_type=SHIPPING)
    partner.call_back(first, task_status="FAILURE", task_error=BUSY)
    second = messages(aws, 1)[order_id]
    eventually(lambda: None if any(run["dispatching"] for run in rebuild()) else True)
    aws.dynamodb.put_item(TableName=TASKS, Item=restored)

    [run] = rebuild(dry_run=False)

    assert run["counts"]["rebuilt"] == 1
    assert records(aws)[order_id].work_id == first["workid"] == second["workid"]
    assert partner.call_back(first, **SHIPPED)["statusCode"] == 409
    assert partner.call_back(second, **SHIPPED)["statusCode"] == 200
    assert engine.ended(execution)["status"] == "SUCCEEDED"
