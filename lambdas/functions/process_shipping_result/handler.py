"""Writes what the shipping partner reported into the order."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.runtime.settings import OrderSettings, load
from callbacks.runtime.telemetry import about


def handler(event: dict[str, Any], context: Any) -> None:
    """Takes `{order_id, shipping: {shipping_status, tracking_number}, execution_arn}`.

    Raises OrderNotFound, and DependencyUnavailable when a repeat may work.
    """
    log = about(context, order_id=event["order_id"], execution=event.get("execution_arn"))
    _orders().record_shipping(event["order_id"], event["shipping"])
    log.info("SHIPPING_RECORDED")


@cache
def _orders() -> DynamoDBOrders:
    return DynamoDBOrders(lazy("dynamodb"), load(OrderSettings).orders_table)
