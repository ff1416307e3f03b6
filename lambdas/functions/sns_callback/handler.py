"""Hands a waiting workflow's task to the partners of one channel."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.adapters.step_functions import StepFunctions
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.errors import DependencyUnavailable, DispatchRefused, InvalidDispatch
from callbacks.domain.task import TaskKey
from callbacks.domain.trace import Trace
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import SECONDS_PER_DAY, DispatchSettings, load
from callbacks.runtime.telemetry import about, count
from callbacks.runtime.tracing import current_trace
from callbacks.usecases.dispatch import Dispatcher, DispatchRequest

# Of what a workflow hands over, and may be 256 KiB.
MOST_LOGGED_CHARACTERS = 1024


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Takes `{token, input, execution_arn, timeout_seconds?, heartbeat_seconds?}`.

    Returns `{order_id, task_type, callback_id, work_id}`: the execution's history then ties the
    attempt to its token, so that a lost record can be rebuilt. The names of the errors it raises
    are what the workflow's Retry and Catch see.
    """
    settings = _settings()
    task_input = event.get("input")
    order_id = task_input.get("order_id") if isinstance(task_input, dict) else None
    trace = current_trace()
    log = about(
        context,
        order_id=_bounded(order_id),
        task_type=settings.task_type,
        execution=_bounded(event.get("execution_arn")),
        trace_id=trace.trace_id if trace else None,
    )
    try:
        request = _request(event, settings, trace)
        task = _dispatcher().dispatch(request)
    except DispatchRefused as error:
        said = {"error": type(error).__name__, "reason": _bounded(str(error))}
        log.warning("DISPATCH_REFUSED", extra=said)
        count("DispatchesRefused", settings.task_type)
        raise
    except DependencyUnavailable as error:
        log.warning("DISPATCH_UNAVAILABLE", extra={"reason": str(error)})
        count("DispatchesUnavailable", settings.task_type)
        raise DependencyUnavailable(str(error)) from None
    log.info("TASK_DISPATCHED", extra={"callback_id": task.callback_id})
    count("TasksDispatched", settings.task_type)
    return {
        "order_id": request.key.order_id,
        "task_type": settings.task_type,
        "callback_id": task.callback_id,
        "work_id": task.work_id,
    }


def _bounded(text: Any) -> str | None:
    return text[:MOST_LOGGED_CHARACTERS] if isinstance(text, str) else None


def _request(
    event: dict[str, Any], settings: DispatchSettings, trace: Trace | None
) -> DispatchRequest:
    """Raises InvalidDispatch."""
    task_input = event.get("input")
    token, execution_arn = event.get("token"), event.get("execution_arn")
    if not isinstance(task_input, dict):
        raise InvalidDispatch("input must be an object: pass the state's input as input.$")
    if not isinstance(token, str) or not token:
        raise InvalidDispatch("token is missing: pass $$.Task.Token as token.$")
    if not isinstance(execution_arn, str) or not execution_arn:
        raise InvalidDispatch("execution_arn is missing: pass $$.Execution.Id as execution_arn.$")
    order_id = task_input.get("order_id")
    if not isinstance(order_id, str):
        raise InvalidDispatch("input.order_id must be a string")
    if settings.payload_event_key not in task_input:
        raise InvalidDispatch(f"input.{settings.payload_event_key} is missing: it is the payload")
    return DispatchRequest(
        key=TaskKey(order_id, settings.task_type),
        payload=task_input[settings.payload_event_key],
        task_token=token,
        execution_arn=execution_arn,
        timeout_seconds=_seconds(event, "timeout_seconds"),
        heartbeat_seconds=_seconds(event, "heartbeat_seconds"),
        trace=trace,
    )


def _seconds(event: dict[str, Any], name: str) -> int | None:
    value = event.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidDispatch(f"{name} must be a whole number of seconds, 1 or more")
    return value


@cache
def _settings() -> DispatchSettings:
    return load(DispatchSettings)


@cache
def _dispatcher() -> Dispatcher:
    settings, clock = _settings(), SystemClock()
    dynamodb = lazy("dynamodb")
    return Dispatcher(
        source=settings.event_source,
        retention_seconds=settings.retention_days * SECONDS_PER_DAY,
        store=DynamoDBTasks(dynamodb, settings.callback_table),
        topic=SNSTopic(lazy("sns"), settings.sns_topic_arn),
        workflow=StepFunctions(lazy("stepfunctions")),
        registry=DynamoDBChannels(dynamodb, settings.callback_table, clock),
        contracts=JsonSchemaContracts(),
        clock=clock,
    )
