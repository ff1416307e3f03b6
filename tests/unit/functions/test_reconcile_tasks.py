"""reconcile_tasks: waits that timed out are closed, and nothing is read with its token."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.task import CallbackTask, Status

from tests.support.channels import SHIPPING
from tests.support.deployed import Deployed
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY, NOW, completing, pending, token

LONG_AGO = 1_000_000_000_000
OVERDUE = pending(requested_at=LONG_AGO)


@pytest.fixture(autouse=True)
def registered(deployed: Deployed) -> None:
    deployed.aws.register()


def describe(deployed: Deployed, status: str, **details: Any) -> None:
    deployed.stepfunctions.answers["DescribeExecution"] = {
        "executionArn": EXECUTION,
        "stateMachineArn": EXECUTION,
        "status": status,
        "startDate": datetime.fromtimestamp(LONG_AGO / 1000, UTC),
        "stopDate": datetime.fromtimestamp(NOW, UTC),
        **details,
    }


def test_a_wait_that_timed_out_is_closed_and_counted(deployed: Deployed) -> None:
    deployed.given(OVERDUE)
    describe(deployed, "RUNNING")

    deployed.call("reconcile_tasks", {})

    task = deployed.record()
    assert task is not None
    assert (task.status, task.task_token, task.due_at) == (Status.EXPIRED, None, None)
    assert deployed.logged("OVERDUE_TASKS_CLOSED")["closed"] == 1
    assert deployed.measured("TasksExpired") == {"": [1], SHIPPING: [1]}


def test_the_order_of_an_execution_that_failed_is_marked(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    deployed.given(OVERDUE)
    describe(deployed, "FAILED", error="DependencyUnavailable", cause="Publish: InternalError")

    deployed.call("reconcile_tasks", {})

    order = deployed.aws.order(KEY.order_id)
    assert order["order_status"] == "STALLED"
    assert json.loads(order["stalled_reason"])["Error"] == "DependencyUnavailable"


def test_no_response_of_the_table_holds_a_token(deployed: Deployed) -> None:
    deployed.given(OVERDUE)
    describe(deployed, "RUNNING")
    with intercepted("dynamodb") as dynamodb:
        deployed.call("reconcile_tasks", {})

    assert KEY.order_id in str(dynamodb.replies)
    assert token() not in str(dynamodb.replies)


@pytest.mark.parametrize("task", [pending(), completing()])
def test_nothing_overdue_is_silent(task: CallbackTask, deployed: Deployed) -> None:
    deployed.given(task)

    deployed.call("reconcile_tasks", {})

    assert deployed.lines() == []


def test_what_fails_is_told_with_its_order(deployed: Deployed) -> None:
    deployed.given(OVERDUE)
    deployed.stepfunctions.refuse("DescribeExecution", "ThrottlingException", status=400)

    with pytest.raises(DependencyUnavailable):
        deployed.call("reconcile_tasks", {})

    assert deployed.logged("NOT_RECONCILED")["order_id"] == KEY.order_id
    task = deployed.record()
    assert task is not None
    assert task.status is Status.PENDING
