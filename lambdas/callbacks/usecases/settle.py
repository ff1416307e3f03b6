"""Carry a recorded outcome to the workflow, and find out what became of one that is in doubt."""

from collections.abc import Callable
from dataclasses import dataclass

from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import TaskOverview, TaskStore, Verdict, Workflow
from callbacks.domain.task import Attempt, CallbackTask, Status

Transition = Callable[[CallbackTask], CallbackTask | None]


def advance(
    store: TaskStore | TaskOverview, task: CallbackTask, transition: Transition
) -> CallbackTask | None:
    """Applies `transition` by compare-and-swap until it is written or no longer applies.

    Returns the record as written, or None where the transition does not apply (any more).
    """
    found: CallbackTask | None = task
    while found is not None:
        new = transition(found)
        if new is None:
            return None
        write = store.replace(found, new)
        if write.applied:
            return write.task
        found = write.task
    return None


def verdict_on(workflow: Workflow, attempt: Attempt) -> Verdict:
    """The history's verdict; a history that cannot be read is no evidence."""
    try:
        return workflow.verdict(attempt)
    except DependencyUnavailable:
        return Verdict.NO_EVIDENCE


@dataclass(frozen=True, slots=True)
class SameOutcome:
    """Narrows a transition to one attempt's one outcome, in any of the given states."""

    callback_id: str
    outcome_digest: str | None
    statuses: tuple[Status, ...] = (Status.COMPLETING,)

    def __call__(self, apply: Callable[[CallbackTask], CallbackTask]) -> Transition:
        def transition(task: CallbackTask) -> CallbackTask | None:
            same = (
                task.callback_id == self.callback_id
                and task.outcome_digest == self.outcome_digest
                and task.status in self.statuses
            )
            return apply(task) if same else None

        return transition
