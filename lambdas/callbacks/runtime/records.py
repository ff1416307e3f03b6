"""The records of tasks, with what functions say of them: in their logs and as metrics."""

from typing import override

from callbacks.adapters.task_table import DynamoDBTaskOverview, DynamoDBTasks
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import Write
from callbacks.domain.task import CallbackTask, Status, TaskKey
from callbacks.runtime.telemetry import count, logger


class LoggedTasks(DynamoDBTasks):
    """TaskStore over the table, for functions that learn the execution from the record.

    `claimed` is what the latest claim wrote; None if it was refused.
    """

    claimed: CallbackTask | None = None

    @override
    def get(self, key: TaskKey) -> CallbackTask | None:
        task = super().get(key)
        _name_execution(task)
        return task

    @override
    def claim(
        self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str, now: int
    ) -> Write:
        write = super().claim(key, callback_id, outcome, principal, now)
        self.claimed = write.task if write.applied else None
        _name_execution(write.task)
        return write

    @override
    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        write = super().replace(found, new)
        _count_expiry(write, found, new)
        return write


class CountedTaskOverview(DynamoDBTaskOverview):
    """TaskOverview over the table, for functions that expire tasks."""

    @override
    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        write = super().replace(found, new)
        _count_expiry(write, found, new)
        return write


def _name_execution(task: CallbackTask | None) -> None:
    if task is not None:
        logger().append_keys(execution=task.execution_arn)


def _count_expiry(write: Write, found: CallbackTask, new: CallbackTask) -> None:
    """A wait that ended without an outcome; one that was undelivered had an outcome."""
    if write.applied and (found.status, new.status) == (Status.PENDING, Status.EXPIRED):
        count("TasksExpired", new.key.task_type)
