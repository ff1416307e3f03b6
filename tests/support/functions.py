"""The functions in process: their environment, their caches, and the events that reach them."""

import base64
import importlib
import io
import json
import logging
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from unittest.mock import patch

from callbacks.domain.message import cloud_event
from callbacks.domain.outcome import digest
from callbacks.domain.task import CallbackTask

from tests.support.channels import CALLBACK_URL, SHIPPING, example
from tests.support.cloud import ORDERS, PREFIX, REGION, TASKS, Cloud
from tests.support.tasks import EXECUTION, KEY, NOW, SHIPPED, TRACE, token

NAMES = (
    "close_execution",
    "deliver_webhook",
    "erase_order",
    "end_subscriptions",
    "external_callback",
    "get_order_metadata",
    "operate",
    "process_shipping_result",
    "rebuild_tasks",
    "reconcile_tasks",
    "redeliver_callback",
    "sns_callback",
    "sweep_due_callbacks",
)
ACCOUNT = "111111111111"
FAR_FUTURE = 4_000_000_000
XRAY_HEADER = f"Root=1-{TRACE.trace_id[:8]}-{TRACE.trace_id[8:]};Parent={TRACE.span_id};Sampled=1"
SIGNING_SECRET = f"{PREFIX}-signing"
ACME = f"arn:aws:sts::{ACCOUNT}:assumed-role/{PREFIX}-order-shipping-service-acme-shipping/worker"

# The callback that reports SHIPPED.
SUCCESS: dict[str, Any] = {
    "order_id": KEY.order_id,
    "task_type": SHIPPING,
    "task_status": "SUCCESS",
    "task_output": SHIPPED.output,
}

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Context:
    """What a handler reads of Lambda's context object."""

    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = PREFIX
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{PREFIX}"
    seconds_left: int = 300

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds_left * 1000


def environment(cloud: Cloud) -> dict[str, str]:
    """The variables of all functions together, as Terraform sets them on each."""
    return {
        "POWERTOOLS_METRICS_NAMESPACE": f"CallbackChannels/{PREFIX}",
        "POWERTOOLS_SERVICE_NAME": "test",
        "POWERTOOLS_LOG_LEVEL": "DEBUG",
        "ENVIRONMENT": "test",
        "CALLBACK_TABLE": TASKS,
        "CLOSE_EXECUTION_FUNCTION": f"{PREFIX}-close-execution",
        "QUEUE_URL_PREFIX": cloud.redelivery_queue_url.removesuffix("redelivery"),
        "ORDERS_TABLE": ORDERS,
        "ORDER_RETENTION_DAYS": "90",
        "SNS_TOPIC_ARN": cloud.topic_arn,
        "TASK_TYPE": SHIPPING,
        "PAYLOAD_EVENT_KEY": "order_contents",
        "EVENT_SOURCE": "/callback-channels/test",
        "RETENTION_DAYS": "30",
        "DEAD_LETTER_DAYS": "14",
        "LOG_RETENTION_DAYS": "90",
        "REDELIVERY_QUEUE_URL": cloud.redelivery_queue_url,
        "DEAD_LETTER_QUEUE_URL": cloud.dead_letter_queue_url,
        "PARTNER": "acme-shipping",
        "PARTNERS": "1",
        "REPORT_QUEUE_URL": cloud.report_queue_url,
        "SIGNING_SECRET_ARN": SIGNING_SECRET,
        "STATE_MACHINE_ARNS": cloud.state_machine_arn,
        "WEBHOOK_ADDRESSES": "PUBLIC",
        "WEBHOOK_QUEUE_URL": cloud.partner_queue_url,
        "WEBHOOK_URL": "https://hooks.example.com/tasks",
    }


def module(name: str) -> ModuleType:
    return importlib.import_module(f"functions.{name}.handler")


def handler(name: str) -> Handler:
    """The handler of the function in folder `name`."""
    found: Handler = module(name).handler
    return found


def forget() -> None:
    """Clears what the functions keep between invocations, as a cold start does."""
    for name in (*(f"functions.{name}.handler" for name in NAMES), "callbacks.runtime.telemetry"):
        for attribute in vars(importlib.import_module(name)).values():
            if hasattr(attribute, "cache_clear"):
                attribute.cache_clear()


