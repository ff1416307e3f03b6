"""WebhookDeliverer: until the message is taken, or what became of it is reported."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.message import Message
from callbacks.domain.ports import Undelivered, WebhookReply
from callbacks.domain.task import CallbackTask, TaskKey
from callbacks.usecases.deliver import (
    DEADLINE_MARGIN_SECONDS,
    Delivery,
    Result,
    WebhookDeliverer,
)

from tests.support.harness import Harness, failing
from tests.support.tasks import KEY, completing, done, pending

BODY = json.dumps({"id": "attempt-1"})
HOUR = 3600


@dataclass
class FakeWebhook:
    """Responds in turn, and then with 200, after it took its time."""

    replies: list[WebhookReply] = field(default_factory=list)
    posted: list[Message] = field(default_factory=list)
    takes: Callable[[], None] = lambda: None

    def post(self, message: Message) -> WebhookReply:
        self.takes()
        self.posted.append(message)
        return self.replies.pop(0) if self.replies else WebhookReply(200)


@dataclass
class FakeUndelivered:
    messages: list[tuple[str, str]] = field(default_factory=list)

    def send(self, body: str, reason: str) -> None:
        self.messages.append((body, reason))


@dataclass
class FakeReports:
    sent: list[Undelivered] = field(default_factory=list)

    def send(self, undelivered: Undelivered) -> None:
        self.sent.append(undelivered)


@dataclass
class Endpoint:
    """An endpoint, what is given up, and the rest of the platform."""

    harness: Harness = field(default_factory=Harness)
    webhook: FakeWebhook = field(default_factory=FakeWebhook)
    undelivered: FakeUndelivered = field(default_factory=FakeUndelivered)
    reports: FakeReports = field(default_factory=FakeReports)
    partners: int = 1

    def deliver(
        self, tries: int = 1, *, key: TaskKey = KEY, callback_id: str = "attempt-1"
    ) -> int | None:
        """The seconds until the next try, if there is one."""
        return self.delivery(tries, key=key, callback_id=callback_id).retry_in

    def delivery(
        self, tries: int = 1, *, key: TaskKey = KEY, callback_id: str = "attempt-1"
    ) -> Delivery:
        task = self.harness.tasks.records.get(KEY)
        deadline = task.deadline if task else self.harness.clock.now() + HOUR
        deliverer = WebhookDeliverer(
            task_type=KEY.task_type,
            webhook=self.webhook,
            tasks=self.harness.tasks,
            reports=self.reports,
            undelivered=self.undelivered,
            clock=self.harness.clock,
            partners=self.partners,
        )
        return deliverer.deliver(Message(key, callback_id, deadline, BODY), tries)

    def seconds_to_the_deadline(self, left: float) -> None:
        clock = self.harness.clock
        clock.advance(self.harness.record().deadline - clock.now() - left)


@pytest.fixture
def endpoint() -> Endpoint:
    endpoint = Endpoint()
    endpoint.harness.given(pending())
    return endpoint


def assert_given_up(endpoint: Endpoint, reason: str) -> None:
    [(body, told)] = endpoint.undelivered.messages
    assert (body, told) == (BODY, reason)
    assert endpoint.reports.sent == [Undelivered(KEY, "attempt-1", told)]
    assert endpoint.harness.record() == pending()


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_message_that_is_taken_is_done_with(status: int, endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(status)]

    assert endpoint.deliver() is None

    [posted] = endpoint.webhook.posted
    assert (posted.callback_id, posted.body) == ("attempt-1", BODY)
    assert endpoint.harness.record() == pending()
    assert not endpoint.undelivered.messages


@pytest.mark.parametrize("status", [None, 100, 300, 301, 307, 400, 401, 404, 429, 500, 503])
def test_a_message_that_is_not_taken_is_tried_again(status: int | None, endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(status)]

    assert endpoint.deliver() in (1, 2)

    assert endpoint.harness.record() == pending()
    assert not endpoint.undelivered.messages


@pytest.mark.parametrize(
    ("reply", "result", "why"),
    [
        (WebhookReply(204), Result.TAKEN, None),
        (
            WebhookReply(410),
            Result.GIVEN_UP,
            "the endpoint responded with 410: it takes no more messages",
        ),
        (WebhookReply(503), Result.RETRIED, "it responded with 503"),
        (WebhookReply(None), Result.RETRIED, "it could not be reached"),
        (
            WebhookReply(None, why="its address is private"),
            Result.RETRIED,
            "its address is private",
        ),
    ],
)
def test_what_became_of_a_message_is_told_with_its_reason(
    reply: WebhookReply, result: Result, why: str | None, endpoint: Endpoint
) -> None:
    endpoint.webhook.replies = [reply]

    delivery = endpoint.delivery()

    assert (delivery.result, delivery.why, delivery.status) == (result, why, reply.status)
    assert (delivery.retry_in is not None) == (result is Result.RETRIED)


@pytest.mark.parametrize("status", [200, 410, 503])
def test_how_long_the_endpoint_took_is_told(status: int, endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(status)]
    endpoint.webhook.takes = lambda: endpoint.harness.clock.advance(19)

    assert endpoint.delivery().milliseconds == 19_000


def test_a_message_that_nobody_waits_for_is_not_called_taken(endpoint: Endpoint) -> None:
    delivery = endpoint.delivery(callback_id="attempt-0")

    assert delivery == Delivery(Result.NOT_WANTED, "nobody waits for it any more")


def test_a_retry_after_is_waited_for(endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(429, retry_after=HOUR)]

    assert endpoint.deliver() == HOUR


def test_a_retry_after_does_not_shorten_the_pause(endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(503, retry_after=0)]

    pause = endpoint.deliver(tries=10)

    assert pause is not None
    assert pause >= 450


def test_a_pause_is_never_longer_than_the_queue_can_hide_a_message(endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(503, retry_after=48 * HOUR)]

    pause = endpoint.deliver()

    assert pause is not None
    assert pause <= 12 * HOUR - 60


def test_an_endpoint_that_is_gone_fails_the_task(endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(410, retry_after=5)]

    assert endpoint.deliver() is None

    assert_given_up(endpoint, "the endpoint responded with 410: it takes no more messages")


def test_the_last_try_before_the_deadline_fails_the_task(endpoint: Endpoint) -> None:
    endpoint.seconds_to_the_deadline(DEADLINE_MARGIN_SECONDS + 1)
    endpoint.webhook.replies = [WebhookReply(502)]

    delivery = endpoint.delivery(tries=7)

    why = "the last try before the deadline: it responded with 502"
    assert delivery == Delivery(Result.GIVEN_UP, why, 502, milliseconds=0)
    assert len(endpoint.webhook.posted) == 1
    assert_given_up(endpoint, why)


@pytest.mark.parametrize("retry_after", [HOUR - DEADLINE_MARGIN_SECONDS, 2 * HOUR])
def test_a_pause_beyond_the_deadline_fails_the_task(retry_after: int, endpoint: Endpoint) -> None:
    endpoint.seconds_to_the_deadline(HOUR)
    endpoint.webhook.replies = [WebhookReply(503, retry_after=retry_after)]

    assert endpoint.deliver() is None

    assert_given_up(endpoint, "the last try before the deadline: it responded with 503")


def test_nothing_is_posted_when_the_deadline_is_near(endpoint: Endpoint) -> None:
    endpoint.seconds_to_the_deadline(DEADLINE_MARGIN_SECONDS)

    assert endpoint.deliver(tries=2) is None

    assert not endpoint.webhook.posted
    assert_given_up(endpoint, "the deadline is near and the endpoint took nothing")


@pytest.mark.parametrize("seconds", [1, 24, DEADLINE_MARGIN_SECONDS])
def test_a_wait_that_is_short_is_posted_once(seconds: int, endpoint: Endpoint) -> None:
    endpoint.seconds_to_the_deadline(seconds)

    assert endpoint.deliver() is None

    assert len(endpoint.webhook.posted) == 1
    assert not endpoint.undelivered.messages


@pytest.mark.parametrize(
    ("status", "why"), [(503, "it responded with 503"), (None, "it could not be reached")]
)
def test_a_short_wait_fails_with_its_one_try(
    status: int | None, why: str, endpoint: Endpoint
) -> None:
    endpoint.seconds_to_the_deadline(24)
    endpoint.webhook.replies = [WebhookReply(status)]

    assert endpoint.deliver() is None

    assert_given_up(endpoint, f"the last try before the deadline: {why}")


def test_nothing_is_posted_past_the_deadline(endpoint: Endpoint) -> None:
    endpoint.seconds_to_the_deadline(0)

    assert endpoint.deliver() is None

    assert not endpoint.webhook.posted
    assert [body for body, _ in endpoint.undelivered.messages] == [BODY]


@pytest.mark.parametrize(
    ("status", "seconds_left"), [(410, HOUR), (503, DEADLINE_MARGIN_SECONDS + 1), (None, 24)]
)
def test_a_partner_that_refuses_does_not_end_the_task_for_the_others(
    status: int | None, seconds_left: int, endpoint: Endpoint
) -> None:
    endpoint.partners = 2
    endpoint.seconds_to_the_deadline(seconds_left)
    endpoint.webhook.replies = [WebhookReply(status)]

    assert endpoint.deliver() is None

    assert [body for body, _ in endpoint.undelivered.messages] == [BODY]
    assert not endpoint.reports.sent


@pytest.mark.parametrize("tries", [1, 2])
@pytest.mark.parametrize("task", [completing(), done(), pending(2)])
def test_a_task_that_no_longer_waits_is_not_posted(
    task: CallbackTask, tries: int, endpoint: Endpoint
) -> None:
    endpoint.harness.given(task)

    assert endpoint.deliver(tries) is None

    assert not endpoint.webhook.posted
    assert not endpoint.undelivered.messages


@pytest.mark.parametrize("tries", [1, 2])
def test_a_task_that_has_no_record_is_not_posted(tries: int, endpoint: Endpoint) -> None:
    endpoint.harness.tasks.records.clear()

    assert endpoint.deliver(tries) is None
    assert not endpoint.webhook.posted


def test_an_open_task_of_another_channel_is_not_posted(endpoint: Endpoint) -> None:
    other = TaskKey(KEY.order_id, "ORDER_BILLING_SERVICE")
    endpoint.harness.given(pending(key=other))

    delivery = endpoint.delivery(key=other)

    assert delivery == Delivery(Result.GIVEN_UP, "the message is of another channel")
    assert not endpoint.webhook.posted
    assert endpoint.undelivered.messages == [(BODY, "the message is of another channel")]
    assert not endpoint.reports.sent


def test_what_cannot_be_reported_keeps_its_message(endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(410)]
    failing(endpoint.reports, "send", DependencyUnavailable("SendMessage: throttled"))

    with pytest.raises(DependencyUnavailable):
        endpoint.deliver()

    assert endpoint.undelivered.messages


def test_a_message_that_cannot_be_kept_fails_no_task(endpoint: Endpoint) -> None:
    endpoint.webhook.replies = [WebhookReply(410)]
    failing(endpoint.undelivered, "send", DependencyUnavailable("SendMessage: throttled"))

    with pytest.raises(DependencyUnavailable):
        endpoint.deliver()

    assert not endpoint.reports.sent
