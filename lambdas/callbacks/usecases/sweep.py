"""Find outcomes that were recorded and never queued, and attempts that were never settled."""

from collections import Counter
from dataclasses import dataclass

from callbacks.domain.ports import Clock, Redelivery, RedeliveryQueue, TaskOverview
from callbacks.domain.task import DUE_AFTER_QUEUED_SECONDS, CallbackTask, leased, queued
from callbacks.usecases.settle import advance

LEASE_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Queues what is due and not queued yet.

    A lease keeps two sweeps from queueing the same task twice.
    """

    tasks: TaskOverview
    redelivery: RedeliveryQueue
    clock: Clock

    def sweep(self) -> Counter[str]:
        """Queues each due outcome and returns how many by task type; what fails stays due.

        Raises DependencyUnavailable if the index, the record or the queue cannot be reached.
        """
        now = int(self.clock.now())
        count: Counter[str] = Counter()
        for key in self.tasks.due(now):
            task = self.tasks.peek(key)
            if task is None or task.due_at is None or task.due_at > now:
                continue
            outcomes = task.to_queue(now)
            lease = LEASE_SECONDS if outcomes else DUE_AFTER_QUEUED_SECONDS
            write = self.tasks.replace(task, leased(task, now + lease))
            if not write.applied or write.task is None:
                continue
            for callback_id, outcome_digest in outcomes.items():
                self.redelivery.send(Redelivery(key, callback_id, outcome_digest))
                count[key.task_type] += 1
                self._note(write.task, callback_id, now)
        return count

    def _note(self, task: CallbackTask, callback_id: str, now: int) -> None:
        def transition(found: CallbackTask) -> CallbackTask | None:
            return queued(found, callback_id, now) if callback_id in found.to_queue(now) else None

        advance(self.tasks, task, transition)
