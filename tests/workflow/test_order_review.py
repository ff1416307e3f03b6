"""statemachines/order_review.asl.json with the functions it calls."""

import json
from typing import Any

import pytest
from callbacks.domain.channel import Contract

from tests.support.channels import composed, example, schema, shipping_channel
from tests.support.cloud import ORDERS, Cloud
from tests.support.workflow import Engine, Partner, render

REVIEW = "ORDER_FRAUD_REVIEW"
ORDER_ID = "a96cbeed-cbd7-4711-815c-0913113c6064"
ORDER = {"order_id": ORDER_ID}
SHIPPED = {
    "order_status": {"S": "COMPLETED"},
    "shipping_status": {"S": "SHIPPED"},
    "tracking_number": {"S": "1ZA1B2C3D4"},
}
SUSPENDED = {"code": "SUSPENDED", "message": "no reviews today", "retryable": False}


@pytest.fixture(autouse=True)
def _channel(aws: Cloud, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """The dispatcher is the review's, and the order has been shipped before."""
    contract = Contract(
        json.dumps(schema("request", REVIEW)),
        json.dumps(composed(schema("output", REVIEW), REVIEW)),
    )
    aws.register(shipping_channel(task_type=REVIEW, versions={"v1": contract}))
    aws.put_order(ORDER_ID, **SHIPPED)
    monkeypatch.setenv("TASK_TYPE", REVIEW)


def start(engine: Engine, name: str = "execution-1") -> str:
    return engine.start(render(workflow="order_review"), ORDER, name)


@pytest.mark.parametrize("verdict", ["APPROVED", "REJECTED"])
def test_a_verdict_is_written_beside_what_the_order_has(
    verdict: str, aws: Cloud, engine: Engine, partner: Partner
) -> None:
    before = aws.order(ORDER_ID)
    output = {**example("valid", "output", REVIEW), "verdict": verdict}

    execution = start(engine)
    message = partner.message()
    response = partner.call_back(message, task_status="SUCCESS", task_output=output)
    ended = engine.ended(execution)

    assert message["tasktype"] == REVIEW
    assert response["statusCode"] == 200
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"])["review"] == output
    after = aws.order(ORDER_ID)
    assert after.pop("expires_at") == after.pop("retained_until")
    assert after == {
        **before,
        "execution_arn": execution,
        "review_verdict": verdict,
        "review_reference": output["reference"],
    }


def test_a_review_that_fails_marks_the_order(aws: Cloud, engine: Engine, partner: Partner) -> None:
    aws.put_order(ORDER_ID)
    execution = start(engine)
    partner.call_back(partner.message(), task_status="FAILURE", task_error=SUSPENDED)

    assert engine.ended(execution)["error"] == "CallbackTask.Failed"
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "FAILED"
    assert "SUSPENDED" in order["failure_reason"]
    assert "review_verdict" not in order


def test_a_review_that_fails_leaves_an_order_that_is_completed(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = start(engine)
    partner.call_back(partner.message(), task_status="FAILURE", task_error=SUSPENDED)

    assert engine.ended(execution)["error"] == "CallbackTask.Failed"
    order = aws.order(ORDER_ID)
    assert (order["order_status"], order.get("failure_reason")) == ("COMPLETED", None)


def test_a_review_that_is_resumed_gives_the_order_its_status_back(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    aws.put_order(ORDER_ID)
    execution = start(engine)
    aws.dynamodb.update_item(
        TableName=ORDERS,
        Key={"order_id": {"S": ORDER_ID}},
        UpdateExpression="SET order_status = :stalled, stalled_reason = :why, "
        "status_before_stall = :received",
        ExpressionAttributeValues={
            ":stalled": {"S": "STALLED"},
            ":why": {"S": "redrive it"},
            ":received": {"S": "RECEIVED"},
        },
    )
    verdict: dict[str, Any] = example("valid", "output", REVIEW)
    partner.call_back(partner.message(), task_status="SUCCESS", task_output=verdict)

    assert engine.ended(execution)["status"] == "SUCCEEDED"
    order = aws.order(ORDER_ID)
    assert order["order_status"] == "RECEIVED"
    assert not {"stalled_reason", "status_before_stall"} & order.keys()


def test_a_second_execution_is_refused_and_leaves_the_order_alone(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    before = aws.order(ORDER_ID)
    first = start(engine)
    message = partner.message()

    refused = engine.ended(start(engine, "execution-2"))

    assert (refused["status"], refused["error"]) == ("FAILED", "TaskAlreadyPending")
    after = aws.order(ORDER_ID)
    assert after.pop("execution_arn").endswith(":execution-2")
    assert after.pop("expires_at") == after.pop("retained_until")
    assert after == before
    verdict: dict[str, Any] = example("valid", "output", REVIEW)
    partner.call_back(message, task_status="SUCCESS", task_output=verdict)
    assert engine.ended(first)["status"] == "SUCCEEDED"


def test_an_order_that_vanished_is_not_written_again(
    aws: Cloud, engine: Engine, partner: Partner
) -> None:
    execution = start(engine)
    message = partner.message()
    aws.dynamodb.delete_item(TableName=ORDERS, Key={"order_id": {"S": ORDER_ID}})
    partner.call_back(
        message, task_status="SUCCESS", task_output=example("valid", "output", REVIEW)
    )

    assert engine.ended(execution)["error"] == "OrderNotFound"
    assert aws.dynamodb.scan(TableName=ORDERS)["Count"] == 0
