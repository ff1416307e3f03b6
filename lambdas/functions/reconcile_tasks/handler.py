"""Every five minutes, closes tasks whose wait has timed out though nobody said so."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.adapters.step_functions import StepFunctions
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.records import CountedTaskOverview
from callbacks.runtime.settings import ClosingSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.close_execution import ExecutionCloser
from callbacks.usecases.reconcile import Reconciler


def handler(_event: dict[str, Any], context: Any) -> None:
    """Takes any event. Raises DependencyUnavailable; the next run takes up the rest."""
    log = about(context)
    closed = _reconciler().reconcile()
    if closed:
        log.warning("OVERDUE_TASKS_CLOSED", extra={"closed": closed})


@cache
def _reconciler() -> Reconciler:
    settings, clock = load(ClosingSettings), SystemClock()
    dynamodb, workflow = lazy("dynamodb"), StepFunctions(lazy("stepfunctions"))
    tasks = CountedTaskOverview(dynamodb, settings.callback_table)
    return Reconciler(
        registry=DynamoDBChannels(dynamodb, settings.callback_table, clock),
        tasks=tasks,
        workflow=workflow,
        closer=ExecutionCloser(
            tasks=tasks,
            orders=DynamoDBOrders(dynamodb, settings.orders_table),
            workflow=workflow,
            clock=clock,
        ),
        clock=clock,
    )
