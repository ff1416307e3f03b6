"""Ships orders: takes messages from a queue, works on them and calls back, signed with SigV4.

Run as a program, it reads QUEUE_URL, CALLBACK_ROLE_ARN, EXTERNAL_ID and PLATFORM_REGION from its
environment, and its own region and credentials from where every AWS SDK finds them.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

type Json = dict[str, Any]

TIMEOUT_SECONDS = 35
PAUSE_SECONDS = 5

# The platform has the outcome, or nobody waits for it any more.
FINAL = frozenset({200, 202, 404, 409, 410})

log = logging.getLogger("shipping")


class SigV4(requests.auth.AuthBase):
    """Signs requests to API Gateway with Signature Version 4."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        self.credentials = credentials
        self.region = region

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        headers = {"Content-Type": request.headers["Content-Type"]}
        signed = AWSRequest(request.method, request.url, headers, request.body)
        credentials = self.credentials.get_frozen_credentials()
        SigV4Auth(credentials, "execute-api", self.region).add_auth(signed)
        request.headers.update(signed.headers.items())
        return request


@dataclass
class Api:
    """The platform's API, called as the callback role; `sts` is a client of AWS STS."""

    sts: Any
    callback_role_arn: str
    external_id: str
    region: str

    def __post_init__(self) -> None:
        # Assumed when first used, and again some minutes before the session ends.
        self.credentials = DeferredRefreshableCredentials(self._assume_role, "assume-role")

    def call_back(self, url: str, body: Json, traceparent: str | None = None) -> requests.Response:
        """Post a callback, signed, and in the trace of its message if that has one."""
        return requests.post(
            url,
            json=body,
            headers={"traceparent": traceparent},
            auth=SigV4(self.credentials, self.region),
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )

    def _assume_role(self) -> dict[str, str]:
        assumed = self.sts.assume_role(
            RoleArn=self.callback_role_arn,
            RoleSessionName="callback",
            ExternalId=self.external_id,
        )["Credentials"]
        return {
            "access_key": assumed["AccessKeyId"],
            "secret_key": assumed["SecretAccessKey"],
            "token": assumed["SessionToken"],
            "expiry_time": assumed["Expiration"].isoformat(),
        }


class CannotDoError(Exception):
    """The work cannot be done, whoever tries: what the workflow is told, by a code and in words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Message:
    """A request for work (a CloudEvent), and the handle that deletes it from the queue."""

    event: Json
    receipt_handle: str


@dataclass
class Partner:
    """Takes messages from a queue, does each piece of work once, and reports.

    `sqs` is a client of SQS.
    """

    sqs: Any
    queue_url: str
    api: Api
    work: Callable[[Json], Json]
    stopped: threading.Event = field(default_factory=threading.Event, init=False)
    _outcomes: dict[str, Json] = field(default_factory=dict, init=False)

    def run(self) -> None:
        """Work until stopped. What fails is left in the queue, and comes again."""
        while not self.stopped.is_set():
            try:
                message = self.receive()
                if message:
                    self.handle(message)
            except (BotoCoreError, ClientError, requests.RequestException) as error:
                log.info(json.dumps({"code": "FAILED", "error": str(error)}))
                self.stopped.wait(PAUSE_SECONDS)

    def receive(self, wait_seconds: int = 20) -> Message | None:
        """The next message, or None if none comes within `wait_seconds` (at most 20)."""
        received = self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=wait_seconds
        )
        for message in received.get("Messages", []):
            return Message(_event(message["Body"]), message["ReceiptHandle"])
        return None

    def handle(self, message: Message) -> requests.Response:
        """Report the outcome, and delete the message if the response is final.

        After any other response the message comes again, once its visibility timeout is over.
        """
        event = message.event
        log.info(json.dumps({"code": "MESSAGE_TAKEN", "event": event}))
        callback = {
            "order_id": event["subject"],
            "task_type": event["tasktype"],
            **self._outcome(event),
        }
        response = self.api.call_back(event["callbackurl"], callback, event.get("traceparent"))
        told = {"posted": callback, "status": response.status_code, "response": response.text}
        log.info(json.dumps({"code": "CALLBACK_SENT", "order_id": event["subject"], **told}))
        if response.status_code in FINAL:
            self.delete(message)
        return response

    def delete(self, message: Message) -> None:
        self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message.receipt_handle)

    def _outcome(self, event: Json) -> Json:
        """What the work came to, the first time that it was asked for."""
        if event["workid"] not in self._outcomes:
            try:
                outcome = {"task_status": "SUCCESS", "task_output": self.work(event["data"])}
            except CannotDoError as error:
                reason = {"code": error.code, "message": str(error), "retryable": False}
                outcome = {"task_status": "FAILURE", "task_error": reason}
            self._outcomes[event["workid"]] = outcome
        return self._outcomes[event["workid"]]


def ship(data: Json) -> Json:
    """Hand an order to the carrier, who takes no more than a thousand pieces of one article."""
    if any(item["quantity"] > 1000 for item in data["items"]):
        raise CannotDoError("TOO_MANY_PIECES", "an article has more than 1000 pieces")
    return {"shipping_status": "PROCESSING", "tracking_number": "1ZA1B2C3D4"}


def _event(body: str) -> Json:
    document: Json = json.loads(body)
    # Without raw message delivery, SNS wraps the event in a notification of its own.
    return json.loads(document["Message"]) if document.get("Type") == "Notification" else document


def main() -> None:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    names = ("CALLBACK_ROLE_ARN", "EXTERNAL_ID", "PLATFORM_REGION")
    api = Api(boto3.client("sts"), *(os.environ[name] for name in names))
    partner = Partner(boto3.client("sqs"), os.environ["QUEUE_URL"], api, ship)
    # A message that is given to a process that is gone is hidden until its time-out.
    signal.signal(signal.SIGTERM, lambda *_: partner.stopped.set())
    partner.run()


if __name__ == "__main__":
    main()
