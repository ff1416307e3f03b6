"""The orders in the DynamoDB table Orders."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from callbacks.adapters.aws import ClientFactory, error_code, unavailable
from callbacks.domain.errors import DependencyUnavailable, OrderNotFound

COMPLETED = "COMPLETED"
FAILED = "FAILED"


class DynamoDBOrders:
    """Orders over one table; `client` makes or returns a client of DynamoDB."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def contents(self, order_id: str) -> Mapping[str, Any]:
        with unavailable(DependencyUnavailable, "GetItem"):
            response = self._client().get_item(
                TableName=self._table,
                Key={"order_id": {"S": order_id}},
                ProjectionExpression="order_id, order_contents",
                ConsistentRead=True,
            )
        item = response.get("Item")
        if not item:
            raise OrderNotFound(order_id)
        contents: Mapping[str, Any] = _plain(item.get("order_contents", {"M": {}}))
        return contents

    def record_shipping(self, order_id: str, shipping: Mapping[str, Any]) -> None:
        applied = self._update(
            order_id,
            UpdateExpression=(
                "SET shipping_status = :shipping_status, tracking_number = :tracking_number, "
                "order_status = :completed REMOVE failure_reason"
            ),
            ConditionExpression="attribute_exists(order_id)",
            ExpressionAttributeValues={
                ":shipping_status": {"S": shipping["shipping_status"]},
                ":tracking_number": {"S": shipping["tracking_number"]},
                ":completed": {"S": COMPLETED},
            },
        )
        if not applied:
            raise OrderNotFound(order_id)

    def mark_failed(self, order_id: str, reason: str) -> bool:
        return self._update(
            order_id,
            UpdateExpression="SET order_status = :failed, failure_reason = :reason",
            ConditionExpression=(
                "attribute_exists(order_id) AND "
                "(attribute_not_exists(order_status) OR "
                "NOT order_status IN (:completed, :failed))"
            ),
            ExpressionAttributeValues={
                ":failed": {"S": FAILED},
                ":completed": {"S": COMPLETED},
                ":reason": {"S": reason},
            },
        )

    def _update(self, order_id: str, **arguments: Any) -> bool:
        with unavailable(DependencyUnavailable, "UpdateItem"):
            try:
                self._client().update_item(
                    TableName=self._table, Key={"order_id": {"S": order_id}}, **arguments
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


def _plain(value: Mapping[str, Any]) -> Any:
    """A DynamoDB attribute value as JSON has it; whole numbers become integers."""
    (kind, content), *_ = value.items()
    match kind:
        case "M":
            return {name: _plain(inner) for name, inner in content.items()}
        case "L":
            return [_plain(inner) for inner in content]
        case "N":
            number = Decimal(content)
            return int(number) if number == number.to_integral_value() else float(number)
        case "NULL":
            return None
        case "S" | "BOOL" | "SS":
            return content
        case _:
            raise ValueError(f"order_contents has a value of type {kind}, which JSON has not")
