"""The use cases over fakes of all their ports, with any step failing as a test says."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from callbacks.domain.task import CallbackTask, TaskKey
from callbacks.usecases.close_execution import ExecutionCloser
from callbacks.usecases.complete import Completer
from callbacks.usecases.dispatch import Dispatcher
from callbacks.usecases.measure import Measurer
from callbacks.usecases.rebuild import Rebuilder
from callbacks.usecases.receive import Receiver
from callbacks.usecases.reconcile import Reconciler
from callbacks.usecases.redeliver import Redeliverer
from callbacks.usecases.sweep import Sweeper

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.fakes import (
    FakeChannels,
    FakeClock,
    FakeContracts,
    FakeDeadLetterQueue,
    FakeExecutions,
    FakeOpenWork,
    FakeOrders,
    FakeRedeliveryQueue,
    FakeTaskOverview,
    FakeTasks,
    FakeTopic,
    FakeWorkflow,
)
from tests.support.tasks import EXECUTION, KEY, NOW, OTHER_EXECUTION, RETENTION_SECONDS, token


@dataclass
class Harness:
    """The time is NOW; tokens 1 to 3 wait, and the shipping channel is open."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    tasks: FakeTasks = field(default_factory=FakeTasks)
    workflow: FakeWorkflow = field(default_factory=FakeWorkflow)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    queue: FakeRedeliveryQueue = field(default_factory=FakeRedeliveryQueue)
    dead_letters: FakeDeadLetterQueue = field(default_factory=FakeDeadLetterQueue)
    topic: FakeTopic = field(default_factory=FakeTopic)
    channels: FakeChannels = field(
        default_factory=lambda: FakeChannels({SHIPPING: shipping_channel()})
    )
    contracts: FakeContracts = field(default_factory=FakeContracts)
    orders: FakeOrders = field(default_factory=lambda: FakeOrders({KEY.order_id: {}}))

    @property
    def work(self) -> FakeOpenWork:
        return FakeOpenWork(self.tasks)

    def __post_init__(self) -> None:
        for attempt in (1, 2, 3):
            self.workflow.wait(token(attempt), EXECUTION)
        self.workflow.wait(token(9), OTHER_EXECUTION)

    def given(self, task: CallbackTask) -> CallbackTask:
        """Puts a record into the table."""
        self.tasks.records[task.key] = task
        return task

    def record(self, key: TaskKey = KEY) -> CallbackTask:
        return self.tasks.records[key]

    @property
    def completer(self) -> Completer:
        return Completer(
            store=self.tasks, workflow=self.workflow, redelivery=self.queue, clock=self.clock
        )

    @property
    def receiver(self) -> Receiver:
        return Receiver(registry=self.channels, contracts=self.contracts, completer=self.completer)

    @property
    def redeliverer(self) -> Redeliverer:
        return Redeliverer(
            store=self.tasks,
            workflow=self.workflow,
            dead_letters=self.dead_letters,
            clock=self.clock,
        )

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(tasks=FakeTaskOverview(self.tasks), redelivery=self.queue, clock=self.clock)

    @property
    def measurer(self) -> Measurer:
        return Measurer(
            registry=self.channels,
            work=self.work,
            tasks=FakeTaskOverview(self.tasks),
            clock=self.clock,
        )

    @property
    def rebuilder(self) -> Rebuilder:
        return Rebuilder(
            retention_seconds=RETENTION_SECONDS,
            executions=self.executions,
            store=self.tasks,
            tasks=FakeTaskOverview(self.tasks),
            registry=self.channels,
            clock=self.clock,
        )

    @property
    def closer(self) -> ExecutionCloser:
        return ExecutionCloser(
            tasks=FakeTaskOverview(self.tasks),
            orders=self.orders,
            workflow=self.workflow,
            clock=self.clock,
        )

    @property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            registry=self.channels,
            tasks=FakeTaskOverview(self.tasks),
            workflow=self.workflow,
            closer=self.closer,
            clock=self.clock,
        )

    @property
    def dispatcher(self) -> Dispatcher:
        return Dispatcher(
            source="/callback-channels/test",
            retention_seconds=RETENTION_SECONDS,
            store=self.tasks,
            topic=self.topic,
            workflow=self.workflow,
            registry=self.channels,
            contracts=self.contracts,
            clock=self.clock,
        )


def failing(port: object, method: str, error: Exception, *, done: bool = False) -> None:
    """The port's next call of `method` fails; `done` means that its work is done all the same."""
    works = getattr(port, method)

    def fail(*arguments: Any, **named: Any) -> Any:
        setattr(port, method, works)
        if done:
            works(*arguments, **named)
        raise error

    setattr(port, method, fail)


def before(port: object, method: str, happens: Callable[[], object]) -> None:
    """Something happens between the caller's decision and its next call of `method`."""
    works = getattr(port, method)

    def later(*arguments: Any, **named: Any) -> Any:
        setattr(port, method, works)
        happens()
        return works(*arguments, **named)

    setattr(port, method, later)


def untouched(found: CallbackTask, task: CallbackTask) -> bool:
    """Whether a record still says what it said, whatever its version."""
    return replace(found, version=0) == replace(task, version=0)
