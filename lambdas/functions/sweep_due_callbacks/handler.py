"""Every minute, queues outcomes that were recorded and never queued."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.sqs_queues import SQSRedeliveryQueue
from callbacks.adapters.task_table import DynamoDBTaskOverview
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import CompletionSettings, load
from callbacks.runtime.telemetry import about, count
from callbacks.usecases.sweep import Sweeper


def handler(_event: dict[str, Any], context: Any) -> None:
    """Takes any event. Raises DependencyUnavailable; the next minute's run takes up the rest."""
    log = about(context)
    queued = _sweeper().sweep()
    if queued:
        log.warning("DUE_OUTCOMES_QUEUED", extra={"queued": queued.total()})
    for task_type, outcomes in queued.items():
        count("OutcomesRequeued", task_type, outcomes)


@cache
def _sweeper() -> Sweeper:
    settings = load(CompletionSettings)
    return Sweeper(
        tasks=DynamoDBTaskOverview(lazy("dynamodb"), settings.callback_table),
        redelivery=SQSRedeliveryQueue(lazy("sqs"), settings.redelivery_queue_url),
        clock=SystemClock(),
    )
