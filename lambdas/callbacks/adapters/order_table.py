"""The orders in the DynamoDB table Orders.

`expires_at` is the table's TTL attribute: only an order that has ended has it. `retained_until` is
what it will be.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from callbacks.adapters.aws import ClientFactory, error_code, unavailable
from callbacks.domain.errors import DependencyUnavailable, OrderNotFound

RECEIVED = "RECEIVED"
STALLED = "STALLED"
FAILED = "FAILED"
COMPLETED = "COMPLETED"
NEVER = "253402300799"  # The last second of the year 9999; the state machines have it as well.
EXPIRES = "expires_at = if_not_exists(retained_until, :never)"


class DynamoDBOrders:
    """Orders over one table; `client` makes or returns a client of DynamoDB."""

    def __init__(self, client: ClientFactory, table: str) -> None:
        self._client = client
        self._table = table

    def take_up(
        self, order_id: str, execution_arn: str, retained_until: int | None
    ) -> Mapping[str, Any]:
        until = {":until": {"N": NEVER if retained_until is None else str(retained_until)}}
        order = self._update(
            order_id,
            UpdateExpression=(
                "SET execution_arn = :execution, retained_until = :until, "
                "order_status = if_not_exists(order_status, :received) REMOVE expires_at"
            ),
            ConditionExpression=(
                "attribute_exists(order_id) AND "
                "(attribute_not_exists(order_status) OR NOT order_status = :completed)"
            ),
            ExpressionAttributeValues={
                ":completed": {"S": COMPLETED},
                ":execution": {"S": execution_arn},
                ":received": {"S": RECEIVED},
                **until,
            },
            ReturnValues="ALL_NEW",
        ) or self._update(
            order_id,
            UpdateExpression=(
                "SET execution_arn = :execution, retained_until = :until, expires_at = :until"
            ),
            ConditionExpression="attribute_exists(order_id)",
            ExpressionAttributeValues={":execution": {"S": execution_arn}, **until},
            ReturnValues="ALL_NEW",
        )
        if order is None:
            raise OrderNotFound(order_id)
        contents: Mapping[str, Any] = _plain(order.get("order_contents", {"M": {}}))
        return contents

    def record_shipping(self, order_id: str, shipping: Mapping[str, Any]) -> None:
        order = self._update(
            order_id,
            UpdateExpression=(
                "SET shipping_status = :shipping_status, tracking_number = :tracking_number, "
                f"order_status = :completed, {EXPIRES} "
                "REMOVE failure_reason, stalled_reason, status_before_stall"
            ),
            ConditionExpression="attribute_exists(order_id)",
            ExpressionAttributeValues={
                ":shipping_status": {"S": shipping["shipping_status"]},
                ":tracking_number": {"S": shipping["tracking_number"]},
                ":completed": {"S": COMPLETED},
                ":never": {"N": NEVER},
            },
        )
        if order is None:
            raise OrderNotFound(order_id)

    def mark_failed(self, order_id: str, reason: str) -> bool:
        order = self._update(
            order_id,
            UpdateExpression=(
                f"SET order_status = :failed, failure_reason = :reason, {EXPIRES} "
                "REMOVE stalled_reason, status_before_stall"
            ),
            ConditionExpression=(
                "attribute_exists(order_id) AND "
                "(attribute_not_exists(order_status) OR "
                "NOT order_status IN (:completed, :failed))"
            ),
            ExpressionAttributeValues={
                ":failed": {"S": FAILED},
                ":completed": {"S": COMPLETED},
                ":never": {"N": NEVER},
                ":reason": {"S": reason},
            },
        )
        return order is not None

    def let_expire(self, order_id: str, execution_arn: str) -> None:
        self._update(
            order_id,
            UpdateExpression=f"SET {EXPIRES}",
            ConditionExpression=(
                "order_status = :failed AND execution_arn = :execution AND "
                "attribute_not_exists(expires_at)"
            ),
            ExpressionAttributeValues={
                ":execution": {"S": execution_arn},
                ":failed": {"S": FAILED},
                ":never": {"N": NEVER},
            },
        )

    def mark_stalled(self, order_id: str, reason: str) -> bool:
        stalled, because = {":stalled": {"S": STALLED}}, {":reason": {"S": reason}}
        first = self._update(
            order_id,
            UpdateExpression=(
                "SET status_before_stall = if_not_exists(order_status, :received), "
                "order_status = :stalled, stalled_reason = :reason REMOVE expires_at"
            ),
            ConditionExpression=(
                "attribute_exists(order_id) AND "
                "(attribute_not_exists(order_status) OR "
                "NOT order_status IN (:completed, :stalled))"
            ),
            ExpressionAttributeValues={
                ":completed": {"S": COMPLETED},
                ":received": {"S": RECEIVED},
                **stalled,
                **because,
            },
        )
        if first is not None:
            return True
        again = self._update(
            order_id,
            UpdateExpression="SET stalled_reason = :reason",
            ConditionExpression="order_status = :stalled",
            ExpressionAttributeValues={**stalled, **because},
        )
        return again is not None

    def _update(self, order_id: str, **arguments: Any) -> Mapping[str, Any] | None:
        """What UpdateItem returns of the item; None if the condition does not hold."""
        with unavailable(DependencyUnavailable, "UpdateItem"):
            try:
                response = self._client().update_item(
                    TableName=self._table, Key={"order_id": {"S": order_id}}, **arguments
                )
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return None
                raise
        attributes: Mapping[str, Any] = response.get("Attributes", {})
        return attributes


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
