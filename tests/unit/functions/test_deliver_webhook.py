"""deliver_webhook: from a queue's batch to the endpoint, the queues and the record."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from callbacks.adapters.aws import client
from callbacks.adapters.public_http import Destination, Response, UnreachableError
from callbacks.runtime.clock import SystemClock
from standardwebhooks import Webhook

from tests.support.channels import SHIPPING
from tests.support.cloud import TASKS
from tests.support.deployed import Deployed
from tests.support.functions import SIGNING_SECRET, redelivery_event, webhook_message
from tests.support.services import intercepted
from tests.support.tasks import KEY, NOW, TRACE, completing, pending

FIRST, SECOND = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))
TIMEOUT_SECONDS = 10**9


@dataclass
class Endpoint:
    """Stands in for the network."""

    status: int | None = 200
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[dict[str, Any]] = field(default_factory=list)

    def exchange(self, to: Destination, body: bytes, headers: dict[str, str]) -> Response:
        self.posted.append({"to": to, "body": body, "headers": headers})
        if self.status is None:
            raise UnreachableError("gone away")
        return Response(self.status, self.headers.get("Retry-After"))


@pytest.fixture
def endpoint(deployed: Deployed) -> Iterator[Endpoint]:
    """With its signing secret in Secrets Manager, and a task that waits."""
    client("secretsmanager").create_secret(
        Name=SIGNING_SECRET, SecretString=json.dumps({"current": FIRST})
    )
    deployed.given(pending(timeout_seconds=TIMEOUT_SECONDS))
    endpoint = Endpoint()
    with patch("callbacks.adapters.webhook.exchange", endpoint.exchange):
        yield endpoint


def deliver(
    deployed: Deployed, body: str | None = None, *, tries: int = 1, sent_at: int = NOW
) -> list[str]:
    """The messages that are to come again."""
    event = redelivery_event(body or webhook_message(), tries=tries)
    event["Records"][0]["attributes"]["SentTimestamp"] = str(sent_at * 1000)
    failures = deployed.call("deliver_webhook", event)["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


def letters(deployed: Deployed) -> list[Any]:
    response = deployed.aws.sqs.receive_message(
        QueueUrl=deployed.aws.dead_letter_queue_url, MessageAttributeNames=["All"]
    )
    return list(response.get("Messages", []))


def test_a_message_that_is_taken_is_gone_from_the_queue(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    assert deliver(deployed) == []

    [posted] = endpoint.posted
    assert posted["to"] == Destination("hooks.example.com", 443, "/tasks")
    assert signatures_of(posted, FIRST) == posted["headers"]["webhook-signature"].split()
    line = deployed.logged("MESSAGE_DONE")
    assert (line["callback_id"], line["order_id"], line["tries"]) == ("attempt-1", KEY.order_id, 1)
    assert (line["result"], line["status"], "why" in line) == ("TAKEN", 200, False)
    assert deployed.measured("WebhooksTaken") == {f"{SHIPPING}/acme-shipping": [1]}
    assert deployed.measured("WebhooksRefused") == {}


@pytest.mark.parametrize(("status", "code"), [(200, "MESSAGE_DONE"), (500, "MESSAGE_RETRIED")])
def test_the_trace_of_the_message_is_told_and_logged(
    status: int, code: str, deployed: Deployed, endpoint: Endpoint
) -> None:
    endpoint.status = status
    with intercepted("sqs") as sqs:
        sqs.answers["ChangeMessageVisibility"] = {}

        deliver(deployed)

    [posted] = endpoint.posted
    assert posted["headers"]["traceparent"] == TRACE.traceparent
    assert deployed.logged(code)["trace_id"] == TRACE.trace_id


def test_a_message_without_a_trace_is_delivered_all_the_same(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    message = json.loads(webhook_message())
    del message["traceparent"]

    assert deliver(deployed, json.dumps(message)) == []

    [posted] = endpoint.posted
    assert "traceparent" not in posted["headers"]
    assert "trace_id" not in deployed.logged("MESSAGE_DONE")


def test_an_endpoint_that_is_gone_is_told_apart_from_one_that_took_the_message(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    endpoint.status = 410

    assert deliver(deployed) == []

    line = deployed.logged("MESSAGE_DONE")
    assert (line["result"], line["status"]) == ("GIVEN_UP", 410)


def test_both_secrets_sign_while_one_is_rotated(deployed: Deployed, endpoint: Endpoint) -> None:
    client("secretsmanager").put_secret_value(
        SecretId=SIGNING_SECRET, SecretString=json.dumps({"current": SECOND, "previous": FIRST})
    )

    deliver(deployed)

    [posted] = endpoint.posted
    assert signatures_of(posted, SECOND, FIRST) == posted["headers"]["webhook-signature"].split()


def test_a_secret_that_is_rotated_is_read_anew_within_five_minutes(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    with at(NOW):
        deliver(deployed)
    client("secretsmanager").put_secret_value(
        SecretId=SIGNING_SECRET, SecretString=json.dumps({"current": SECOND, "previous": FIRST})
    )

    for later in (299, 300):
        with at(NOW + later):
            deliver(deployed)

    signatures = [posted["headers"]["webhook-signature"].split() for posted in endpoint.posted]
    assert [len(each) for each in signatures] == [1, 1, 2]


def test_a_message_that_is_not_taken_comes_again_after_a_pause(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    endpoint.status, endpoint.headers = 429, {"Retry-After": "77"}

    with intercepted("sqs") as sqs:
        sqs.answers["ChangeMessageVisibility"] = {}
        with at(NOW):
            assert deliver(deployed) == ["message-0"]

    [(operation, pause)] = sqs.calls
    assert operation == "ChangeMessageVisibility"
    assert pause["VisibilityTimeout"] == 77
    assert pause["ReceiptHandle"] == "receipt-0"
    assert pause["QueueUrl"] == deployed.aws.partner_queue_url
    line = deployed.logged("MESSAGE_RETRIED")
    assert (line["status"], line["why"], line["retry_in"]) == (429, "it responded with 429", 77)
    assert line["milliseconds"] >= 0
    assert deployed.measured("WebhooksRefused") == {f"{SHIPPING}/acme-shipping": [1]}
    assert deployed.measured("WebhooksTaken") == {}


def test_a_message_that_nobody_wants_counts_for_nobody(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    body = json.dumps({**json.loads(webhook_message()), "subject": "order-2"})

    assert deliver(deployed, body) == []

    assert endpoint.posted == []
    assert deployed.logged("MESSAGE_DONE")["result"] == "NOT_WANTED"
    assert deployed.measured("WebhooksTaken") == deployed.measured("WebhooksRefused") == {}


def test_a_message_of_a_week_is_sent_anew(deployed: Deployed, endpoint: Endpoint) -> None:
    endpoint.status = 500

    with at(NOW + 7 * 86_400 + 1):
        assert deliver(deployed, tries=800) == []

    assert deployed.aws.receive(deployed.aws.partner_queue_url) == [webhook_message()]


def test_an_endpoint_that_is_gone_is_reported(deployed: Deployed, endpoint: Endpoint) -> None:
    endpoint.status = 410

    assert deliver(deployed) == []

    [letter] = letters(deployed)
    assert letter["Body"] == webhook_message()
    reason = letter["MessageAttributes"]["reason"]["StringValue"]
    [report] = deployed.aws.receive(deployed.aws.report_queue_url)
    assert json.loads(report) == {
        "order_id": KEY.order_id,
        "task_type": KEY.task_type,
        "callback_id": "attempt-1",
        "reason": reason,
    }
    assert deployed.record() == pending(timeout_seconds=TIMEOUT_SECONDS)


def test_a_task_that_is_completed_is_not_posted(deployed: Deployed, endpoint: Endpoint) -> None:
    deployed.aws.dynamodb.delete_item(
        TableName=TASKS,
        Key={"order_id": {"S": KEY.order_id}, "task_type": {"S": KEY.task_type}},
    )
    deployed.given(completing())

    assert deliver(deployed) == []
    assert not endpoint.posted


@pytest.mark.parametrize(
    "body", ["shipped!", "[]", '"x"', '{"id": "1"}', '{"Type": "Notification", "Message": "{}"}']
)
def test_what_is_no_message_goes_to_the_dead_letter_queue(
    body: str, deployed: Deployed, endpoint: Endpoint
) -> None:
    assert deliver(deployed, body) == []

    assert not endpoint.posted
    [letter] = letters(deployed)
    assert letter["Body"] == body
    assert deployed.logged("MESSAGE_UNREADABLE")


def test_an_operator_has_a_message_sent_again(deployed: Deployed, endpoint: Endpoint) -> None:
    assert deployed.call("deliver_webhook", {"resend": webhook_message()}) == {
        "batchItemFailures": []
    }

    assert not endpoint.posted
    assert deployed.aws.receive(deployed.aws.partner_queue_url) == [webhook_message()]


def test_what_is_no_message_is_not_sent_again(deployed: Deployed) -> None:
    with pytest.raises(ValueError, match="the message is no CloudEvent of this platform"):
        deployed.call("deliver_webhook", {"resend": '{"id": "1"}'})

    assert deployed.aws.receive(deployed.aws.partner_queue_url) == []


def test_a_message_waits_while_its_secret_cannot_be_read(
    deployed: Deployed, endpoint: Endpoint
) -> None:
    with intercepted("secretsmanager") as secrets:
        secrets.refuse("GetSecretValue", "InternalServiceError", status=500)

        assert deliver(deployed) == ["message-0"]

    assert not endpoint.posted
    assert "GetSecretValue" in deployed.logged("DELIVERY_UNAVAILABLE")["reason"]


def test_signing_secrets_stand_in_no_log(deployed: Deployed, endpoint: Endpoint) -> None:
    endpoint.status = None
    with intercepted("sqs") as sqs:
        sqs.answers["ChangeMessageVisibility"] = {}

        deliver(deployed)

    deployed.lines()
    assert FIRST.removeprefix("whsec_") not in deployed.printed


def at(now: float) -> Any:
    return patch.object(SystemClock, "now", lambda _: now)


def signatures_of(posted: dict[str, Any], *secrets: str) -> list[str]:
    timestamp = datetime.fromtimestamp(int(posted["headers"]["webhook-timestamp"]), UTC)
    return [Webhook(secret).sign("attempt-1", timestamp, webhook_message()) for secret in secrets]
