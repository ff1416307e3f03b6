"""Removes what the tables CallbackTasks and Orders have of one order."""

from typing import Any

from botocore.exceptions import ClientError

from callbacks.adapters.aws import ClientFactory, error_code, unavailable
from callbacks.adapters.task_table import item_key
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import OrderTrace
from callbacks.domain.task import CallbackTask


class DynamoDBErasure:
    """Erasure over both tables; `client` makes or returns a client of DynamoDB."""

    def __init__(self, client: ClientFactory, tasks: str, orders: str) -> None:
        self._client = client
        self._tasks = tasks
        self._orders = orders

    def order(self, order_id: str) -> OrderTrace | None:
        # Not GetItem: IAM can hold only a Query to the attributes that it names.
        with unavailable(DependencyUnavailable, "Query"):
            response = self._client().query(
                TableName=self._orders,
                KeyConditionExpression="order_id = :order_id",
                ExpressionAttributeValues={":order_id": {"S": order_id}},
                ProjectionExpression="order_id, execution_arn",
                ConsistentRead=True,
            )
        for item in response["Items"]:
            return OrderTrace(item.get("execution_arn", {}).get("S"))
        return None

    def erase_task(self, found: CallbackTask) -> bool:
        return self._delete(
            TableName=self._tasks,
            Key=item_key(found.key),
            ConditionExpression="#version = :found",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues={":found": {"N": str(found.version)}},
        )

    def erase_order(self, order_id: str, found: OrderTrace) -> bool:
        key = {"order_id": {"S": order_id}}
        if found.execution_arn is None:
            return self._delete(
                TableName=self._orders,
                Key=key,
                ConditionExpression="attribute_not_exists(execution_arn)",
            )
        return self._delete(
            TableName=self._orders,
            Key=key,
            ConditionExpression="execution_arn = :found",
            ExpressionAttributeValues={":found": {"S": found.execution_arn}},
        )

    def _delete(self, **arguments: Any) -> bool:
        with unavailable(DependencyUnavailable, "DeleteItem"):
            try:
                self._client().delete_item(**arguments)
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True
