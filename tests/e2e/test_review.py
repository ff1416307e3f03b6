"""A partner without AWS: signed webhooks, retries, and giving up."""

import base64
import json
import time
import uuid
from collections.abc import Iterator

import pytest
import requests
from standardwebhooks import Webhook

from tests.support.e2e.webhooks import RecordingPartner, handed_over, listening
from tools import Json
from tools.devenv.engine import HOST
from tools.devenv.environment import Environment
from tools.devenv.review_walkthrough import PARTNER, TASK_TYPE, WORKFLOW
from tools.devenv.walkthrough import Deployment, example, until
from tools.devenv.webhooks import HandedOver


@pytest.fixture(scope="module")
def handed(deployment: Deployment) -> HandedOver:
    return handed_over(deployment, TASK_TYPE, PARTNER)


@pytest.fixture(scope="module")
def partner(deployment: Deployment, environment: Environment) -> Iterator[RecordingPartner]:
    with listening(
        deployment,
        TASK_TYPE,
        PARTNER,
        environment.webhook_port,
        lambda _: example("output", TASK_TYPE),
    ) as partner:
        yield partner


def place(deployment: Deployment) -> str:
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id, TASK_TYPE)
    return order_id


def test_a_message_is_signed_and_carries_no_task_token(
    deployment: Deployment, partner: RecordingPartner, handed: HandedOver
) -> None:
    order_id = place(deployment)
    partner.statuses[order_id] = [202]

    deployment.start(order_id, WORKFLOW)
    event = partner.event(order_id)

    (received,) = partner.received[order_id]
    headers = {name.lower(): value for name, value in received.headers.items()}
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == event["id"]
    assert headers["traceparent"] == event["traceparent"]
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 300
    assert Webhook(handed.signing_secrets[0]).verify(received.body, headers) == event
    assert not deployment.token_is_in(order_id, received.body.decode(), TASK_TYPE)


def test_a_webhook_with_a_wrong_signature_is_refused(
    partner: RecordingPartner, environment: Environment
) -> None:
    order_id = str(uuid.uuid4())
    headers = {
        "webhook-id": "forged",
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode(),
    }

    response = requests.post(
        f"http://{HOST}:{environment.webhook_port}/{PARTNER}",
        json={"id": "forged", "subject": order_id},
        headers=headers,
        timeout=60,
    )

    assert response.status_code == 401
    assert order_id not in partner.api.responses


def test_a_webhook_that_fails_twice_gets_its_message_again(
    deployment: Deployment, partner: RecordingPartner, handed: HandedOver
) -> None:
    order_id = place(deployment)
    partner.statuses[order_id] = [500, 500]

    execution = deployment.finished(deployment.start(order_id, WORKFLOW))

    assert execution["status"] == "SUCCEEDED"
    assert [received.status for received in partner.received[order_id]] == [500, 500, 202]
    assert len({received.body for received in partner.received[order_id]}) == 1
    order = deployment.order(order_id)
    assert order is not None
    assert order["review_verdict"] == example("output", TASK_TYPE)["verdict"]
    assert order["review_reference"] == example("output", TASK_TYPE)["reference"]
    assert order["order_status"] == "RECEIVED"
    task = deployment.callback_task(order_id, TASK_TYPE)
    assert task is not None
    assert task["principal"] == handed.client["client_id"]


def test_a_webhook_that_is_gone_fails_the_task(
    deployment: Deployment, partner: RecordingPartner
) -> None:
    order_id = place(deployment)
    partner.statuses[order_id] = [410]

    execution = deployment.finished(deployment.start(order_id, WORKFLOW))

    assert execution["status"] == "FAILED"
    assert execution["error"] == "CallbackTask.Undeliverable"
    order = deployment.order(order_id)
    assert order is not None
    assert order["order_status"] == "FAILED"
    assert "CallbackTask.Undeliverable" in order["failure_reason"]
    assert [received.status for received in partner.received[order_id]] == [410]
    letter = dead_letter(deployment, order_id)
    assert letter["Body"] == partner.received[order_id][0].body.decode()
    assert "410" in letter["MessageAttributes"]["reason"]["StringValue"]


def dead_letter(deployment: Deployment, order_id: str) -> Json:
    """The message about an order in the dead-letter queue, which this removes."""
    queue_url = deployment.outputs["webhook_queues"][TASK_TYPE][PARTNER]["dead_letter_queue_url"]
    sqs = deployment.platform.sqs

    def receive() -> Json | None:
        found = sqs.receive_message(QueueUrl=queue_url, MessageAttributeNames=["All"])
        for message in found.get("Messages", []):
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            if json.loads(message["Body"])["subject"] == order_id:
                return dict(message)
        return None

    return until(receive, "the dead-letter queue has the message")
