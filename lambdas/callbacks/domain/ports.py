"""What the use cases need of the world outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from callbacks.domain.channel import Channel
from callbacks.domain.errors import Violation
from callbacks.domain.message import Message
from callbacks.domain.outcome import Outcome
from callbacks.domain.task import Attempt, CallbackTask, TaskKey


@dataclass(frozen=True, slots=True)
class Write:
    """A conditional write: applied, with the record as written, or refused, with what is there."""

    applied: bool
    task: CallbackTask | None


class TaskRegister(Protocol):
    """Registers attempts by whole records. Every method raises RecordUncertain."""

    def create(self, task: CallbackTask) -> Write:
        """Puts the record if its key has none."""
        ...

    def take_over(self, found: CallbackTask, new: CallbackTask) -> Write:
        """Puts `new`, which is open, if the record's version is still `found`'s."""
        ...


class TaskStore(Protocol):
    """The records of tasks. Every method raises RecordUncertain when it cannot know."""

    def claim(
        self, key: TaskKey, callback_id: str | None, outcome: Outcome, principal: str, now: int
    ) -> Write:
        """`claimed`, on condition of `may_claim`, in one write without a read before it."""
        ...

    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        """Writes `new` if the record's version is still `found`'s."""
        ...

    def get(self, key: TaskKey) -> CallbackTask | None:
        """The record as of now."""
        ...


class TaskOverview(Protocol):
    """The records without their tokens, for those who have no use for a token."""

    def due(self, now: int) -> Iterable[TaskKey]:
        """Tasks with something to deliver or settle; may lag behind."""
        ...

    def overdue(self, task_type: str, now: int) -> Iterable[TaskKey]:
        """Tasks whose wait has timed out and that are still PENDING; may lag behind."""
        ...

    def peek(self, key: TaskKey) -> CallbackTask | None: ...

    def of_order(self, order_id: str) -> Sequence[CallbackTask]: ...

    def replace(self, found: CallbackTask, new: CallbackTask) -> Write:
        """As TaskStore's; it keeps the token of a task that stays open."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """A task that is open, and when somebody looks at it who was not asked to, in seconds."""

    due_at: int
    key: TaskKey


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many tasks of a channel wait, how many in vain by now, and whose deadline is nearest."""

    tasks: int
    overdue: int
    nearest: TaskKey | None


class OpenWork(Protocol):
    """What is open, without reading the records; may lag behind.

    Every method raises DependencyUnavailable. A task that waits beside an outcome of an earlier
    attempt that is still to be settled counts as the latter.
    """

    def waiting(self, task_type: str, now: int) -> Waiting: ...

    def deliveries(self) -> Iterable[Due]:
        """Tasks of all channels with an outcome that is to be delivered or settled."""
        ...


class Verdict(Enum):
    """What an execution's history says of an attempt's outcome."""

    DELIVERED = "DELIVERED"
    GONE = "GONE"
    NO_EVIDENCE = "NO_EVIDENCE"


@dataclass(frozen=True, slots=True)
class Run:
    """An execution since it was started or, if it was redriven, since the last redrive."""

    started_at: datetime
    ended_at: datetime | None = None


class End(Enum):
    """What the end of an execution without success means for its order."""

    FAILED = "FAILED"
    """The order has come to its end."""

    STALLED = "STALLED"
    """The execution can be resumed, and the order with it."""

    REFUSED = "REFUSED"
    """The order is another execution's."""


@dataclass(frozen=True, slots=True)
class ExecutionFailure:
    """How an execution ended that did not succeed; `ended_at` is in milliseconds."""

    execution_arn: str
    end: End
    reason: str
    ended_at: int


