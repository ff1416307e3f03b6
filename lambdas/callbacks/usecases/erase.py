"""Erase an order: its records of tasks, and then the order, unless somebody still works on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from callbacks.domain.ports import Erasure, TaskOverview, Workflow
from callbacks.domain.task import CallbackTask


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed, or would be; `refused` says why nothing may be.

    `executions` are those that worked on the order: their histories have its data.
    """

    order: bool
    tasks: Sequence[str]
    executions: Sequence[str]
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """The order goes last: a run that was interrupted is found out by its being there."""

    tasks: TaskOverview
    records: Erasure
    workflow: Workflow

    def erase(self, order_id: str, *, dry_run: bool) -> Erased:
        """Removes all that the tables have of the order, or only says what that is.

        Raises DependencyUnavailable; repeat it then.
        """
        order = self.records.order(order_id)
        tasks = self.tasks.of_order(order_id)
        executions = {task.execution_arn for task in tasks}
        if order is not None and order.execution_arn is not None:
            executions.add(order.execution_arn)
        erased = Erased(
            order=order is not None,
            tasks=[task.key.task_type for task in tasks],
            executions=sorted(executions),
        )
        refused = self._still_open(tasks, erased.executions)
        if refused is not None:
            return Erased(False, [], erased.executions, refused)
        if dry_run:
            return erased
        gone = [task.key.task_type for task in tasks if self.records.erase_task(task)]
        if len(gone) < len(tasks):
            return Erased(False, gone, erased.executions, CHANGED)
        if order is not None and not self.records.erase_order(order_id, order):
            return Erased(False, gone, erased.executions, CHANGED)
        return erased

    def _still_open(self, tasks: Sequence[CallbackTask], executions: Sequence[str]) -> str | None:
        for execution_arn in executions:
            run = self.workflow.last_run(execution_arn)
            if run is not None and run.ended_at is None:
                return (
                    f"{execution_arn} works on the order: let it end or stop it, then repeat this"
                )
        for task in tasks:
            if task.has_deliveries:
                return (
                    f"an outcome of {task.key.task_type} is still to be delivered or settled: "
                    "repeat this once redelivery is done with it"
                )
        return None


CHANGED = "the order or one of its tasks has changed meanwhile: repeat this"
