"""close_execution: the end of an execution to the end of its tasks and its order."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from callbacks.adapters.step_functions import FAILS_AGAIN
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.task import Status

from tests.support.channels import SHIPPING
from tests.support.deployed import Deployed
from tests.support.functions import execution_event
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY, NOW, OTHER_EXECUTION, pending

INPUT = json.dumps({"order_id": KEY.order_id})


def ended(status: str = "ABORTED", **detail: Any) -> dict[str, Any]:
    known = {"input": INPUT, "stopDate": (NOW + 60) * 1000}
    return execution_event(EXECUTION, status, **known | detail)


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
def test_a_pending_task_expires_and_its_order_fails(status: str, deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    deployed.given(pending())

    deployed.call("close_execution", ended(status))

    task = deployed.record()
    assert task is not None
    assert (task.status, task.task_token) == (Status.EXPIRED, None)
    order = deployed.aws.order(KEY.order_id)
    assert order["order_status"] == "FAILED"
    assert json.loads(order["failure_reason"])["Error"] == f"Execution.{status}"
    line = deployed.logged("EXECUTION_CLOSED")
    assert (
        line.items()
        >= {
            "order_id": KEY.order_id,
            "execution": EXECUTION,
            "status": status,
            "order_marked": True,
        }.items()
    )
    assert deployed.measured("TasksExpired") == {"": [1], SHIPPING: [1]}


def test_the_error_of_the_execution_is_the_orders_reason(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)

    deployed.call("close_execution", ended("FAILED", error="States.DataLimitExceeded", cause="big"))

    assert json.loads(deployed.aws.order(KEY.order_id)["failure_reason"]) == {
        "Error": "States.DataLimitExceeded",
        "Cause": "big",
    }


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("Lambda.TooManyRequestsException", "Rate exceeded"),
        ("DependencyUnavailable", '{"errorMessage": "Publish: InternalError"}'),
        ("States.Timeout", None),
        ("ValueError", '{"errorType": "ValueError", "stackTrace": []}'),
        ("CallbackTask.Failed", '{"code": "LOST", "message": "the parcel was lost"}'),
        ("DynamoDB.AmazonDynamoDBException", "[" * 100_000),
    ],
)
def test_a_task_that_failed_uncaught_stalls_its_order(
    error: str, cause: str | None, deployed: Deployed
) -> None:
    deployed.aws.put_order(KEY.order_id)
    deployed.given(pending())

    deployed.call("close_execution", ended("FAILED", error=error, cause=cause))

    order = deployed.aws.order(KEY.order_id)
    assert order["order_status"] == "STALLED"
    told = json.loads(order["stalled_reason"])
    assert told["Error"] == error
    assert told["Resume"] == f"aws stepfunctions redrive-execution --execution-arn {EXECUTION}"
    assert "failure_reason" not in order
    assert deployed.logged("EXECUTION_CLOSED")["end"] == "STALLED"


def test_a_second_execution_that_was_refused_leaves_the_order_alone(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    caught = json.dumps({"Error": "TaskAlreadyPending", "Cause": "of execution-1"})

    deployed.call("close_execution", ended("FAILED", error="TaskAlreadyPending", cause=caught))

    assert "order_status" not in deployed.aws.order(KEY.order_id)
    assert deployed.logged("EXECUTION_CLOSED")["end"] == "REFUSED"


@pytest.mark.parametrize("error", ["CallbackTask.Failed", "States.Timeout"])
def test_a_fail_state_fails_the_order_with_the_error_that_was_caught(
    error: str, deployed: Deployed
) -> None:
    deployed.aws.put_order(KEY.order_id)
    caught = {"Error": error, "Cause": "lost"}

    deployed.call("close_execution", ended("FAILED", error=error, cause=json.dumps(caught)))

    order = deployed.aws.order(KEY.order_id)
    assert order["order_status"] == "FAILED"
    assert json.loads(order["failure_reason"]) == caught


@pytest.mark.parametrize("error", sorted(FAILS_AGAIN))
def test_what_a_redrive_would_meet_again_fails_the_order(error: str, deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)

    deployed.call("close_execution", ended("FAILED", error=error))

    assert deployed.aws.order(KEY.order_id)["order_status"] == "FAILED"


def test_an_input_that_the_event_leaves_out_is_asked_for(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    deployed.stepfunctions.answers["DescribeExecution"] = {
        "executionArn": EXECUTION,
        "input": INPUT,
        "startDate": NOW,
        "stateMachineArn": "order-processing",
        "status": "ABORTED",
    }

    deployed.call("close_execution", ended(input=None))

    assert deployed.aws.order(KEY.order_id)["order_status"] == "FAILED"


def describe(deployed: Deployed, status: str, **details: Any) -> None:
    deployed.stepfunctions.answers["DescribeExecution"] = {
        "executionArn": EXECUTION,
        "startDate": datetime.fromtimestamp(NOW, UTC),
        "stopDate": datetime.fromtimestamp(NOW + 60, UTC),
        "stateMachineArn": "order-processing",
        "status": status,
        **details,
    }


def test_an_error_that_the_event_leaves_out_is_asked_for(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    describe(deployed, "FAILED", error="States.DataLimitExceeded", cause="big")

    deployed.call("close_execution", ended("FAILED"))

    assert json.loads(deployed.aws.order(KEY.order_id)["failure_reason"]) == {
        "Error": "States.DataLimitExceeded",
        "Cause": "big",
    }


def test_an_error_that_is_not_known_yet_is_asked_for_again(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    describe(deployed, "RUNNING")

    with pytest.raises(DependencyUnavailable):
        deployed.call("close_execution", ended("FAILED"))

    assert "order_status" not in deployed.aws.order(KEY.order_id)


def test_an_order_on_which_another_execution_works_is_left_alone(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    task = deployed.given(pending(execution_arn=OTHER_EXECUTION, timeout_seconds=10**9))

    deployed.call("close_execution", ended())

    assert deployed.record() == task
    assert "order_status" not in deployed.aws.order(KEY.order_id)


@pytest.mark.parametrize("text", ["{}", "[]", '"text"', '{"order_id": 7}', '{"order_id": ""}'])
def test_an_execution_without_an_order_is_logged(text: str, deployed: Deployed) -> None:
    deployed.call("close_execution", ended(input=text))

    assert deployed.logged("EXECUTION_WITHOUT_ORDER")["execution"] == EXECUTION


def test_an_order_id_of_a_registration_touches_nothing(deployed: Deployed) -> None:
    deployed.call("close_execution", ended(input='{"order_id": "#CHANNEL"}'))

    assert deployed.logged("EXECUTION_CLOSED")["order_marked"] is False


@pytest.mark.parametrize("operation", ["Query", "UpdateItem"])
def test_a_table_that_cannot_be_reached_is_tried_again(operation: str, deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)
    deployed.given(pending())
    with intercepted("dynamodb") as dynamodb:
        dynamodb.refuse(operation, "InternalServerError", status=500)

        with pytest.raises(DependencyUnavailable):
            deployed.call("close_execution", ended())
