"""Close tasks whose wait has timed out, though nobody said so: no record stays open for ever."""

import logging
from dataclasses import dataclass

from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import ChannelRegistry, Clock, TaskOverview, Workflow
from callbacks.domain.task import Status, TaskKey, expired
from callbacks.usecases.close_execution import ExecutionCloser
from callbacks.usecases.settle import SameOutcome, advance

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Makes up for events of executions' ends that never came: EventBridge promises none.

    A wait that timed out in an execution that goes on is expired by this, and by nothing else
    unless a partner calls back late.
    """

    registry: ChannelRegistry
    tasks: TaskOverview
    workflow: Workflow
    closer: ExecutionCloser
    clock: Clock

    def reconcile(self) -> int:
        """Expires what is overdue, marks orders whose execution failed, and returns how many.

        A task that fails is left for the next run, and keeps no other from being looked at.

        Raises DependencyUnavailable if any did, or if the registrations cannot be read.
        """
        now = int(self.clock.now())
        closed, failures = 0, []
        for task_type in self.registry.task_types():
            for key in self.tasks.overdue(task_type, now):
                try:
                    closed += self._reconcile(key, now)
                except DependencyUnavailable as error:
                    about = {"order_id": key.order_id, "task_type": key.task_type}
                    logger.warning("NOT_RECONCILED", exc_info=True, extra=about)
                    failures.append(error)
        if failures:
            raise failures[0]
        return closed

    def _reconcile(self, key: TaskKey, now: int) -> bool:
        task = self.tasks.peek(key)
        if task is None or task.status is not Status.PENDING or not task.is_past_deadline(now):
            return False
        failure = self.workflow.failure(task.execution_arn)
        if failure is None:
            pending = SameOutcome(task.callback_id, None, (Status.PENDING,))
            return advance(self.tasks, task, pending(lambda found: expired(found, now))) is not None
        self.closer.close(key.order_id, failure)
        return True
