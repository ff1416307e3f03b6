"""What many tasks come to: failures, ages, times to callback, and how they are distributed."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from callbacks.domain.task import TaskKey

from tools import Json
from tools.ops import durations, logs
from tools.ops.open_tasks import OpenTasks, State
from tools.ops.place import Place
from tools.ops.tasks import age

DAY = 86_400
MOST_TASKS = 5000
_EDGES = (0, 10, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, DAY, 3 * DAY, 7 * DAY)


@dataclass(frozen=True, slots=True)
class Bar:
    """How many lengths of time are in a range, such as 1m to 5m."""

    range: str
    count: int


def taken(place: Place, seconds: int = DAY) -> list[Json]:
    """The log lines of the callbacks that were taken in the last so many seconds.

    At most logs.MOST_LINES of them, the oldest first.
    """
    since = int(time.time()) - seconds
    wanted: dict[str, Sequence[str]] = {"message": ["CALLBACK_TAKEN"]}
    return logs.lines(place, [place.function("external_callback")], since, wanted)


def failures(lines: Iterable[Json]) -> Counter[str]:
    """How many callbacks reported a failure, by task type; a repeat of one is none."""
    return Counter(
        line["task_type"]
        for line in lines
        if line.get("reported_status") == "FAILURE" and line.get("result") != "DUPLICATE"
    )


def times_to_callback(place: Place, task_type: str, lines: Iterable[Json]) -> list[int]:
    """Seconds from asking to the recorded outcome, of the tasks that the lines are about."""
    orders = dict.fromkeys(line["order_id"] for line in lines if line["task_type"] == task_type)
    keys = [TaskKey(order_id, task_type) for order_id in orders]
    return [
        max(0, task.claimed_at - task.requested_at // 1000)
        for task in OpenTasks(place, [task_type]).records(keys)
        if task.claimed_at is not None
    ]


def ages(place: Place, task_type: str) -> list[int]:
    """Seconds since they were asked for, of the MOST_TASKS that are due next."""
    now = int(time.time())
    waiting = OpenTasks(place, [task_type]).all(
        State.WAITING, lambda task: State.WAITING.holds(task, now)
    )
    return [age(task, now) for task in islice(waiting, MOST_TASKS)]


def histogram(lengths: Sequence[int]) -> list[Bar]:
    """Over ranges that grow, from the first to the last that has any."""
    ranges = [*pairwise(_EDGES), (_EDGES[-1], None)]
    bars = [
        Bar(_range(low, high), sum(low <= each and (not high or each < high) for each in lengths))
        for low, high in ranges
    ]
    there = [number for number, bar in enumerate(bars) if bar.count]
    return bars[there[0] : there[-1] + 1] if there else []


def quantile(lengths: Sequence[int], share: float) -> int:
    """The length that so large a share does not exceed; there must be one."""
    return sorted(lengths)[max(0, math.ceil(len(lengths) * share) - 1)]


def _range(low: int, high: int | None) -> str:
    if high is None:
        return f"{durations.spoken(low)} or more"
    upper = durations.spoken(high)
    return f"{durations.spoken(low)} to {upper}" if low else f"under {upper}"
