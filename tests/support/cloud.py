"""The platform's resources on moto, as Terraform makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from callbacks.adapters.aws import client
from callbacks.domain.channel import Channel
from moto import mock_aws

from tests.support.channels import example, registration, shipping_channel
from tests.support.interpreter import mended

REGION = "eu-west-1"
PREFIX = "callbacks-test"
TASKS = f"{PREFIX}-CallbackTasks"
ORDERS = f"{PREFIX}-Orders"


@dataclass(frozen=True)
class Cloud:
    """Clients of an account with tables, a topic with a subscribed queue, and the two queues."""

    dynamodb: Any
    sns: Any
    sqs: Any
    stepfunctions: Any
    topic_arn: str
    partner_queue_url: str
    redelivery_queue_url: str
    dead_letter_queue_url: str
    report_queue_url: str
    pauses: list[float] = field(kw_only=True)
    """Between retries of states, in seconds; they are not waited for."""

    @property
    def state_machine_arn(self) -> str:
        """Of the workflow of orders, whether or not it is there yet."""
        account = self.topic_arn.split(":")[4]
        return f"arn:aws:states:{REGION}:{account}:stateMachine:{PREFIX}-order-processing"

    def register(self, channel: Channel | None = None) -> None:
        item = registration(channel or shipping_channel())
        self.dynamodb.put_item(TableName=TASKS, Item=item)

    def receive(self, queue_url: str) -> list[str]:
        """The bodies of the queue's messages, which are removed."""
        messages = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        bodies = []
        for message in messages.get("Messages", []):
            bodies.append(message["Body"])
            self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def item(self, table: str, **key: str) -> dict[str, Any] | None:
        response = self.dynamodb.get_item(
            TableName=table, Key={name: {"S": value} for name, value in key.items()}
        )
        item: dict[str, Any] | None = response.get("Item")
        return item

    def put_order(self, order_id: str, **attributes: Any) -> None:
        """An order with the contents of the example, which attributes add to."""
        contents = TypeSerializer().serialize(example("valid", "request"))
        item = {"order_id": {"S": order_id}, "order_contents": contents, **attributes}
        self.dynamodb.put_item(TableName=ORDERS, Item=item)

    def order(self, order_id: str) -> dict[str, Any]:
        """The order as Python values."""
        response = self.dynamodb.get_item(TableName=ORDERS, Key={"order_id": {"S": order_id}})
        deserialize = TypeDeserializer().deserialize
        return {name: deserialize(value) for name, value in response["Item"].items()}


@contextmanager
def cloud() -> Iterator[Cloud]:
    """An account that is empty but for the platform's resources, with state machines that run."""
    with (
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
        mended() as pauses,
    ):
        dynamodb, sns, sqs, stepfunctions = (
            client(name) for name in ("dynamodb", "sns", "sqs", "stepfunctions")
        )
        _create_tables(dynamodb)
        topic_arn = sns.create_topic(Name=f"{PREFIX}-order-shipping-service")["TopicArn"]
        urls = [
            sqs.create_queue(QueueName=f"{PREFIX}-{name}")["QueueUrl"]
            for name in ("partner", "redelivery", "redelivery-dead-letter", "reports")
        ]
        sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=_queue_arn(sqs, urls[0]),
            Attributes={"RawMessageDelivery": "true"},
        )
        yield Cloud(dynamodb, sns, sqs, stepfunctions, topic_arn, *urls, pauses=pauses)


def _queue_arn(sqs: Any, queue_url: str) -> str:
    response = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return str(response["Attributes"]["QueueArn"])


def create_task_table(dynamodb: Any, name: str) -> None:
    """CallbackTasks as Terraform makes it, by a client of DynamoDB."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "order_id", "KeyType": "HASH"},
            {"AttributeName": "task_type", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "order_id", "AttributeType": "S"},
            {"AttributeName": "task_type", "AttributeType": "S"},
            {"AttributeName": "due_shard", "AttributeType": "S"},
            {"AttributeName": "due_at", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )


def _create_tables(dynamodb: Any) -> None:
    create_task_table(dynamodb, TASKS)
    dynamodb.create_table(
        TableName=ORDERS,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
    )
