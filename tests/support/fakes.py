"""The ports in memory. The tests in tests/adapters hold them to what the AWS adapters do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from callbacks.domain.channel import Channel
from callbacks.domain.errors import (
    DependencyUnavailable,
    OrderNotFound,
    TokenNotAccepted,
    Violation,
)
from callbacks.domain.outcome import Failure, Outcome, Success, digest
from callbacks.domain.ports import (
    Due,
    End,
    ExecutionFailure,
    ExecutionPage,
    Letter,
    OrderTrace,
    Redelivery,
    Run,
    Subscription,
    Verdict,
    Waiting,
    Waits,
    Write,
)
from callbacks.domain.task import (
    Attempt,
    CallbackTask,
    Status,
    TaskKey,
    claimed,
    may_claim,
    token_digest,
)


@dataclass
class FakeClock:
    seconds: float = 1_800_000_000.0

    def now(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeTasks:
    """TaskStore, TaskRegister, TaskOverview and OpenAttempts."""

    records: dict[TaskKey, CallbackTask] = field(default_factory=dict)

    def get(self, key: TaskKey) -> CallbackTask | None:
        return self.records.get(key)

    def create(self, task: CallbackTask) -> Write:
        found = self.records.get(task.key)
        if found is not None:
            return Write(applied=False, task=found)
        return self._put(task)

    def claim(
        self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str, now: int
    ) -> Write:
        found = self.records.get(key)
        if found is None or not may_claim(found, callback_id, digest(outcome), now):
            return Write(applied=False, task=found)
        return self._put(claimed(found, outcome, principal, now))

    def take_over(self, found: CallbackTask, new: CallbackTask) -> Write:
        there = self.records.get(found.key)
        if there is None or there.version != found.version:
            return Write(applied=False, task=there)
        return self._put(new)

    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        there = self.records.get(found.key)
        if there is None or there.version != found.version:
            return Write(applied=False, task=there)
        closed = new.status in (Status.COMPLETED, Status.EXPIRED)
        token = None if closed else new.task_token or there.task_token
        return self._put(replace(new, task_token=token))

    def due(self, now: int) -> list[TaskKey]:
        return [
            key
            for key, task in self.records.items()
            if task.has_deliveries and task.due_at is not None and task.due_at <= now
        ]

    def overdue(self, task_type: str, now: int) -> list[TaskKey]:
        return [
            key
            for key, task in self.records.items()
            if key.task_type == task_type
            and not task.has_deliveries
            and task.due_at is not None
            and task.due_at <= now
        ]

    def is_waited_for(self, key: TaskKey, callback_id: str) -> bool:
        task = self.records.get(key)
        return (
            task is not None and task.status is Status.PENDING and task.callback_id == callback_id
        )

    def peek(self, key: TaskKey) -> CallbackTask | None:
        task = self.records.get(key)
        return replace(task, task_token=None) if task else None

    def of_order(self, order_id: str) -> Sequence[CallbackTask]:
        return [
            replace(task, task_token=None)
            for key, task in self.records.items()
            if key.order_id == order_id
        ]

    def _put(self, task: CallbackTask) -> Write:
        self.records[task.key] = task
        return Write(applied=True, task=task)


@dataclass
class FakeTaskOverview:
    """TaskOverview over the records of a FakeTasks: no token leaves it."""

    tasks: FakeTasks

    def due(self, now: int) -> list[TaskKey]:
        return self.tasks.due(now)

    def overdue(self, task_type: str, now: int) -> list[TaskKey]:
        return self.tasks.overdue(task_type, now)

    def peek(self, key: TaskKey) -> CallbackTask | None:
        return self.tasks.peek(key)

    def of_order(self, order_id: str) -> Sequence[CallbackTask]:
        return self.tasks.of_order(order_id)

    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        write = self.tasks.replace(found, new)
        return Write(write.applied, replace(write.task, task_token=None) if write.task else None)


@dataclass
class FakeOpenWork:
    """OpenWork over the records of a FakeTasks."""

    tasks: FakeTasks

    def waiting(self, task_type: str, now: int) -> Waiting:
        open_ = [
            task
            for task in self.tasks.records.values()
            if task.key.task_type == task_type
            and not task.has_deliveries
            and task.due_at is not None
        ]
        nearest = min(open_, key=lambda task: task.deadline, default=None)
        overdue = sum(task.is_past_deadline(now) for task in open_)
        return Waiting(len(open_), overdue, nearest.key if nearest else None)

    def deliveries(self) -> list[Due]:
        return [
            Due(task.due_at, key)
            for key, task in self.tasks.records.items()
            if task.has_deliveries and task.due_at is not None
        ]


@dataclass
class FakeTopic:
    published: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        self.published.append((message, attributes))


@dataclass
class Wait:
    """One task token of the fake workflow; `closed_by` is what ended the wait, if anything did."""

    execution_arn: str
    open: bool = True
    closed_by: Outcome | None = None


@dataclass
class FakeWorkflow:
    """Waits by token; a closed wait responds as Step Functions does, late and repeated alike."""

    waits: dict[str, Wait] = field(default_factory=dict)
    ended: dict[str, datetime] = field(default_factory=dict)
    redriven: dict[str, datetime] = field(default_factory=dict)
    beats: list[str] = field(default_factory=list)
    means: End = End.FAILED

    def wait(self, task_token: str, execution_arn: str) -> None:
        self.waits[task_token] = Wait(execution_arn)

    def time_out(self, task_token: str) -> None:
        self.waits[task_token].open = False

    def end(self, execution_arn: str, at: float) -> None:
        self.ended[execution_arn] = datetime.fromtimestamp(at, UTC)
        for wait in self.waits.values():
            if wait.execution_arn == execution_arn:
                wait.open = False

    def redrive(self, execution_arn: str, at: float) -> None:
        del self.ended[execution_arn]
        self.redriven[execution_arn] = datetime.fromtimestamp(at, UTC)

    def complete(self, task_token: str, outcome: Outcome) -> None:
        wait = self._open_wait(task_token)
        wait.open, wait.closed_by = False, outcome

    def heartbeat(self, task_token: str) -> None:
        self._open_wait(task_token)
        self.beats.append(task_token)

    def verdict(self, attempt: Attempt) -> Verdict:
        for token, wait in self.waits.items():
            if token_digest(token) != attempt.token_digest:
                continue
            if wait.open:
                return Verdict.NO_EVIDENCE
            delivered = wait.closed_by is not None and wait.closed_by == attempt.outcome
            return Verdict.DELIVERED if delivered else Verdict.GONE
        return Verdict.NO_EVIDENCE

    def last_run(self, execution_arn: str) -> Run | None:
        if all(wait.execution_arn != execution_arn for wait in self.waits.values()):
            return None
        started_at = self.redriven.get(execution_arn, datetime.fromtimestamp(0, UTC))
        return Run(started_at, self.ended.get(execution_arn))

    def failure(self, execution_arn: str) -> ExecutionFailure | None:
        if execution_arn not in self.ended:
            return None
        ended_at = int(self.ended[execution_arn].timestamp() * 1000)
        return ExecutionFailure(execution_arn, self.means, "it failed", ended_at)

    def _open_wait(self, task_token: str) -> Wait:
        wait = self.waits.get(task_token)
        if wait is None or not wait.open:
            raise TokenNotAccepted("TaskTimedOut")
        return wait


@dataclass
class FakeExecutions:
    """RunningExecutions, one a page; the cursor is the next one's ARN."""

    running: dict[str, Waits] = field(default_factory=dict)

    def page(self, cursor: str | None) -> ExecutionPage:
        arns = list(self.running)
        start = arns.index(cursor) if cursor else 0
        page, later = arns[start : start + 1], arns[start + 1 :]
        return ExecutionPage(page, later[0] if later else None)

    def waits(self, execution_arn: str) -> Waits:
        return self.running[execution_arn]


