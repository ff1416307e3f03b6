"""An execution ended without finishing its order: close its tasks and mark the order."""

from dataclasses import dataclass

from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import Clock, End, ExecutionFailure, Orders, TaskOverview, Workflow
from callbacks.domain.task import CallbackTask, Status, expired
from callbacks.usecases.settle import SameOutcome, advance, has_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCloser:
    """Runs after an execution failed, timed out or was aborted; repeats change nothing."""

    tasks: TaskOverview
    orders: Orders
    workflow: Workflow
    clock: Clock

    def close(self, order_id: str, failure: ExecutionFailure) -> bool:
        """Marks the order, expires what the execution waited on; True if the order was marked.

        An outcome that is already recorded is left to redelivery, which reports it. An order on
        which another execution still works is left alone, and so is what the execution itself
        registered after it ended if it was redriven since and still runs.

        Raises DependencyUnavailable if the tables or the workflow service cannot be reached, or
        if it takes another minute until one can tell whether the execution was redriven.
        """
        now = int(self.clock.now())
        own, others_work = [], False
        for task in self.tasks.of_order(order_id):
            is_own = task.execution_arn == failure.execution_arn
            if is_own and task.requested_at <= failure.ended_at:
                own.append(task)
            elif task.status not in (Status.PENDING, Status.COMPLETING):
                continue
            elif is_own and self._has_ended(task, now):
                own.append(task)
            else:
                others_work = others_work or not task.is_past_deadline(now)
        marked = not others_work and self._mark(order_id, failure)
        for task in own:
            self._expire(task, now)
        return marked

    def _mark(self, order_id: str, failure: ExecutionFailure) -> bool:
        match failure.end:
            case End.REFUSED:
                return False
            case End.STALLED:
                return self.orders.mark_stalled(order_id, failure.reason)
            case End.FAILED:
                marked = self.orders.mark_failed(order_id, failure.reason)
                if not marked:
                    self.orders.let_expire(order_id, failure.execution_arn)
                return marked

    def _has_ended(self, task: CallbackTask, now: int) -> bool:
        ended = has_ended(self.workflow, task, now)
        if ended is None:
            raise DependencyUnavailable(
                "it is too early to tell whether the execution was redriven"
            )
        return ended

    def _expire(self, task: CallbackTask, now: int) -> None:
        pending = SameOutcome(task.callback_id, None, (Status.PENDING,))
        advance(self.tasks, task, pending(lambda found: expired(found, now)))
