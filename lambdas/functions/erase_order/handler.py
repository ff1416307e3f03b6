"""For operators: erases one order from the tables, and says what of it remains elsewhere."""

import re
from functools import cache
from typing import Any

from callbacks.adapters.aws import lazy
from callbacks.adapters.erasure import DynamoDBErasure
from callbacks.adapters.step_functions import StepFunctions
from callbacks.adapters.task_table import DynamoDBTaskOverview
from callbacks.runtime.settings import ErasureSettings, load
from callbacks.runtime.telemetry import about
from callbacks.usecases.erase import Eraser

REFERENCE = re.compile(r"[A-Za-z0-9._:/#-]{1,64}")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Takes `{order_id, reference?, dry_run?}`; a run is dry unless `dry_run` is false.

    Returns `{order_id, dry_run, refused, removed: {order, tasks}, executions, remains}`: what was
    removed, or would be, and what no run can remove. `refused` is null, or why nothing was.

    Raises ValueError for another event, and DependencyUnavailable when a repeat may work.
    """
    order_id, reference, dry_run = _parsed(event)
    log = about(context, order_id=order_id)
    erased = _eraser().erase(order_id, dry_run=dry_run)
    removed = {"order": erased.order, "tasks": list(erased.tasks)}
    log.info(
        "ORDER_ERASED" if not dry_run and erased.refused is None else "ORDER_NOT_ERASED",
        extra={
            "dry_run": dry_run,
            "reference": reference,
            "refused": erased.refused,
            "removed": removed,
        },
    )
    return {
        "order_id": order_id,
        "dry_run": dry_run,
        "refused": erased.refused,
        "removed": removed,
        "executions": list(erased.executions),
        "remains": _remains(),
    }


def _parsed(event: dict[str, Any]) -> tuple[str, str | None, bool]:
    unknown = sorted(event.keys() - {"dry_run", "order_id", "reference"})
    if unknown:
        raise ValueError(f"the event takes order_id, reference and dry_run, and not {unknown}")
    order_id, reference = event.get("order_id"), event.get("reference")
    dry_run = event.get("dry_run", True)
    if not isinstance(order_id, str) or not order_id:
        raise ValueError("order_id must be the id of the order to erase")
    if not isinstance(dry_run, bool):
        raise ValueError("dry_run must be true or false")
    if reference is None and dry_run:
        return order_id, None, dry_run
    if not isinstance(reference, str) or not REFERENCE.fullmatch(reference):
        raise ValueError(
            "reference must name the request that asks for the erasure, such as a ticket's number: "
            "at most 64 of A-Z a-z 0-9 . _ : / # -"
        )
    return order_id, reference, dry_run


def _remains() -> dict[str, str]:
    settings = _settings()
    return {
        "histories of the executions": "90 days after their ends",
        "logs, with the order's id": f"{settings.log_retention_days} days",
        "dead letters": f"{settings.dead_letter_days} days, or until somebody deletes them",
        "point-in-time backups of both tables": "35 days; repeat this after restoring one",
        "what partners were sent": "as agreed with them",
    }


@cache
def _settings() -> ErasureSettings:
    return load(ErasureSettings)


@cache
def _eraser() -> Eraser:
    settings, dynamodb = _settings(), lazy("dynamodb")
    return Eraser(
        tasks=DynamoDBTaskOverview(dynamodb, settings.callback_table),
        records=DynamoDBErasure(dynamodb, settings.callback_table, settings.orders_table),
        workflow=StepFunctions(lazy("stepfunctions")),
    )
