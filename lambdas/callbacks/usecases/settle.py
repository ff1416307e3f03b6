"""Carry a recorded outcome to the workflow, and find out what became of one that is in doubt."""

from collections.abc import Callable
from dataclasses import dataclass

from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import TaskOverview, TaskStore, Verdict, Workflow
from callbacks.domain.task import CLOCK_MARGIN_SECONDS, Attempt, CallbackTask, Status

OLD_NEWS_SECONDS = 60

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


def has_ended(workflow: Workflow, task: CallbackTask, now: int) -> bool | None:
    """Whether the execution ended after it registered `task`: then it waits for it no more.

    None while that cannot be told: an end that lies before the registration may be old news of an
    execution that was redriven since, or the dispatcher was at work as the execution ended.

    Raises DependencyUnavailable.
    """
    run = workflow.last_run(task.execution_arn)
    registered_at = task.requested_at / 1000
    if run is None or run.started_at.timestamp() > registered_at + CLOCK_MARGIN_SECONDS:
        return True
    if run.ended_at is None:
        return False
    if run.ended_at.timestamp() >= registered_at or now > registered_at + OLD_NEWS_SECONDS:
        return True
    return None


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
