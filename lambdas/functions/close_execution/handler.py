"""After an execution failed, timed out or was aborted: no order stays half-done."""

import json
from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.adapters.step_functions import StepFunctions, execution_failure
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import ExecutionFailure
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.records import CountedTaskOverview
from callbacks.runtime.settings import ClosingSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.close_execution import ExecutionCloser


def handler(event: dict[str, Any], context: Any) -> None:
    """Takes an EventBridge event 'Step Functions Execution Status Change'.

    Raises DependencyUnavailable: EventBridge tries again.
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = event["detail"]
    log = about(context, execution=detail["executionArn"])
    order_id = _order_id(detail)
    if order_id is None:
        log.warning("EXECUTION_WITHOUT_ORDER")
        return
    log.append_keys(order_id=order_id)
    failure = _failure(detail)
    marked = _closer().close(order_id, failure)
    log.info(
        "EXECUTION_CLOSED",
        extra={"status": detail["status"], "end": failure.end.value, "order_marked": marked},
    )


def _failure(detail: dict[str, Any]) -> ExecutionFailure:
    """From the event, unless it leaves the error out, which is encrypted with the history."""
    if detail["status"] != "FAILED" or detail.get("error"):
        return execution_failure(detail, detail["stopDate"])
    failure = _workflow().failure(detail["executionArn"])
    if failure is None:
        raise DependencyUnavailable("DescribeExecution: it does not know of the failure yet")
    return failure


def _order_id(detail: dict[str, Any]) -> str | None:
    """From the execution's input, which the event carries unless it is large."""
    text = detail.get("input") or _workflow().execution_input(detail["executionArn"])
    document = json.loads(text)
    order_id = document.get("order_id") if isinstance(document, dict) else None
    return order_id if isinstance(order_id, str) and order_id else None


@cache
def _workflow() -> StepFunctions:
    return StepFunctions(lazy("stepfunctions"))


@cache
def _closer() -> ExecutionCloser:
    settings, dynamodb = load(ClosingSettings), lazy("dynamodb")
    return ExecutionCloser(
        tasks=CountedTaskOverview(dynamodb, settings.callback_table),
        orders=DynamoDBOrders(dynamodb, settings.orders_table),
        workflow=_workflow(),
        clock=SystemClock(),
    )
