"""After an execution failed, timed out or was aborted: no order stays half-done."""

import json
from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.adapters.step_functions import StepFunctions
from callbacks.adapters.task_table import DynamoDBTaskOverview
from callbacks.domain.errors import TaskAlreadyPending
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import ClosingSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.close_execution import End, ExecutionCloser

# A redrive has the same definition and the same data, and meets these again.
FAILS_AGAIN = {
    "States.DataLimitExceeded",
    "States.IntrinsicFailure",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.Runtime",
}


def handler(event: dict[str, Any], context: Any) -> None:
    """Takes an EventBridge event 'Step Functions Execution Status Change'.

    Raises DependencyUnavailable: EventBridge tries again.
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    detail = event["detail"]
    execution_arn = detail["executionArn"]
    log = about(context, execution=execution_arn)
    order_id = _order_id(detail)
    if order_id is None:
        log.warning("EXECUTION_WITHOUT_ORDER")
        return
    log.append_keys(order_id=order_id)
    end = _end(detail)
    marked = _closer().close(
        order_id,
        execution_arn,
        _reason(detail),
        ended_at=detail["stopDate"],
        end=end,
    )
    log.info(
        "EXECUTION_CLOSED",
        extra={"status": detail["status"], "end": end.value, "order_marked": marked},
    )


def _order_id(detail: dict[str, Any]) -> str | None:
    """From the execution's input, which the event carries unless it is large."""
    text = detail.get("input") or _workflow().execution_input(detail["executionArn"])
    document = json.loads(text)
    order_id = document.get("order_id") if isinstance(document, dict) else None
    return order_id if isinstance(order_id, str) and order_id else None


def _end(detail: dict[str, Any]) -> End:
    """STALLED if a Task failed uncaught, so that a redrive runs it again, and may come further."""
    if detail.get("error") == TaskAlreadyPending.__name__:
        return End.REFUSED
    if detail["status"] != "FAILED" or detail.get("error") in FAILS_AGAIN or _caught(detail):
        return End.FAILED
    return End.STALLED


def _reason(detail: dict[str, Any]) -> str:
    reason = _caught(detail) or {
        "Error": detail.get("error") or f"Execution.{detail['status']}",
        "Cause": detail.get("cause") or f"the execution ended as {detail['status']}",
    }
    if _end(detail) is End.STALLED:
        arn = detail["executionArn"]
        reason["Resume"] = f"aws stepfunctions redrive-execution --execution-arn {arn}"
    return json.dumps(reason)


def _caught(detail: dict[str, Any]) -> dict[str, Any]:
    """The error that led to a Fail state, which has it as its cause, in JSON; else nothing."""
    try:
        cause = json.loads(detail.get("cause") or "")
    except (ValueError, RecursionError):
        return {}
    return cause if isinstance(cause, dict) and "Error" in cause else {}


@cache
def _workflow() -> StepFunctions:
    return StepFunctions(lazy("stepfunctions"))


@cache
def _closer() -> ExecutionCloser:
    settings, dynamodb = load(ClosingSettings), lazy("dynamodb")
    return ExecutionCloser(
        tasks=DynamoDBTaskOverview(dynamodb, settings.callback_table),
        orders=DynamoDBOrders(dynamodb, settings.orders_table),
        workflow=_workflow(),
        clock=SystemClock(),
    )
