"""What operators see of tasks: lists by state and age, and one order's whole story."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from callbacks.adapters.task_table import DynamoDBTaskOverview
from callbacks.domain.task import CallbackTask, OutcomeStatus, Status

from tools import Json
from tools.ops import logs
from tools.ops.channels import NotFoundError, Registration, registrations
from tools.ops.open_tasks import Matches, State
from tools.ops.place import Place
from tools.ops.timeline import instant, timeline, what_next

ENDS = {"FAILURE": "failed", "UNDELIVERABLE": "undeliverable"}
_LOGGING = ("close_execution", "external_callback", "operate", "redeliver_callback")


def selected(
    channels: Sequence[Registration], channel: str | None, partner: str | None
) -> list[Registration]:
    """The channels of that name, or of that partner, or all. Raises NotFoundError for none."""
    found = [
        each
        for each in channels
        if channel in (None, each.task_type) and (partner is None or partner in each.partners)
    ]
    if not found and (channel or partner):
        known = sorted({name for each in channels for name in each.partners})
        raise NotFoundError(
            f"There is no channel {channel or f'of {partner}'} here. Channels: "
            f"{', '.join(each.task_type for each in channels) or 'none'}. Partners: "
            f"{', '.join(known) or 'none'}."
        )
    return found


def matching(state: State | None, older_than: int | None) -> Matches:
    """Tasks in a state that were asked for more than so many seconds ago."""
    now = int(time.time())

    def matches(task: CallbackTask) -> bool:
        if state is None:
            in_state = State.WAITING.holds(task, now) or State.HELD.holds(task, now)
        else:
            in_state = state.holds(task, now)
        return in_state and (older_than is None or age(task, now) > older_than)

    return matches


def age(task: CallbackTask, now: int) -> int:
    """Seconds since the workflow asked for the attempt."""
    return max(0, now - task.requested_at // 1000)


def state_of(task: CallbackTask, now: int) -> str:
    """In a word."""
    if task.outcome_status is OutcomeStatus.DEAD_LETTERED:
        return "dead-lettered"
    for state in (State.HELD, State.OVERDUE, State.WAITING):
        if state.holds(task, now):
            return state.value
    if task.status is Status.COMPLETED:
        return ENDS.get(task.reported_status or "", "completed")
    return task.status.value.lower()


def as_json(task: CallbackTask) -> Json:
    """All of a record that an operator may see: neither its token nor its outcome."""
    now = int(time.time())
    return {
        "order_id": task.key.order_id,
        "task_type": task.key.task_type,
        "state": state_of(task, now),
        "status": task.status.value,
        "outcome_status": task.outcome_status.value if task.outcome_status else None,
        "callback_id": task.callback_id,
        "work_id": task.work_id,
        "execution_arn": task.execution_arn,
        "requested_at": instant(task.requested_at / 1000),
        "age_seconds": age(task, now),
        "deadline": instant(task.deadline),
        "principal": task.principal,
        "reported_status": task.reported_status,
        "reported_code": task.reported_code,
        "unsettled": sorted(task.unsettled),
    }


def of_order(place: Place, order_id: str, task_type: str | None = None) -> list[CallbackTask]:
    """The order's tasks. Raises NotFoundError if there are none."""
    overview = DynamoDBTaskOverview(lambda: place.client("dynamodb"), place.table)
    found = [
        task for task in overview.of_order(order_id) if task_type in (None, task.key.task_type)
    ]
    if not found:
        kind = f"{task_type} task" if task_type else "task"
        raise NotFoundError(f"There is no {kind} for order {order_id} in {place.name}.")
    return found


def story(place: Place, tasks: Sequence[CallbackTask]) -> list[Json]:
    """Each task with its timeline and what happens next."""
    channels = {channel.task_type: channel for channel in registrations(place)}
    since = min(min(task.requested_at, *_past(task)) // 1000 for task in tasks) - 60
    functions = [place.function(folder) for folder in _LOGGING]
    for task in tasks:
        functions.append(place.dispatcher(task.key.task_type))
        if channel := channels.get(task.key.task_type):
            names = channel.webhook_partners
            functions += [place.webhook(channel.task_type, partner) for partner in names]
    lines = logs.lines(place, functions, since, {"order_id": [tasks[0].key.order_id]})
    now = int(time.time())
    return [
        as_json(task)
        | {
            "timeline": [each.as_json() for each in timeline(task, lines)],
            "next": what_next(task, now),
        }
        for task in tasks
    ]


def _past(task: CallbackTask) -> list[Any]:
    return [task.requested_at, *(past.requested_at for past in task.attempts.values())]
