"""An outage of hours: every outcome gets through, and no queue grows with the hours."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import Redelivery
from callbacks.domain.task import Status, TaskKey
from callbacks.usecases.backoff import backoff_seconds
from callbacks.usecases.complete import Result
from callbacks.usecases.redeliver import Disposition

from tests.support.channels import SHIPPING
from tests.support.fakes import FakeClock, FakeRedeliveryQueue, FakeWorkflow
from tests.support.harness import Harness
from tests.support.tasks import EXECUTION, NOW, PRINCIPAL, SHIPPED, TIMEOUT_SECONDS, pending

HOUR = 3600
SEND_SECONDS = 10
SENDERS = 10
QUEUE_RETENTION_SECONDS = 21_600


@dataclass
class Message:
    redelivery: Redelivery
    sent_at: float
    visible_at: float
    tries: int = 0


@dataclass
class Queue(FakeRedeliveryQueue):
    """Messages that are hidden after a try, and deleted when they are too old."""

    clock: FakeClock = field(kw_only=True)
    kept: list[Message] = field(default_factory=list)
    most: int = 0

    def send(self, redelivery: Redelivery) -> None:
        now = self.clock.now()
        self.kept = [one for one in self.kept if one.sent_at + QUEUE_RETENTION_SECONDS > now]
        self.kept.append(Message(redelivery, now, now))
        self.most = max(self.most, *Counter(one.redelivery for one in self.kept).values())

    def try_some(self, redeliver: Callable[[Redelivery], Disposition]) -> None:
        now = self.clock.now()
        for message in [one for one in self.kept if one.visible_at <= now][:SENDERS]:
            message.tries += 1
            if redeliver(message.redelivery) is Disposition.DONE:
                self.kept.remove(message)
            else:
                message.visible_at = now + SEND_SECONDS + backoff_seconds(message.tries)


@dataclass
class Workflow(FakeWorkflow):
    is_down: bool = True

    def complete(self, task_token: str, outcome: Outcome) -> None:
        if self.is_down:
            raise DependencyUnavailable("SendTaskSuccess")
        super().complete(task_token, outcome)


@dataclass
class Outage:
    """Tasks whose partners call back while the workflow service refuses, slowly."""

    tasks: int

    def __post_init__(self) -> None:
        clock = FakeClock(NOW)
        self.queue = Queue(clock=clock)
        self.workflow = Workflow()
        self.harness = Harness(clock=clock, queue=self.queue, workflow=self.workflow)
        self.keys = [TaskKey(f"order-{number}", SHIPPING) for number in range(self.tasks)]
        for key in self.keys:
            self.workflow.wait(key.order_id, EXECUTION)
            self.harness.given(pending(key=key, task_token=key.order_id))

    def call_back(self) -> set[Result]:
        return {
            self.harness.completer.complete(key, "attempt-1", SHIPPED, PRINCIPAL)
            for key in self.keys
        }

    def last(self, seconds: float, *, redelivers: bool = True) -> None:
        ends = self.harness.clock.now() + seconds
        while self.harness.clock.now() < ends:
            if self.harness.clock.now() % 60 == 0:
                self.harness.sweeper.sweep()
            if redelivers:
                self.queue.try_some(self.harness.redeliverer.redeliver)
            self.harness.clock.advance(SEND_SECONDS)

    def statuses(self) -> set[Status]:
        return {self.harness.record(key).status for key in self.keys}


@pytest.mark.parametrize("redelivers", [True, False], ids=["Step Functions", "redelivery as well"])
def test_an_outage_of_most_of_a_day_ends_in_delivery_with_two_messages_at_most(
    redelivers: bool,
) -> None:
    outage = Outage(tasks=200)

    assert outage.call_back() == {Result.HELD}
    for _ in range(20):
        outage.last(HOUR, redelivers=redelivers)
        assert outage.call_back() == {Result.HELD}
    assert outage.statuses() == {Status.COMPLETING}
    outage.workflow.is_down = False
    outage.last(HOUR)

    assert outage.statuses() == {Status.COMPLETED}
    assert outage.harness.dead_letters.messages == []
    assert outage.queue.most <= 2
    assert outage.queue.kept == []


def test_an_outage_that_outlasts_the_wait_ends_in_one_dead_letter_for_each_outcome() -> None:
    outage = Outage(tasks=20)
    outage.call_back()

    outage.last(TIMEOUT_SECONDS + HOUR)

    assert [reason for _, reason, _ in outage.harness.dead_letters.messages] == [
        "the last try failed"
    ] * 20
    assert outage.queue.kept == []
    assert all(outage.harness.record(key).due_at is None for key in outage.keys)
    assert all(outage.harness.record(key).ttl for key in outage.keys)


def test_the_first_tries_come_while_a_partner_that_no_longer_beats_is_not_missed() -> None:
    """A channel that asks for a heartbeat every minute has had several by then."""
    outage = Outage(tasks=1)
    outage.call_back()

    outage.last(60)

    [message] = outage.queue.kept
    assert message.tries >= 3
