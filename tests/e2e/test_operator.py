"""The command `callbacks` on a real environment, by the rights that its people have."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tools.devenv.environment import Environment
from tools.devenv.walkthrough import TASK_TYPE, Deployment, until
from tools.ops.acting import Acting, RefusedError
from tools.ops.place import Place, local_place

ORDERS = 12


@pytest.fixture(scope="module")
def place(environment: Environment) -> Place:
    found = local_place(environment.directory)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def orders(deployment: Deployment) -> dict[str, str]:
    """Orders whose workflows wait: ids, and executions' ARNs."""
    started = {}
    for _ in range(ORDERS):
        order_id = f"operated-{uuid.uuid4()}"
        deployment.place_order(order_id)
        started[order_id] = deployment.start(order_id)
    for order_id in started:
        until(partial(deployment.callback_task, order_id), "the task is there")
    return started


def callbacks(environment: Environment, *arguments: str, status: int = 0) -> str:
    """What the command prints, as a process of its own."""
    made = subprocess.run(
        [sys.executable, "-m", "tools.ops.app", *arguments],
        env={**os.environ, "CALLBACKS_LOCAL": str(environment.directory)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert made.returncode == status, made.stdout + made.stderr
    return made.stdout + made.stderr


def test_names_are_those_that_terraform_gave(place: Place, deployment: Deployment) -> None:
    outputs = deployment.outputs
    sqs = place.client("sqs")

    def url(queue: str) -> str:
        return str(sqs.get_queue_url(QueueName=place.dead_letter_queue(queue))["QueueUrl"])

    assert place.table == outputs["callback_tasks_table"]
    assert place.orders_table == outputs["orders_table"]
    assert url("redelivery") == outputs["redelivery_dead_letter_queue_url"]
    assert url("close-execution") == outputs["close_execution_dead_letter_queue_url"]
    for task_type, partners in outputs["webhook_queues"].items():
        for partner, queues in partners.items():
            assert url(f"{task_type}/{partner}") == queues["dead_letter_queue_url"]
    for folder, function in outputs["functions"].items():
        assert place.function(folder) == function["name"]
    assert outputs["wait_states"][TASK_TYPE]["Parameters"]["FunctionName"].endswith(
        f":{place.dispatcher(TASK_TYPE)}"
    )


def test_what_waits_is_listed_in_pages_and_failed_by_a_plan(
    environment: Environment, deployment: Deployment, orders: dict[str, str], tmp_path: Path
) -> None:
    listed: list[str] = []
    cursor: list[str] = []
    while True:
        page = json.loads(
            callbacks(environment, "--json", "task", "list", "--channel", TASK_TYPE,
                      "--limit", "5", *cursor)
        )  # fmt: skip
        listed += [task["order_id"] for task in page["tasks"]]
        if page["cursor"] is None:
            break
        cursor = ["--cursor", page["cursor"]]
    assert len(listed) == len(set(listed))
    assert set(orders) <= set(listed)

    plan = tmp_path / "plan.json"
    fail = ("task", "fail", "--code", "LOST", "--message", "the carrier is gone", "--reason", "T-1")
    callbacks(environment, *fail, "--channel", TASK_TYPE, "--plan", str(plan))
    frozen = json.loads(plan.read_text())
    frozen["tasks"] = [task for task in frozen["tasks"] if task["order_id"] in orders]
    plan.write_text(json.dumps(frozen))
    told = callbacks(environment, "task", "fail", "--apply", str(plan), "--yes")

    assert f"{ORDERS} done, 0 refused" in told
    for order_id, execution in orders.items():
        assert deployment.finished(execution)["status"] == "FAILED"
        task = deployment.callback_task(order_id) or {}
        assert "by hand: T-1" in str(task["principal"])
    story = callbacks(environment, "task", "show", next(iter(orders)))
    assert "by hand, report: DELIVERED, because T-1" in story
    assert "sent to the partners" in story


@pytest.fixture(scope="module")
def person(place: Place, deployment: Deployment) -> Iterator[Place]:
    """The environment as somebody sees it who has the operators' policy, and nothing else."""
    iam = place.client("iam")
    name = f"{place.prefix}-person"
    iam.create_user(UserName=name)
    policy = deployment.outputs["operator_policy_arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=place.region)
    yield Place(place.name, place.prefix, session, place.endpoint_url)
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName=name, PolicyArn=policy)
    iam.delete_user(UserName=name)


def test_who_has_the_operators_policy_acts_through_operate_and_in_no_other_way(
    person: Place, orders: dict[str, str]
) -> None:
    """What it reads of tasks, the engine cannot judge: tests/e2e/access does."""
    sts_url = person.client("sts").meta.endpoint_url
    acting = Acting(person.session, person.client("lambda"), sts_url, person.function("operate"))
    with pytest.raises(RefusedError, match="there is no channel NO_SUCH_TYPE"):
        acting.act("switch_channel", "T-1", task_type="NO_SUCH_TYPE", enabled=True)

    states = person.client("stepfunctions")
    refused: list[Callable[[], Any]] = [
        lambda: person.client("dynamodb").scan(TableName=person.table),
        lambda: states.get_execution_history(executionArn=next(iter(orders.values()))),
        lambda: person.client("lambda").invoke(
            FunctionName=person.function("erase_order"), Payload=b"{}"
        ),
    ]
    for read in refused:
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            read()
