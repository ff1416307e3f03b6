"""Queues on SQS: of redelivery, of a webhook's messages and reports; and dead-letter queues."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.exact_json import canonical_json, parse_json
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import Letter, Redelivery, Undelivered
from callbacks.domain.task import TaskKey

MESSAGE_BYTES = 262_144


class SQSRedeliveryQueue:
    """RedeliveryQueue over SQS; `client` makes or returns a client of SQS."""

    def __init__(self, client: ClientFactory, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, redelivery: Redelivery) -> None:
        _send(self._client(), self._queue_url, _document(redelivery))

    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        """Hides a received message for `seconds`. Raises DependencyUnavailable."""
        _retry_in(self._client(), self._queue_url, receipt_handle, seconds)


class SQSDeadLetterQueue:
    """DeadLetterQueue over SQS; a message can be moved back to the redelivery queue as it is.

    The outcome is a member of the message's own JSON, not a text inside it: so it takes the bytes
    that the channel allowed and no more. One of characters that grow all the same is left out,
    and the message says so: a promise that is broken is reported in any case.
    """

    def __init__(self, client: ClientFactory, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, redelivery: Redelivery, reason: str, outcome: Outcome | None) -> None:
        document: dict[str, Any] = {**_document(redelivery), "reason": reason}
        if outcome is not None:
            document["outcome"] = parse_json(outcome.as_json())
        if len(_encoded(document).encode()) > MESSAGE_BYTES:
            document["outcome"] = "too large for this queue: see the task's record"
        _send(self._client(), self._queue_url, document)


class SQSReportQueue:
    """UndeliveredReports over SQS."""

    def __init__(self, client: ClientFactory, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, undelivered: Undelivered) -> None:
        document = {
            "order_id": undelivered.key.order_id,
            "task_type": undelivered.key.task_type,
            "callback_id": undelivered.callback_id,
            "reason": undelivered.reason,
        }
        _send(self._client(), self._queue_url, document)


class SQSMessageQueue:
    """A webhook's queue of messages, or its dead-letter queue (UndeliveredMessages)."""

    def __init__(self, client: ClientFactory, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, body: str, reason: str | None = None) -> None:
        with unavailable(DependencyUnavailable, "SendMessage"):
            self._client().send_message(
                QueueUrl=self._queue_url,
                MessageBody=body,
                MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}}
                if reason
                else {},
            )

    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        """Hides a received message for `seconds`. Raises DependencyUnavailable."""
        _retry_in(self._client(), self._queue_url, receipt_handle, seconds)


class SQSDeadLetters:
    """DeadLetters over SQS. A letter that is received is hidden for HIDDEN_SECONDS."""

    HIDDEN_SECONDS = 120

    def __init__(self, client: ClientFactory, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def receive(self) -> Sequence[Letter]:
        with unavailable(DependencyUnavailable, "ReceiveMessage"):
            response = self._client().receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=self.HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
        return [_letter(message) for message in response.get("Messages", [])]

    def release(self, letter: Letter) -> None:
        _retry_in(self._client(), self._queue_url, letter.receipt, 0)

    def delete(self, letter: Letter) -> None:
        with unavailable(DependencyUnavailable, "DeleteMessage"):
            self._client().delete_message(QueueUrl=self._queue_url, ReceiptHandle=letter.receipt)


def parse_redelivery(body: str) -> Redelivery:
    """The message of either queue. Raises ValueError, KeyError or TypeError for anything else."""
    document = json.loads(body)
    return Redelivery(
        TaskKey(document["order_id"], document["task_type"]),
        document["callback_id"],
        document["outcome_digest"],
    )


def parse_undelivered(body: str) -> Undelivered:
    """A report. Raises ValueError, KeyError or TypeError for anything else."""
    document = json.loads(body)
    values = [document[name] for name in ("order_id", "task_type", "callback_id", "reason")]
    if not all(isinstance(value, str) for value in values):
        raise TypeError("all members of a report are texts")
    order_id, task_type, callback_id, reason = values
    return Undelivered(TaskKey(order_id, task_type), callback_id, reason)


def _letter(message: Mapping[str, Any]) -> Letter:
    """Of attributes it has the texts: reasons, and what SNS says of a delivery that failed."""
    about = message.get("Attributes", {})
    return Letter(
        id=message["MessageId"],
        body=message["Body"],
        receipt=message["ReceiptHandle"],
        sent_at=int(about.get("SentTimestamp", 0)),
        receives=int(about.get("ApproximateReceiveCount", 1)),
        sender=about.get("SenderId", ""),
        attributes={
            name: attribute["StringValue"]
            for name, attribute in message.get("MessageAttributes", {}).items()
            if "StringValue" in attribute
        },
    )


def _document(redelivery: Redelivery) -> dict[str, Any]:
    return {
        "order_id": redelivery.key.order_id,
        "task_type": redelivery.key.task_type,
        "callback_id": redelivery.callback_id,
        "outcome_digest": redelivery.outcome_digest,
    }


def _encoded(document: dict[str, Any]) -> str:
    """SQS takes the characters of XML, which the last two of the basic plane are not."""
    text = canonical_json(document)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def _send(client: Any, queue_url: str, document: dict[str, Any]) -> None:
    with unavailable(DependencyUnavailable, "SendMessage"):
        client.send_message(QueueUrl=queue_url, MessageBody=_encoded(document))


def _retry_in(client: Any, queue_url: str, receipt_handle: str, seconds: int) -> None:
    with unavailable(DependencyUnavailable, "ChangeMessageVisibility"):
        client.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )
