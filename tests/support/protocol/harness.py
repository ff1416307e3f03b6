"""One task between two executions, a partner, and ports that the invariants watch."""

from collections.abc import Callable
from dataclasses import dataclass, field

from callbacks.domain.channel import Channel, Contract
from callbacks.domain.errors import DependencyUnavailable, RecordUncertain
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import End, ExecutionFailure, Redelivery, Run, Verdict, Write
from callbacks.domain.task import CLOCK_MARGIN_SECONDS, Attempt, CallbackTask, TaskKey
from callbacks.usecases.close_execution import ExecutionCloser
from callbacks.usecases.complete import Completer
from callbacks.usecases.dispatch import Dispatcher, DispatchRequest
from callbacks.usecases.reconcile import Reconciler
from callbacks.usecases.redeliver import Disposition, Redeliverer
from callbacks.usecases.sweep import Sweeper

from tests.support.fakes import (
    FakeChannels,
    FakeClock,
    FakeContracts,
    FakeDeadLetterQueue,
    FakeOrders,
    FakeRedeliveryQueue,
    FakeTaskOverview,
    FakeTasks,
    FakeTopic,
    FakeWorkflow,
)
from tests.support.protocol.invariants import LONGEST_DUE_SECONDS, Invariants, require
from tests.support.protocol.processes import stepped

KEY = TaskKey("order-1", "ORDER_SHIPPING_SERVICE")
EXECUTIONS = ("execution-1", "execution-2")
WAIT_SECONDS = 300
RETENTION_SECONDS = 7200
CLOCK_SKEW_SECONDS = 2
OLD_NEWS_SECONDS = 50
OUTAGES = {
    "Step Functions": frozenset({"complete", "heartbeat"}),
    "Step Functions' history": frozenset({"verdict"}),
    "SQS": frozenset({"send"}),
}


@dataclass
class Tasks(FakeTasks):
    invariants: Invariants = field(kw_only=True)

    def claim(
        self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str, now: int
    ) -> Write:
        write = super().claim(key, callback_id, outcome, principal, now)
        if write.applied:
            self.invariants.claimed(callback_id, outcome, write)
        return write

    def _put(self, task: CallbackTask) -> Write:
        before = self.records.get(task.key)
        write = super()._put(task)
        self.invariants.written(before, task)
        return write


class TaskOverview(FakeTaskOverview):
    def stale_due(self, now: int) -> list[TaskKey]:  # noqa: ARG002
        return []

    def stale_overdue(self, task_type: str, now: int) -> list[TaskKey]:  # noqa: ARG002
        return []


@dataclass
class Workflow(FakeWorkflow):
    """Its waits time out by the clock; what it says of the past may be old."""

    invariants: Invariants = field(kw_only=True)
    entered: dict[str, float] = field(default_factory=dict)
    old_news: dict[str, tuple[Run | None, float]] = field(default_factory=dict)
    clock: FakeClock = field(kw_only=True)

    def complete(self, task_token: str, outcome: Outcome) -> None:
        self.invariants.sent(task_token, outcome)
        super().complete(task_token, outcome)

    def heartbeat(self, task_token: str) -> None:
        self.invariants.beaten(task_token)
        super().heartbeat(task_token)

    def stale_verdict(self, attempt: Attempt) -> Verdict:  # noqa: ARG002
        return Verdict.NO_EVIDENCE

    def stale_last_run(self, execution_arn: str) -> Run | None:
        """As of before the last change, if that is not long ago."""
        run, until = self.old_news.get(execution_arn, (None, 0.0))
        return run if self.clock.now() < until else self.last_run(execution_arn)

    def end(self, execution_arn: str, at: float) -> None:
        self._remember(execution_arn)
        super().end(execution_arn, at)

    def redrive(self, execution_arn: str, at: float) -> None:
        self._remember(execution_arn)
        super().redrive(execution_arn, at)

    def _remember(self, execution_arn: str) -> None:
        until = self.clock.now() + OLD_NEWS_SECONDS
        self.old_news[execution_arn] = (self.last_run(execution_arn), until)

    def pass_time(self, now: float) -> None:
        for token, since in self.entered.items():
            if now >= since + WAIT_SECONDS:
                self.time_out(token)


@dataclass
class DeadLetters(FakeDeadLetterQueue):
    invariants: Invariants = field(kw_only=True)
    tasks: FakeTasks = field(kw_only=True)

    def send(self, redelivery: Redelivery, reason: str, outcome: Outcome | None) -> None:
        super().send(redelivery, reason, outcome)
        self.invariants.dead_lettered(redelivery, outcome, self.tasks.records.get(redelivery.key))


@dataclass(frozen=True)
class SkewedClock:
    clock: FakeClock
    skew: float

    def now(self) -> float:
        return self.clock.now() + self.skew


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the harness is made of; a mutant has one faulty part."""

    tasks: type[Tasks] = Tasks
    workflow: type[Workflow] = Workflow
    dispatcher: type[Dispatcher] = Dispatcher
    completer: type[Completer] = Completer
    redeliverer: type[Redeliverer] = Redeliverer
    sweeper: type[Sweeper] = Sweeper
    closer: type[ExecutionCloser] = ExecutionCloser
    reconciler: type[Reconciler] = Reconciler


class Harness:
    """The clock of one execution's dispatchers is behind, of the other's ahead, as all others'."""

    def __init__(self, parts: Parts, *, callback_id_required: bool) -> None:
        self.clock = FakeClock()
        self.workflow = parts.workflow(invariants=Invariants({}, self.clock), clock=self.clock)
        self.invariants = Invariants(self.workflow.waits, self.clock)
        self.workflow.invariants = self.invariants
        self.tasks = parts.tasks(invariants=self.invariants)
        self.topic = FakeTopic()
        self.queue = FakeRedeliveryQueue()
        self.dead_letters = DeadLetters(invariants=self.invariants, tasks=self.tasks)
        self.orders = FakeOrders({KEY.order_id: {"order_status": "PROCESSING"}})
        self.ends: list[ExecutionFailure] = []
        self.down: set[str] = set()

        store = stepped(self.tasks, RecordUncertain, self.down)
        workflow = stepped(self.workflow, DependencyUnavailable, self.down)
        queue = stepped(self.queue, DependencyUnavailable, self.down)
        ahead = SkewedClock(self.clock, CLOCK_SKEW_SECONDS)
        behind = SkewedClock(self.clock, -CLOCK_SKEW_SECONDS)
        registry = FakeChannels({KEY.task_type: _channel(callback_id_required)})
        self.dispatchers = {
            execution: parts.dispatcher(
                source="/callback-channels/test",
                retention_seconds=RETENTION_SECONDS,
                store=store,
                topic=stepped(self.topic, DependencyUnavailable, self.down),
                workflow=workflow,
                registry=registry,
                contracts=FakeContracts(),
                clock=clock,
            )
            for execution, clock in zip(EXECUTIONS, (behind, ahead), strict=True)
        }
        self.completer = parts.completer(
            store=store, workflow=workflow, redelivery=queue, clock=ahead
        )
        self.redeliverer = parts.redeliverer(
            store=store,
            workflow=workflow,
            dead_letters=stepped(self.dead_letters, DependencyUnavailable, self.down),
            clock=ahead,
        )
        self.overview = TaskOverview(self.tasks)
        overview = stepped(self.overview, RecordUncertain, self.down)
        self.sweeper = parts.sweeper(tasks=overview, redelivery=queue, clock=ahead)
        self.closer = parts.closer(
            tasks=overview,
            orders=stepped(self.orders, DependencyUnavailable, self.down),
            workflow=workflow,
            clock=ahead,
        )
        self.reconciler = parts.reconciler(
            registry=registry,
            tasks=overview,
            workflow=workflow,
            closer=self.closer,
            clock=ahead,
        )

    @property
    def record(self) -> CallbackTask | None:
        return self.tasks.records.get(KEY)

    def is_running(self, execution_arn: str) -> bool:
        return execution_arn not in self.workflow.ended

    def may_wait(self, execution_arn: str) -> bool:
        """An execution is a sequence of states: it waits once at a time."""
        return self.is_running(execution_arn) and self.open_token(execution_arn) is None

    def open_token(self, execution_arn: str) -> str | None:
        for token, wait in self.workflow.waits.items():
            if wait.execution_arn == execution_arn and wait.open:
                return token
        return None

    def enter_wait(self, execution_arn: str) -> tuple[str, Callable[[], str]]:
        """Returns the token and the call of the dispatcher. Nothing enters twice in a second."""
        self.pass_time(1)
        token = f"token-{len(self.workflow.waits) + 1}"
        self.workflow.wait(token, execution_arn)
        self.workflow.entered[token] = self.clock.now()
        request = DispatchRequest(
            key=KEY,
            payload={},
            task_token=token,
            execution_arn=execution_arn,
            timeout_seconds=WAIT_SECONDS,
        )
        return token, lambda: self.dispatchers[execution_arn].dispatch(request).callback_id

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.workflow.pass_time(self.clock.now())

    def end(self, execution_arn: str) -> None:
        self.workflow.end(execution_arn, self.clock.now())
        ended_at = int(self.clock.now() * 1000)
        self.ends.append(ExecutionFailure(execution_arn, End.FAILED, "it failed", ended_at))

    def redrive(self, execution_arn: str) -> None:
        """Takes longer than clocks may differ."""
        self.pass_time(CLOCK_MARGIN_SECONDS)
        self.workflow.redrive(execution_arn, self.clock.now())

    @property
    def is_overdue(self) -> bool:
        record, now = self.record, int(self.clock.now())
        return record is not None and bool(self.overview.overdue(KEY.task_type, now))

    @property
    def is_expired(self) -> bool:
        ttl = self.record.ttl if self.record is not None else None
        return ttl is not None and ttl < self.clock.now()

    def delete_expired(self) -> None:
        """DynamoDB deletes what is past its TTL, some time after."""
        del self.tasks.records[KEY]
        self.invariants.deleted()

    def close(self, failure: ExecutionFailure) -> bool:
        return self.closer.close(KEY.order_id, failure)

    def come_to_rest(self) -> None:
        """With all services well again, whatever is due is delivered within hours."""
        self.down.clear()
        for _ in range(6):
            self.sweeper.sweep()
            while self.queue.messages:
                message = self.queue.messages.pop(0)
                require(
                    self.redeliverer.redeliver(message) is Disposition.DONE,
                    "with all services well, a redelivery is done at once",
                )
            if not self.has_deliveries:
                break
            self._pass_time_until_due()
        self.invariants.check_rest(self.record)

    @property
    def has_deliveries(self) -> bool:
        return self.record is not None and self.record.has_deliveries

    def end_waits(self) -> None:
        """Nobody says that the wait timed out."""
        if self.record is not None and self.record.due_at is not None:
            self._pass_time_until_due()
            self.pass_time(1)
            self.reconciler.reconcile()
            require(self.record.due_at is None, "a wait that timed out ends")

    def _pass_time_until_due(self) -> None:
        if self.record is not None and self.record.due_at is not None:
            wait = self.record.due_at - self.clock.now()
            require(wait <= LONGEST_DUE_SECONDS, "rest comes by due dates within an hour")
            self.pass_time(max(1, wait))


def _channel(callback_id_required: bool) -> Channel:
    return Channel(
        task_type=KEY.task_type,
        enabled=True,
        topic_arn="topic",
        partner_accounts=frozenset(),
        callback_url="https://api.example.com/externalCallback/ORDER_SHIPPING_SERVICE",
        callback_id_required=callback_id_required,
        max_output_bytes=65_536,
        timeout_seconds=WAIT_SECONDS,
        heartbeat_seconds=None,
        message_version="v1",
        versions={"v1": Contract("{}", "{}")},
    )