@dataclass
class FakeRedeliveryQueue:
    messages: list[Redelivery] = field(default_factory=list)

    def send(self, redelivery: Redelivery) -> None:
        self.messages.append(redelivery)


@dataclass
class FakeDeadLetterQueue:
    messages: list[tuple[Redelivery, str, Outcome | None]] = field(default_factory=list)

    def send(self, redelivery: Redelivery, reason: str, outcome: Outcome | None) -> None:
        self.messages.append((redelivery, reason, outcome))


@dataclass
class FakeChannels:
    channels: dict[str, Channel] = field(default_factory=dict)

    def get(self, task_type: str) -> Channel | None:
        return self.channels.get(task_type)

    def task_types(self) -> Sequence[str]:
        return list(self.channels)


@dataclass
class FakeSubscriptions:
    """By topic; those to a topic in `unavailable` cannot be read."""

    subscriptions: dict[str, list[Subscription]] = field(default_factory=dict)
    unavailable: set[str] = field(default_factory=set)

    def to(self, topic_arn: str) -> Sequence[Subscription]:
        if topic_arn in self.unavailable:
            raise DependencyUnavailable("ListSubscriptionsByTopic: InternalError")
        return list(self.subscriptions.get(topic_arn, []))

    def end(self, subscription: Subscription) -> None:
        for subscribed in self.subscriptions.values():
            if subscription in subscribed:
                subscribed.remove(subscription)


