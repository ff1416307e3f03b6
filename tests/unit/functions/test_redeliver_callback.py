"""redeliver_callback: an SQS batch to its partial failures."""

import json
from collections import Counter

import pytest
from callbacks.domain.task import OutcomeStatus, Status, TaskKey

from tests.support.channels import SHIPPING
from tests.support.deployed import Deployed
from tests.support.functions import redelivery_event, redelivery_message
from tests.support.services import SLOWEST_REDELIVERY, intercepted
from tests.support.tasks import KEY, completing, done, token

LONG_AGO = 1_000_000_000


def redeliver(deployed: Deployed, *bodies: str, tries: int = 1) -> list[str]:
    """The messages that are to be tried again."""
    with intercepted("sqs") as sqs:
        sqs.answers["ChangeMessageVisibility"] = {}
        response = deployed.call("redeliver_callback", redelivery_event(*bodies, tries=tries))
        hidden = [
            (params["ReceiptHandle"], params["VisibilityTimeout"])
            for operation, params in sqs.calls
            if operation == "ChangeMessageVisibility"
        ]
    for handle, seconds in hidden:
        assert handle.startswith("receipt-")
        assert 2**tries // 2 <= seconds <= 2**tries
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def test_an_outcome_is_delivered(deployed: Deployed) -> None:
    deployed.given(completing())

    assert redeliver(deployed, redelivery_message(completing())) == []

    [(operation, sent)] = deployed.sends
    assert (operation, sent["taskToken"]) == ("SendTaskSuccess", token())
    task = deployed.record()
    assert task is not None
    assert (task.status, task.task_token) == (Status.COMPLETED, None)
    line = deployed.logged("REDELIVERY_TRIED")
    assert line.items() >= {"order_id": KEY.order_id, "tries": 1, "disposition": "DONE"}.items()
    assert deployed.measured("RedeliveriesTried") == {"": [1], SHIPPING: [1]}


def test_only_what_failed_is_tried_again(deployed: Deployed) -> None:
    other = deployed.given(completing(key=TaskKey("order-2", SHIPPING)))
    deployed.given(completing())
    deployed.stepfunctions.refuse("SendTaskSuccess", "ThrottlingException", token())

    assert redeliver(
        deployed, redelivery_message(completing()), "no message", redelivery_message(done())
    ) == [
        "message-0",
        "message-2",
    ]

    deployed.stepfunctions.answers["SendTaskSuccess"] = {}

    assert (
        redeliver(
            deployed, redelivery_message(other), "no message", redelivery_message(completing())
        )
        == []
    )


@pytest.mark.parametrize("body", ["-", "{}", "[]", '{"order_id": 1}'])
def test_what_is_no_message_goes_to_the_dead_letter_queue(body: str, deployed: Deployed) -> None:
    assert redeliver(deployed, body) == []
    assert deployed.logged("REDELIVERY_UNREADABLE")["message_id"] == "message-0"
    assert deployed.aws.receive(deployed.aws.dead_letter_queue_url) == [body]


def test_a_try_that_fails_after_the_deadline_ends_in_the_dead_letter_queue(
    deployed: Deployed,
) -> None:
    overdue = deployed.given(completing(requested_at=LONG_AGO * 1000))
    deployed.stepfunctions.refuse("SendTaskSuccess", "ServiceUnavailable", token(), 503)

    assert redeliver(deployed, redelivery_message(overdue)) == []

    [dead] = deployed.aws.receive(deployed.aws.dead_letter_queue_url)
    assert json.loads(dead)["reason"] == "the last try failed"
    assert "SECRET" not in dead
    task = deployed.record()
    assert task is not None
    assert (task.status, task.outcome_status) == (
        Status.COMPLETING,
        OutcomeStatus.DEAD_LETTERED,
    )


def test_its_slowest_try_makes_the_calls_whose_time_outs_are_summed(deployed: Deployed) -> None:
    task = deployed.given(completing(requested_at=1000))
    deployed.stepfunctions.refuse("SendTaskSuccess", "TaskTimedOut")
    deployed.stepfunctions.answers["GetExecutionHistory"] = [
        {"events": [], "nextToken": str(page)} for page in range(25)
    ]

    with intercepted("dynamodb") as dynamodb, intercepted("sqs") as sqs:
        event = redelivery_event(redelivery_message(task), tries=3)
        assert deployed.call("redeliver_callback", event) == {"batchItemFailures": []}

    services = {"dynamodb": dynamodb, "sqs": sqs, "stepfunctions": deployed.stepfunctions}
    made = Counter({name: len(service.calls) for name, service in services.items()})
    assert made == Counter(SLOWEST_REDELIVERY.values())


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_a_record_that_cannot_be_reached_is_tried_again(operation: str, deployed: Deployed) -> None:
    deployed.given(completing())
    with intercepted("dynamodb") as dynamodb:
        dynamodb.refuse(operation, "InternalServerError", status=500)

        assert redeliver(deployed, redelivery_message(completing())) == ["message-0"]

    assert deployed.logged("REDELIVERY_UNAVAILABLE")["order_id"] == KEY.order_id


def test_a_message_waits_for_its_time_out_if_no_pause_can_be_set(deployed: Deployed) -> None:
    deployed.given(completing())
    deployed.stepfunctions.refuse("SendTaskSuccess", "ThrottlingException", token())
    with intercepted("sqs") as sqs:
        sqs.refuse("ChangeMessageVisibility", "ServiceUnavailable", status=503)
        response = deployed.call(
            "redeliver_callback", redelivery_event(redelivery_message(completing()))
        )

    assert response == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert deployed.logged("PAUSE_NOT_SET")["order_id"] == KEY.order_id
