"""Takes an order up for the workflow: reads its contents, and notes who works on it."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.domain.errors import InvalidDispatch
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import SECONDS_PER_DAY, TakingUpSettings, load
from callbacks.runtime.telemetry import about


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`{order_id, execution_arn}` to `{order_id, order_contents}`.

    Raises InvalidDispatch and OrderNotFound, and DependencyUnavailable when a repeat may work.
    """
    order_id = event.get("order_id")
    execution_arn = event.get("execution_arn")
    log = about(context, order_id=order_id, execution=execution_arn)
    if not isinstance(order_id, str) or not order_id:
        raise InvalidDispatch("the workflow's input needs order_id, a string that is not empty")
    if not isinstance(execution_arn, str) or not execution_arn:
        raise InvalidDispatch("execution_arn is missing: pass $$.Execution.Id as execution_arn.$")
    contents = _orders().take_up(order_id, execution_arn, _retained_until())
    log.info("ORDER_READ")
    return {"order_id": order_id, "order_contents": contents}


def _retained_until() -> int | None:
    days = _settings().order_retention_days
    return int(SystemClock().now()) + days * SECONDS_PER_DAY if days else None


@cache
def _settings() -> TakingUpSettings:
    return load(TakingUpSettings)


@cache
def _orders() -> DynamoDBOrders:
    return DynamoDBOrders(lazy("dynamodb"), _settings().orders_table)
