"""Every minute, queues outcomes that were recorded and never queued, and measures what is open."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.open_work import DynamoDBOpenWork
from callbacks.adapters.sqs_queues import SQSRedeliveryQueue
from callbacks.adapters.task_table import DynamoDBTaskOverview
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import CompletionSettings, load
from callbacks.runtime.telemetry import PLATFORM, Measured, about, count, emit, logger
from callbacks.usecases.measure import Gauges, Measurer
from callbacks.usecases.sweep import Sweeper

SECONDS_FOR_A_CHANNEL = 15


def handler(_event: dict[str, Any], context: Any) -> None:
    """Takes any event. Raises DependencyUnavailable; the next minute's run takes up the rest."""
    log = about(context)
    try:
        queued = _sweeper().sweep()
        if queued:
            log.warning("DUE_OUTCOMES_QUEUED", extra={"queued": queued.total()})
        for task_type, outcomes in queued.items():
            count("OutcomesRequeued", task_type, outcomes)
    finally:
        _measure(context)


def _measure(context: Any) -> None:
    """Fails nothing: outcomes are swept though nobody can tell how many there are."""
    try:
        seconds_left = context.get_remaining_time_in_millis() / 1000 - SECONDS_FOR_A_CHANNEL
        for task_type, gauges in _measurer().measure(SystemClock().now() + seconds_left):
            measured = _measured(gauges)
            if measured:
                emit(measured, {"task_type": task_type} if task_type else PLATFORM)
    except Exception:
        logger().warning("NOT_MEASURED", exc_info=True)


def _measured(gauges: Gauges) -> list[Measured]:
    """Without zeros: a metric costs for the hours in which it has data."""
    all_: list[Measured] = [
        ("OpenTasks", gauges.open_tasks, "Count"),
        ("OldestOpenSeconds", gauges.oldest_open_seconds, "Seconds"),
        ("OldestWaitPercent", gauges.oldest_wait_percent, "Percent"),
        ("OverdueTasks", gauges.overdue_tasks, "Count"),
        ("HeldOutcomes", gauges.held_outcomes, "Count"),
        ("OldestHeldSeconds", gauges.oldest_held_seconds, "Seconds"),
    ]
    return [one for one in all_ if one[1] > 0]


@cache
def _tasks() -> DynamoDBTaskOverview:
    return DynamoDBTaskOverview(lazy("dynamodb"), load(CompletionSettings).callback_table)


@cache
def _sweeper() -> Sweeper:
    return Sweeper(
        tasks=_tasks(),
        redelivery=SQSRedeliveryQueue(lazy("sqs"), load(CompletionSettings).redelivery_queue_url),
        clock=SystemClock(),
    )


@cache
def _measurer() -> Measurer:
    table, dynamodb = load(CompletionSettings).callback_table, lazy("dynamodb")
    clock = SystemClock()
    return Measurer(
        registry=DynamoDBChannels(dynamodb, table, clock),
        work=DynamoDBOpenWork(dynamodb, table),
        tasks=_tasks(),
        clock=clock,
    )