@dataclass
class FakeContracts:
    """Finds the same violations in every document, and keeps what it was asked about."""

    found: list[Violation] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    documents: list[object] = field(default_factory=list)

    def violations(self, schema: str, document: object) -> Sequence[Violation]:
        self.asked.append(schema)
        self.documents.append(document)
        return self.found


@dataclass
class FakeOrders:
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    NEVER = 253_402_300_799

    def take_up(
        self, order_id: str, execution_arn: str, retained_until: int | None
    ) -> Mapping[str, Any]:
        order = self._order(order_id)
        order["execution_arn"] = execution_arn
        order["retained_until"] = self.NEVER if retained_until is None else retained_until
        order.pop("expires_at", None)
        if order.setdefault("order_status", "RECEIVED") == "COMPLETED":
            order["expires_at"] = order["retained_until"]
        contents: Mapping[str, Any] = order["order_contents"]
        return contents

    def record_shipping(self, order_id: str, shipping: Mapping[str, Any]) -> None:
        order = self._order(order_id)
        for mark in ("failure_reason", "stalled_reason", "status_before_stall"):
            order.pop(mark, None)
        order.update(shipping, order_status="COMPLETED", expires_at=self._end(order))

    def mark_failed(self, order_id: str, reason: str) -> bool:
        order = self.orders.get(order_id)
        if order is None or order.get("order_status") in ("COMPLETED", "FAILED"):
            return False
        for mark in ("stalled_reason", "status_before_stall"):
            order.pop(mark, None)
        order.update(order_status="FAILED", failure_reason=reason, expires_at=self._end(order))
        return True

    def let_expire(self, order_id: str, execution_arn: str) -> None:
        order = self.orders.get(order_id, {})
        if (order.get("order_status"), order.get("execution_arn")) == ("FAILED", execution_arn):
            order.setdefault("expires_at", self._end(order))

    def mark_stalled(self, order_id: str, reason: str) -> bool:
        order = self.orders.get(order_id)
        if order is None or order.get("order_status") == "COMPLETED":
            return False
        order.setdefault("status_before_stall", order.get("order_status", "RECEIVED"))
        order.update(order_status="STALLED", stalled_reason=reason)
        order.pop("expires_at", None)
        return True

    def _end(self, order: dict[str, Any]) -> int:
        until: int = order.get("retained_until", self.NEVER)
        return until

    def _order(self, order_id: str) -> dict[str, Any]:
        if order_id not in self.orders:
            raise OrderNotFound(order_id)
        return self.orders[order_id]


@dataclass
class FakeErasure:
    """Erasure over the records of a FakeTasks and a FakeOrders."""

    tasks: FakeTasks
    orders: FakeOrders

    def order(self, order_id: str) -> OrderTrace | None:
        order = self.orders.orders.get(order_id)
        return None if order is None else OrderTrace(order.get("execution_arn"))

    def erase_task(self, found: CallbackTask) -> bool:
        there = self.tasks.records.get(found.key)
        if there is None or there.version != found.version:
            return False
        del self.tasks.records[found.key]
        return True

    def erase_order(self, order_id: str, found: OrderTrace) -> bool:
        if self.order(order_id) != found:
            return False
        del self.orders.orders[order_id]
        return True


SHIPPED = Success({"shipping_status": "PROCESSING", "tracking_number": "1ZA1B2C3D4"})
LOST = Failure("LOST", "the parcel was lost", retryable=False)


@dataclass
class FakeDeadLetters:
    """DeadLetters: two at a time, as SQS gives some of many."""

    visible: list[Letter] = field(default_factory=list)
    hidden: list[Letter] = field(default_factory=list)

    def receive(self) -> Sequence[Letter]:
        received, self.visible = self.visible[:2], self.visible[2:]
        self.hidden += received
        return received

    def release(self, letter: Letter) -> None:
        self.hidden.remove(letter)
        self.visible.append(letter)

    def delete(self, letter: Letter) -> None:
        self.hidden.remove(letter)


@dataclass
class FakeChannelSwitch:
    """ChannelSwitch: whether each channel takes new tasks."""

    enabled: dict[str, bool] = field(default_factory=dict)

    def switch(self, task_type: str, *, enabled: bool) -> bool:
        known = task_type in self.enabled
        if known:
            self.enabled[task_type] = enabled
        return known


@dataclass
class FakeRedrives:
    """Redrives: notes what was asked."""

    redriven: list[str] = field(default_factory=list)

    def redrive(self, execution_arn: str) -> None:
        self.redriven.append(execution_arn)