class _Stdout(io.TextIOBase):
    """Whatever the standard output is when something is written to it; pytest replaces it."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)


@contextmanager
def deployed(cloud: Cloud) -> Iterator[None]:
    """The functions with their environment, started cold, and with logs on stdout."""
    from callbacks.runtime.telemetry import logger

    with patch.dict(os.environ, environment(cloud)):
        forget()
        [stdout] = logger().handlers
        assert isinstance(stdout, logging.StreamHandler)
        stdout.stream = _Stdout()
        yield
        forget()


def dispatch_event() -> dict[str, Any]:
    """What the workflow calls a dispatcher with."""
    return {
        "token": token(),
        "input": {"order_id": KEY.order_id, "order_contents": example("valid", "request")},
        "execution_arn": EXECUTION,
        "callback": "true",
        "timeout_seconds": 3600,
    }


def callback_event(
    body: Any,
    *,
    callback_id: str | None = None,
    resource: str = f"/externalCallback/{SHIPPING}",
    encoded: bool = False,
    authorizer: dict[str, Any] | None = None,
    headers: dict[str, list[str]] | None = None,
) -> dict[str, Any]:
    """A proxy event of a REST API; `body` is sent as it is if it is text, else as JSON."""
    if headers is None:
        headers = {"Content-Type": ["application/json"]}
    text = body if isinstance(body, str) else json.dumps(body)
    query = {"callback_id": callback_id} if callback_id is not None else None
    request_id = str(uuid.uuid4())
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": "a1b2c3d4e5",
        "domainName": "api.example.com",
        "extendedRequestId": "JJbxmF0kjoEFZ7w=",
        "httpMethod": "POST",
        "identity": {
            "accessKey": "ASIAEXAMPLE",
            "accountId": ACCOUNT,
            "caller": "AROAEXAMPLE:worker",
            "sourceIp": "192.0.2.7",
            "user": "AROAEXAMPLE:worker",
            "userAgent": "python-requests/2.32",
            "userArn": ACME,
        },
        "path": f"/live{resource}",
        "protocol": "HTTP/1.1",
        "requestId": request_id,
        "requestTimeEpoch": 1_800_000_000_000,
        "resourceId": "r1s2t3",
        "resourcePath": resource,
        "stage": "live",
    }
    if authorizer is not None:
        context["authorizer"] = authorizer
        context["identity"] = {"sourceIp": "192.0.2.7", "userArn": None}
    return {
        "resource": resource,
        "path": resource,
        "httpMethod": "POST",
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {"callback_id": [callback_id]} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": context,
        "body": base64.b64encode(text.encode()).decode() if encoded else text,
        "isBase64Encoded": encoded,
    }


def redelivery_message(task: CallbackTask) -> str:
    """What the redelivery queue carries once the task was claimed for SHIPPED."""
    return json.dumps(
        {
            "order_id": task.key.order_id,
            "task_type": task.key.task_type,
            "callback_id": task.callback_id,
            "outcome_digest": digest(SHIPPED),
        }
    )


def webhook_message() -> str:
    """What a webhook is sent of the first attempt."""
    return json.dumps(
        cloud_event(
            key=KEY,
            callback_id="attempt-1",
            work_id="attempt-1",
            source="/callback-channels/test",
            version="v1",
            callback_url=CALLBACK_URL,
            requested_at=NOW,
            expires_at=FAR_FUTURE,
            heartbeat_seconds=None,
            trace=TRACE,
            data=example("valid", "request"),
        )
    )


def redelivery_event(*bodies: str, tries: int = 1) -> dict[str, Any]:
    """A batch of an SQS event source."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": str(tries),
                    "SentTimestamp": "1800000000000",
                    "SenderId": "AROAEXAMPLE:external-callback",
                    "ApproximateFirstReceiveTimestamp": "1800000000001",
                },
                "messageAttributes": {},
                "md5OfBody": "0" * 32,
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{PREFIX}-redelivery",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def execution_event(execution_arn: str, status: str, **detail: Any) -> dict[str, Any]:
    """What EventBridge sends when an execution ends."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": ACCOUNT,
        "time": "2027-01-15T08:00:00Z",
        "region": "eu-west-1",
        "resources": [execution_arn],
        "detail": {
            "executionArn": execution_arn,
            "stateMachineArn": execution_arn.replace(":execution:", ":stateMachine:").rsplit(
                ":", 1
            )[0],
            "name": execution_arn.rsplit(":", 1)[1],
            "status": status,
            "startDate": 1_800_000_000_000,
            "stopDate": 1_800_000_060_000,
            "input": None,
            "output": None,
            "error": None,
            "cause": None,
            **detail,
        },
    }
