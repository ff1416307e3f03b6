"""Find outcomes that were recorded and never queued, and attempts that were never settled."""

from dataclasses import dataclass

from callbacks.domain.ports import Clock, Redelivery, RedeliveryQueue, TaskOverview
from callbacks.domain.task import CallbackTask, Status, leased

LEASE_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Queues what is due. A lease keeps two sweeps from queueing the same task twice."""

    tasks: TaskOverview
    redelivery: RedeliveryQueue
    clock: Clock

    def sweep(self) -> int:
        """Queues each due outcome and returns how many; what fails stays due.

        Raises DependencyUnavailable if the index, the record or the queue cannot be reached.
        """
        now = int(self.clock.now())
        count = 0
        for key in self.tasks.due(now):
            task = self.tasks.peek(key)
            if task is None or task.due_at is None or task.due_at > now:
                continue
            if not self.tasks.replace(task, leased(task, now + LEASE_SECONDS)).applied:
                continue
            for redelivery in _due_deliveries(task):
                self.redelivery.send(redelivery)
                count += 1
        return count


def _due_deliveries(task: CallbackTask) -> list[Redelivery]:
    due = [
        Redelivery(task.key, callback_id, past.outcome_digest)
        for callback_id, past in task.unsettled.items()
    ]
    if task.status is Status.COMPLETING and task.outcome_digest is not None:
        due.append(Redelivery(task.key, task.callback_id, task.outcome_digest))
    return due
