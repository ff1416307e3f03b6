"""The records of tasks, with the execution that waits on one in the log lines that follow."""

from typing import override

from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import Write
from callbacks.domain.task import CallbackTask, TaskKey
from callbacks.runtime.telemetry import logger


class LoggedTasks(DynamoDBTasks):
    """TaskStore over the table, for functions that learn the execution from the record."""

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
        _name_execution(write.task)
        return write


def _name_execution(task: CallbackTask | None) -> None:
    if task is not None:
        logger().append_keys(execution=task.execution_arn)
