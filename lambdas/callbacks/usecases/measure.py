"""Measure how much is open: what waits for partners, and what waits for the workflow service."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import ChannelRegistry, Clock, Due, OpenWork, TaskOverview
from callbacks.domain.task import (
    CLOCK_MARGIN_SECONDS,
    DUE_AFTER_CLAIM_SECONDS,
    CallbackTask,
    Status,
    TaskKey,
)

ON_ITS_WAY_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """What is open of one task type, or of all.

    The oldest task is the one whose deadline is nearest, and `oldest_wait_percent` the share of its
    wait that has passed. The oldest outcome is the one that is due first.
    """

    open_tasks: int = 0
    overdue_tasks: int = 0
    held_outcomes: int = 0
    oldest_open_seconds: int = 0
    oldest_wait_percent: float = 0
    oldest_held_seconds: int = 0

    def __add__(self, other: "Gauges") -> "Gauges":
        """What is counted is added up, and of what is old the oldest is taken."""
        return Gauges(
            open_tasks=self.open_tasks + other.open_tasks,
            overdue_tasks=self.overdue_tasks + other.overdue_tasks,
            held_outcomes=self.held_outcomes + other.held_outcomes,
            oldest_open_seconds=max(self.oldest_open_seconds, other.oldest_open_seconds),
            oldest_wait_percent=max(self.oldest_wait_percent, other.oldest_wait_percent),
            oldest_held_seconds=max(self.oldest_held_seconds, other.oldest_held_seconds),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurer:
    """Measures every channel, and task types that are none any more while outcomes are held."""

    registry: ChannelRegistry
    work: OpenWork
    tasks: TaskOverview
    clock: Clock

    def measure(self, until: float) -> Iterator[tuple[str | None, Gauges]]:
        """Each task type as soon as it is measured, and at the end the platform, which is None.

        Raises DependencyUnavailable: what is left is not measured, nor is it once the clock says
        `until`, seconds since the epoch.
        """
        held, first_held = self._held()
        platform = Gauges()
        for task_type in sorted({*self.registry.task_types(), *held}):
            if self.clock.now() >= until:
                raise DependencyUnavailable(f"no time is left for {task_type} and what comes after")
            of_type = self._waiting(task_type)
            if task_type in held:
                of_type += Gauges(
                    held_outcomes=held[task_type],
                    oldest_held_seconds=self._held_for(first_held[task_type].key),
                )
            yield task_type, of_type
            platform += of_type
        yield None, platform

    def _waiting(self, task_type: str) -> Gauges:
        now = int(self.clock.now())
        waiting = self.work.waiting(task_type, now)
        nearest = self.tasks.peek(waiting.nearest) if waiting.nearest else None
        counted = Gauges(open_tasks=waiting.tasks, overdue_tasks=waiting.overdue)
        if nearest is None or nearest.status is not Status.PENDING:
            return counted
        age = now - nearest.requested_at / 1000
        wait = nearest.deadline - nearest.requested_at / 1000
        return counted + Gauges(
            oldest_open_seconds=int(age), oldest_wait_percent=round(100 * age / wait, 1)
        )

    def _held(self) -> tuple[Counter[str], dict[str, Due]]:
        """How many, and the one that is due first, by task type."""
        now = int(self.clock.now())
        held: Counter[str] = Counter()
        first: dict[str, Due] = {}
        for due in self.work.deliveries():
            task_type = due.key.task_type
            if not _is_on_its_way(due, now):
                held[task_type] += 1
                known = first.setdefault(task_type, due)
                first[task_type] = min(known, due, key=lambda one: one.due_at)
        return held, first

    def _held_for(self, key: TaskKey) -> int:
        task = self.tasks.peek(key)
        return int(self.clock.now()) - _held_since(task) if task and task.has_deliveries else 0


def _is_on_its_way(due: Due, now: int) -> bool:
    """An outcome that was claimed just now is in the index while it is sent.

    One that is held comes by here for as many seconds between two tries of half an hour.
    """
    claimed_ago = now - (due.due_at - DUE_AFTER_CLAIM_SECONDS)
    return -CLOCK_MARGIN_SECONDS <= claimed_ago < ON_ITS_WAY_SECONDS


def _held_since(task: CallbackTask) -> int:
    """An earlier attempt's outcome has been held since before the attempt that replaced it."""
    return task.claimed_at or task.requested_at // 1000
