"""What a port's tests run over: the use cases' fake, and the AWS adapter on moto."""

from dataclasses import dataclass

from callbacks.domain.ports import TaskOverview, TaskStore

IMPLEMENTATIONS = ["fake", "aws"]


@dataclass(frozen=True)
class Records:
    """One table of tasks, seen with tokens and without."""

    store: TaskStore
    overview: TaskOverview
