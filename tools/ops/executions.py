"""Executions that ended without success, and which of them can be resumed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from callbacks.adapters.step_functions import execution_failure
from callbacks.domain.ports import End

from tools import Json
from tools.ops.place import Place
from tools.ops.timeline import instant

REDRIVEN_WITHIN_DAYS = 14
MOST_A_PAGE = 1000
ENDS = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True)
class Wanted:
    """Which executions are meant; `since` is in seconds, and None is any."""

    ends: frozenset[End]
    workflow: str | None = None
    error: str | None = None
    since: int | None = None


def ended(place: Place, wanted: Wanted) -> Iterator[Json]:
    """The executions that are wanted, of each workflow those that began last first.

    `end` is STALLED for one that a redrive resumes at the Task that failed, else FAILED or REFUSED.
    """
    for arn in _state_machines(place, wanted.workflow):
        for status in ENDS:
            for found in _executions(place, arn, status, wanted.since):
                told = _told(place, found)
                if End(told["end"]) in wanted.ends and wanted.error in (None, told["error"]):
                    yield told


def redrivable(place: Place, wanted: Wanted) -> list[Json]:
    """Those that are stalled, and ended within what Step Functions redrives."""
    earliest = datetime.now(UTC) - timedelta(days=REDRIVEN_WITHIN_DAYS)
    since = max(wanted.since or 0, int(earliest.timestamp()))
    return list(
        ended(place, Wanted(frozenset({End.STALLED}), wanted.workflow, wanted.error, since))
    )


def _state_machines(place: Place, workflow: str | None) -> Sequence[str]:
    pages = place.client("stepfunctions").get_paginator("list_state_machines").paginate()
    return sorted(
        machine["stateMachineArn"]
        for page in pages
        for machine in page["stateMachines"]
        if machine["name"].startswith(f"{place.prefix}-")
        and workflow in (None, machine["name"].removeprefix(f"{place.prefix}-"))
    )


def _executions(place: Place, arn: str, status: str, since: int | None) -> Iterator[Any]:
    """Step Functions lists by the start, and a wait may last for days: all are looked at."""
    pages = (
        place.client("stepfunctions")
        .get_paginator("list_executions")
        .paginate(
            stateMachineArn=arn, statusFilter=status, PaginationConfig={"PageSize": MOST_A_PAGE}
        )
    )
    for page in pages:
        for execution in page["executions"]:
            if since is None or execution["stopDate"].timestamp() >= since:
                yield execution


def _told(place: Place, execution: Json) -> Json:
    arn = execution["executionArn"]
    found = place.client("stepfunctions").describe_execution(executionArn=arn)
    failure = execution_failure(found, 0)
    reason = json.loads(failure.reason)
    return {
        "execution_arn": arn,
        "workflow": arn.split(":")[6].removeprefix(f"{place.prefix}-"),
        "order_id": _order_of(found.get("input")),
        "status": found["status"],
        "end": failure.end.value,
        "error": reason["Error"],
        "cause": reason.get("Cause"),
        "ended_at": instant(found["stopDate"].timestamp()),
        "redrives": found.get("redriveCount", 0),
    }


def _order_of(text: str | None) -> str | None:
    try:
        order_id = json.loads(text or "{}").get("order_id")
    except (ValueError, AttributeError):
        return None
    return order_id if isinstance(order_id, str) else None
