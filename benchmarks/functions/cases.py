"""One ordinary invocation of each function, and what AWS answers to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[2] / "schemas"

REGION = "eu-west-1"
ACCOUNT = "111111111111"
TASK_TYPE = "ORDER_SHIPPING_SERVICE"
ORDER_ID = "a96cbeed-cbd7-4711-815c-0913113c6064"
CALLBACK_ID = "3f0c9a52-6d3c-4e0b-9f5e-0b1c2d3e4f50"
OUTCOME_DIGEST = "v1:" + "0" * 64
EXECUTION_ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:callbacks-order-processing:one"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:callbacks-order-shipping-service"
SHIPPING = {"shipping_status": "PROCESSING", "tracking_number": "1ZA1B2C3D4"}
FAR_FUTURE = 4_102_444_800


@dataclass(frozen=True, kw_only=True)
class Case:
    """`answers` are the bodies of AWS's answers by operation: JSON, or text as it is sent.

    `{endpoint}` in the environment stands for the address that answers for AWS.
    """

    function: str
    event: Mapping[str, Any]
    answers: Mapping[str, Mapping[str, Any] | str]
    environment: Mapping[str, str]


def _schema(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text())


def _order() -> dict[str, Any]:
    request: dict[str, Any] = _schema(f"{TASK_TYPE}/v1/examples/valid/request.json")
    return request


def _attribute(value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [_attribute(inner) for inner in value]}
        case dict():
            return {"M": {name: _attribute(inner) for name, inner in value.items()}}
    raise TypeError(f"no DynamoDB type for {value!r}")


def _item(**attributes: object) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in attributes.items()}


def _callback_schema() -> dict[str, Any]:
    callback: dict[str, Any] = _schema("callback.schema.json")
    callback["properties"]["task_type"] = {"enum": [TASK_TYPE]}
    callback["properties"]["task_output"] = _schema(f"{TASK_TYPE}/v1/output.schema.json")
    return callback


REGISTRATION = _item(
    order_id="#CHANNEL",
    task_type=TASK_TYPE,
    auth="AWS_IAM",
    enabled=True,
    topic_arn=TOPIC_ARN,
    callback_url=f"https://api.example.com/v1/externalCallback/{TASK_TYPE}",
    callback_id_required=True,
    max_output_bytes=65_536,
    timeout_seconds=86_400,
    versions={
        "v1": {
            "request": json.dumps(_schema(f"{TASK_TYPE}/v1/request.schema.json")),
            "callback": json.dumps(_callback_schema()),
        }
    },
)

PENDING: dict[str, object] = {
    "order_id": ORDER_ID,
    "task_type": TASK_TYPE,
    "status": "PENDING",
    "callback_id": CALLBACK_ID,
    "callback_id_required": True,
    "execution_arn": EXECUTION_ARN,
    "requested_at": 1_767_225_600_000,
    "deadline": FAR_FUTURE,
    "retention_seconds": 2_592_000,
    "version": 1,
}

COMPLETING: dict[str, object] = {
    **PENDING,
    "status": "COMPLETING",
    "task_token": "t" * 700,
    "outcome": json.dumps({"status": "SUCCESS", "output": SHIPPING}),
    "outcome_digest": OUTCOME_DIGEST,
    "outcome_status": "RECORDED",
    "claimed_at": 1_767_225_660,
    "principal": "partner",
    "sends": 1,
    "due_at": 1_767_225_720,
    "due_shard": "0",
    "version": 2,
}

PUBLISHED = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>'
    "94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata><RequestId>"
    "f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata></PublishResponse>"
)

ORDERS = {"ORDERS_TABLE": "callbacks-Orders"}
TASKS = {"CALLBACK_TABLE": "callbacks-CallbackTasks", "RETENTION_DAYS": "30"}
QUEUES = {
    "REDELIVERY_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/redelivery",
    "DEAD_LETTER_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/redelivery-dead-letter",
    "MAX_TRIES": "20",
}

CASES = (
    Case(
        function="get_order_metadata",
        event={"order_id": ORDER_ID, "execution_arn": EXECUTION_ARN},
        answers={"GetItem": {"Item": _item(order_id=ORDER_ID, order_contents=_order())}},
        environment=ORDERS,
    ),
    Case(
        function="process_shipping_result",
        event={"order_id": ORDER_ID, "shipping": SHIPPING, "execution_arn": EXECUTION_ARN},
        answers={"UpdateItem": {}},
        environment=ORDERS,
    ),
    Case(
        function="sns_callback",
        event={
            "token": "t" * 700,
            "input": {"order_id": ORDER_ID, "order_contents": _order()},
            "execution_arn": EXECUTION_ARN,
            "callback": "true",
            "timeout_seconds": 86_400,
        },
        answers={"GetItem": {"Item": REGISTRATION}, "PutItem": {}, "Publish": PUBLISHED},
        environment={
            **TASKS,
            "SNS_TOPIC_ARN": TOPIC_ARN,
            "TASK_TYPE": TASK_TYPE,
            "PAYLOAD_EVENT_KEY": "order_contents",
            "EVENT_SOURCE": "/callback-channels/bench",
        },
    ),
    Case(
        function="external_callback",
        event={
            "resource": f"/externalCallback/{TASK_TYPE}",
            "httpMethod": "POST",
            "headers": {"Content-Type": "application/json"},
            "queryStringParameters": {"callback_id": CALLBACK_ID},
            "requestContext": {
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "identity": {"userArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/partner/session"},
            },
            "body": json.dumps(
                {
                    "order_id": ORDER_ID,
                    "task_type": TASK_TYPE,
                    "task_status": "SUCCESS",
                    "task_output": SHIPPING,
                }
            ),
            "isBase64Encoded": False,
        },
        answers={
            "GetItem": {"Item": REGISTRATION},
            "UpdateItem": {"Attributes": _item(**COMPLETING)},
            "SendTaskSuccess": {},
        },
        environment={**TASKS, **QUEUES},
    ),
    Case(
        function="redeliver_callback",
        event={
            "Records": [
                {
                    "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
                    "receiptHandle": "handle",
                    "attributes": {"ApproximateReceiveCount": "1"},
                    "body": json.dumps(
                        {
                            "order_id": ORDER_ID,
                            "task_type": TASK_TYPE,
                            "callback_id": CALLBACK_ID,
                            "outcome_digest": OUTCOME_DIGEST,
                        }
                    ),
                }
            ]
        },
        answers={
            "GetItem": {"Item": _item(**COMPLETING)},
            "UpdateItem": {},
            "SendTaskSuccess": {},
        },
        environment={**TASKS, **QUEUES},
    ),
    Case(
        function="sweep_due_callbacks",
        event={"detail-type": "Scheduled Event"},
        answers={"Query": {"Items": [], "Count": 0, "ScannedCount": 0}},
        environment={**TASKS, **QUEUES},
    ),
    Case(
        function="close_execution",
        event={
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": EXECUTION_ARN,
                "status": "ABORTED",
                "stopDate": 1_767_225_720_000,
                "input": json.dumps({"order_id": ORDER_ID}),
            },
        },
        answers={
            "Query": {"Items": [_item(**PENDING)], "Count": 1, "ScannedCount": 1},
            "UpdateItem": {},
        },
        environment={**TASKS, **ORDERS},
    ),
    Case(
        function="deliver_webhook",
        event={
            "Records": [
                {
                    "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
                    "receiptHandle": "handle",
                    "attributes": {
                        "ApproximateReceiveCount": "1",
                        "SentTimestamp": "4102444800000",
                    },
                    "body": json.dumps(
                        {
                            "id": CALLBACK_ID,
                            "subject": ORDER_ID,
                            "tasktype": TASK_TYPE,
                            "expirytime": "2100-01-01T00:00:00.000Z",
                            "data": _order(),
                        }
                    ),
                }
            ]
        },
        answers={
            "GetSecretValue": {"SecretString": json.dumps({"current": "whsec_" + "MDEy" * 8})},
            "Query": {"Items": [_item(**PENDING)], "Count": 1, "ScannedCount": 1},
            "Webhook": {},
        },
        environment={
            **TASKS,
            **QUEUES,
            "WEBHOOK_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/webhook",
            "SIGNING_SECRET_ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:webhook",
            "WEBHOOK_URL": "{endpoint}",
        },
    ),
)