class Workflow(Protocol):
    """The workflow service. Every method raises DependencyUnavailable if it cannot be reached."""

    def complete(self, task_token: str, outcome: Outcome) -> None:
        """Resumes the wait; TokenNotAccepted if the service says that it is closed."""
        ...

    def heartbeat(self, task_token: str) -> None:
        """Restarts the heartbeat's clock; TokenNotAccepted if the wait is closed."""
        ...

    def verdict(self, attempt: Attempt) -> Verdict:
        """Looks the attempt's end up in the execution's history."""
        ...

    def last_run(self, execution_arn: str) -> Run | None:
        """As of a minute ago or later; None for an execution that is not known (any more)."""
        ...

    def failure(self, execution_arn: str) -> ExecutionFailure | None:
        """None for an execution that runs, has succeeded or is not known (any more)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWait:
    """A wait that has not ended, as its execution's history has it, its message published.

    `scheduled_at` is in milliseconds. None is what the history does not say.
    """

    key: TaskKey
    callback_id: str
    work_id: str | None
    task_token: str = field(repr=False)
    execution_arn: str
    scheduled_at: int
    timeout_seconds: int | None


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits of one execution.

    `dispatching` counts those whose dispatcher has not returned yet; `ended` are callback_ids.
    """

    open: Sequence[OpenWait]
    dispatching: int = 0
    ended: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ExecutionPage:
    """Some executions by ARN, and the cursor of the next ones; None at the end."""

    execution_arns: Sequence[str]
    cursor: str | None = None


class RunningExecutions(Protocol):
    """The platform's executions that run. Every method raises DependencyUnavailable."""

    def page(self, cursor: str | None) -> ExecutionPage:
        """The first ones, or those at the cursor. Raises ValueError for what is no cursor."""
        ...

    def waits(self, execution_arn: str) -> Waits:
        """Reads the whole history."""
        ...


class Topic(Protocol):
    """The channel's topic."""

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        """Raises DependencyUnavailable if it is not known to be published."""
        ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to a topic; `owner` is the account that may end it besides the topic's."""

    arn: str
    owner: str
    endpoint: str


class Subscriptions(Protocol):
    """The subscriptions to topics. Every method raises DependencyUnavailable."""

    def to(self, topic_arn: str) -> Iterable[Subscription]:
        """Those that are confirmed; the others receive nothing."""
        ...

    def end(self, subscription: Subscription) -> None: ...


@dataclass(frozen=True, slots=True)
class Redelivery:
    """Names an outcome that is to be delivered: the attempt and the digest, never the token."""

    key: TaskKey
    callback_id: str
    outcome_digest: str


class RedeliveryQueue(Protocol):
    """Outcomes that are recorded and not known to have reached the workflow."""

    def send(self, redelivery: Redelivery) -> None:
        """Raises DependencyUnavailable if it is not known to be queued."""
        ...


class DeadLetterQueue(Protocol):
    """Promises that could not be kept: an alarm goes off for each."""

    def send(self, redelivery: Redelivery, reason: str, outcome: Outcome | None) -> None:
        """Raises DependencyUnavailable if it is not known to be queued."""
        ...


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """An endpoint's HTTP status, or None without one, and the seconds of its Retry-After.

    `why` says why there is no status: nothing was sent, or no response came.
    """

    status: int | None
    retry_after: int | None = None
    why: str = "it could not be reached"


class Webhook(Protocol):
    """One partner's endpoint for messages."""

    def post(self, message: Message) -> WebhookReply:
        """Never raises for what the endpoint does; DependencyUnavailable without its secrets."""
        ...


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An attempt whose message the channel's only endpoint did not take, and why."""

    key: TaskKey
    callback_id: str
    reason: str


class UndeliveredReports(Protocol):
    """What a webhook's function tells the platform, which fails the task."""

    def send(self, undelivered: Undelivered) -> None:
        """Raises DependencyUnavailable if it is not known to be queued."""
        ...


class OpenAttempts(Protocol):
    """The records of tasks, for those who need to know only whether somebody still waits."""

    def is_waited_for(self, key: TaskKey, callback_id: str) -> bool:
        """As of now, and before any callback. Raises RecordUncertain."""
        ...


