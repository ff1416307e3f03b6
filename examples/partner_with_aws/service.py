"""A reference partner: takes work from its queue and reports back with its own credentials."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.deploy.accounts import Account

type Json = dict[str, Any]

# Another try cannot change these: the outcome is held, or the task no longer waits for this one.
FINAL_ANSWERS = frozenset({200, 202, 404, 409, 410})
CALL_TIMEOUT_SECONDS = 35
REFRESH_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True)
class Message:
    """A request for work (a CloudEvent) and the handle that deletes it from the queue."""

    event: Json
    receipt_handle: str


class Partner:
    """A service in the partner's account that does the work of one task type."""

    def __init__(
        self, account: Account, queue_url: str, callback_role_arn: str, external_id: str
    ) -> None:
        self.account = account
        self.queue_url = queue_url
        self.callback_role_arn = callback_role_arn
        self.external_id = external_id
        self._session: tuple[Credentials, datetime] | None = None

    def receive(self, wait_seconds: int = 20) -> Message | None:
        """The next message, or None if there is none within `wait_seconds` (at most 20)."""
        answer = self.account.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=wait_seconds
        )
        for message in answer.get("Messages", []):
            return Message(_event(message["Body"]), message["ReceiptHandle"])
        return None

    def release(self, message: Message) -> None:
        """Give a message back to the queue for someone else."""
        self.account.sqs.change_message_visibility(
            QueueUrl=self.queue_url, ReceiptHandle=message.receipt_handle, VisibilityTimeout=0
        )

    def handle(self, message: Message, work: Callable[[Json], Json]) -> requests.Response:
        """Do the work, report its output, and delete the message once the answer is final.

        Any other answer leaves the message: it comes again after its visibility timeout, and
        reporting the same output twice is harmless.
        """
        event = message.event
        answer = self.call_back(
            event["callbackurl"],
            {
                "order_id": event["subject"],
                "task_type": event["tasktype"],
                "task_status": "SUCCESS",
                "task_output": work(event["data"]),
            },
        )
        if answer.status_code in FINAL_ANSWERS:
            self.delete(message)
        return answer

    def delete(self, message: Message) -> None:
        """Delete a message that is done with."""
        self.account.sqs.delete_message(
            QueueUrl=self.queue_url, ReceiptHandle=message.receipt_handle
        )

    def call_back(self, url: str, body: Json) -> requests.Response:
        """Post a callback, signed as the callback role."""
        return signed_post(
            url, json.dumps(body).encode(), self.credentials(), self.account.session.region_name
        )

    def credentials(self) -> Credentials:
        """Credentials of the callback role, assumed anew shortly before they end."""
        if self._session and self._session[1] - datetime.now(UTC) > REFRESH_BEFORE:
            return self._session[0]
        assumed = self.account.sts.assume_role(
            RoleArn=self.callback_role_arn,
            RoleSessionName="shipping-service",
            ExternalId=self.external_id,
        )["Credentials"]
        credentials = Credentials(
            assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]
        )
        self._session = (credentials, assumed["Expiration"])
        return credentials


def signed_post(
    url: str,
    body: bytes,
    credentials: Credentials,
    region: str,
    content_type: str = "application/json",
) -> requests.Response:
    """Post a body to an API Gateway URL, signed with Signature Version 4."""
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": content_type})
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return requests.post(
        url, data=body, headers=dict(request.headers.items()), timeout=CALL_TIMEOUT_SECONDS
    )


def _event(body: str) -> Json:
    document: Json = json.loads(body)
    # Without raw message delivery, SNS wraps the event in a notification of its own.
    return json.loads(document["Message"]) if document.get("Type") == "Notification" else document
