"""What a port's tests run over: the use cases' fake, and the AWS adapter on moto."""

from dataclasses import dataclass
from typing import Protocol

from callbacks.domain.ports import (
    Erasure,
    OpenAttempts,
    OpenWork,
    Orders,
    TaskOverview,
    TaskRegister,
    TaskStore,
)

IMPLEMENTATIONS = ["fake", "aws"]


class Store(TaskRegister, TaskStore, Protocol):
    """Whoever sees a task's token."""


@dataclass(frozen=True)
class Records:
    """One table of tasks, seen with tokens and without."""

    store: Store
    attempts: OpenAttempts
    overview: TaskOverview
    open_work: OpenWork


@dataclass(frozen=True)
class Erasable:
    """One order, `order-1`, that nobody has taken up, and what erases it."""

    store: Store
    orders: Orders
    erasure: Erasure
