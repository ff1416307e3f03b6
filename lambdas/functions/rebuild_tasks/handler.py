"""For operators: rebuilds the records of all open waits after the table was lost or restored."""

from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.channel_table import DynamoDBChannels
from callbacks.adapters.running_executions import StepFunctionsExecutions
from callbacks.adapters.task_table import DynamoDBTaskOverview, DynamoDBTasks
from callbacks.domain.ports import OpenWait
from callbacks.runtime.clock import SystemClock
from callbacks.runtime.settings import SECONDS_PER_DAY, RebuildSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.rebuild import Finding, Rebuilder

SECONDS_FOR_A_PAGE = 120


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes `{dry_run?, cursor?}`; a run is dry unless `dry_run` is false.

    Returns `{dry_run, executions, dispatching, counts, tasks, cursor, interrupted}`: how many
    waits there are of each finding, and which tasks, but for those that are as they should be.
    Invoke it again with `cursor` until that and `interrupted` are null.

    Raises ValueError for another event.
    """
    dry_run, cursor = event.get("dry_run", True), event.get("cursor")
    if not isinstance(dry_run, bool) or not isinstance(cursor, str | None):
        raise ValueError("dry_run must be true or false, and cursor as the run before returned it")
    log = about(context)
    seconds_left = context.get_remaining_time_in_millis() / 1000
    until = SystemClock().now() + seconds_left - SECONDS_FOR_A_PAGE
    report = _rebuilder().rebuild(cursor, until, dry_run=dry_run)
    summary = {
        "dry_run": dry_run,
        "executions": report.executions,
        "dispatching": report.dispatching,
        "counts": {finding: len(waits) for finding, waits in report.waits.items()},
    }
    log.info("TASKS_REBUILT", extra=summary | {"interrupted": report.interrupted})
    return summary | {
        "tasks": {
            finding: [_named(wait) for wait in waits]
            for finding, waits in report.waits.items()
            if finding is not Finding.CURRENT
        },
        "cursor": report.cursor,
        "interrupted": report.interrupted,
    }


def _named(wait: OpenWait) -> dict[str, str]:
    return {
        "order_id": wait.key.order_id,
        "task_type": wait.key.task_type,
        "callback_id": wait.callback_id,
        "execution_arn": wait.execution_arn,
    }


@cache
def _rebuilder() -> Rebuilder:
    settings, clock, dynamodb = load(RebuildSettings), SystemClock(), lazy("dynamodb")
    return Rebuilder(
        retention_seconds=settings.retention_days * SECONDS_PER_DAY,
        executions=StepFunctionsExecutions(
            lazy("stepfunctions"), settings.state_machine_arns.split(",")
        ),
        store=DynamoDBTasks(dynamodb, settings.callback_table),
        tasks=DynamoDBTaskOverview(dynamodb, settings.callback_table),
        registry=DynamoDBChannels(dynamodb, settings.callback_table, clock),
        clock=clock,
    )