class UndeliveredMessages(Protocol):
    """The dead-letter queue of messages that no endpoint took: an alarm goes off for each."""

    def send(self, body: str, reason: str) -> None:
        """Raises DependencyUnavailable if it is not known to be queued."""
        ...


class ChannelRegistry(Protocol):
    """The registrations."""

    def get(self, task_type: str) -> Channel | None:
        """May be a minute old; raises DependencyUnavailable if the table cannot be read."""
        ...

    def task_types(self) -> Sequence[str]:
        """Of all channels, now. Raises DependencyUnavailable if the table cannot be read."""
        ...


class ContractValidator(Protocol):
    """Validates documents against JSON Schema, draft-04."""

    def violations(self, schema: str, document: object) -> Sequence[Violation]: ...


class Orders(Protocol):
    """The orders. Every method raises DependencyUnavailable if the table cannot be reached."""

    def take_up(
        self, order_id: str, execution_arn: str, retained_until: int | None
    ) -> Mapping[str, Any]:
        """Notes which execution works on the order, and returns what was ordered.

        Once the order has ended it is kept until `retained_until`, seconds since the epoch, or for
        ever; while it is worked on nothing ends its retention, unless it is completed already.

        Raises:
            OrderNotFound: there is no such order.
        """
        ...

    def record_shipping(self, order_id: str, shipping: Mapping[str, Any]) -> None:
        """Completes the order; a mark of failure or of a stall is removed.

        Raises:
            OrderNotFound: there is no such order.
        """
        ...

    def mark_failed(self, order_id: str, reason: str) -> bool:
        """False, and nothing written, if there is no such order or it has ended already."""
        ...

    def let_expire(self, order_id: str, execution_arn: str) -> None:
        """Ends the retention of an order that failed, if nobody took it up after the execution.

        It is for one that had failed before that: `mark_failed` writes nothing then.
        """
        ...

    def mark_stalled(self, order_id: str, reason: str) -> bool:
        """False, and nothing written, if there is no such order or it is completed.

        The status that the order had is kept for the workflow that resumes it.
        """
        ...


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """What is read of an order that is to be erased; None if no workflow ever took it up."""

    execution_arn: str | None


class Erasure(Protocol):
    """Removes an order's records. Raises DependencyUnavailable if the tables cannot be reached."""

    def order(self, order_id: str) -> OrderTrace | None: ...

    def erase_task(self, found: CallbackTask) -> bool:
        """False, and nothing removed, if the record is not `found` any more."""
        ...

    def erase_order(self, order_id: str, found: OrderTrace) -> bool:
        """False, and nothing removed, if the order is not `found` any more."""
        ...


class ChannelSwitch(Protocol):
    """Whether channels take new tasks."""

    def switch(self, task_type: str, *, enabled: bool) -> bool:
        """False, and nothing written, if there is no such channel. Raises DependencyUnavailable."""
        ...


class Redrives(Protocol):
    """Executions that stopped at a Task which can be run again."""

    def redrive(self, execution_arn: str) -> None:
        """Raises OperationRefused if it cannot be, DependencyUnavailable if it may be or not."""
        ...


class Callers(Protocol):
    """Who somebody is, by AWS's word."""

    def identify(self, proof: Mapping[str, str], bound_to: str) -> str:
        """The ARN of who signed `proof`, headers of a request, for `bound_to` and nothing else.

        Raises OperationRefused for another's signature, or none, and DependencyUnavailable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message of a dead-letter queue, while it is hidden from others.

    `sent_at` is in milliseconds, `sender` who put it into the queue where it failed.
    """

    id: str
    body: str = field(repr=False)
    receipt: str = field(repr=False)
    sent_at: int
    receives: int
    sender: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class DeadLetters(Protocol):
    """One dead-letter queue. Every method raises DependencyUnavailable."""

    def receive(self) -> Sequence[Letter]:
        """Some of the letters that are not hidden, which are hidden for a while now."""
        ...

    def release(self, letter: Letter) -> None:
        """Shows it again."""
        ...

    def delete(self, letter: Letter) -> None: ...


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch."""
        ...
