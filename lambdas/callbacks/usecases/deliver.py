"""Bring a message to a partner's webhook, until it is taken or its task's deadline is near."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from callbacks.domain.message import Message
from callbacks.domain.ports import (
    Clock,
    OpenAttempts,
    Undelivered,
    UndeliveredMessages,
    UndeliveredReports,
    Webhook,
    WebhookReply,
)
from callbacks.usecases.backoff import backoff_seconds

# A queue hides a message for twelve hours at most, the time since it was received included.
MAX_PAUSE_SECONDS = 11 * 3600
DEADLINE_MARGIN_SECONDS = 30


class Result(StrEnum):
    """What became of a message."""

    TAKEN = "TAKEN"
    NOT_WANTED = "NOT_WANTED"
    GIVEN_UP = "GIVEN_UP"
    RETRIED = "RETRIED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """`why` is a sentence, unless the endpoint took the message; `status` is its HTTP status.

    `milliseconds` is how long it took, if it was asked, and `retry_in` are the seconds until the
    next try, if there is one.
    """

    result: Result
    why: str | None = None
    status: int | None = None
    milliseconds: int | None = None
    retry_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliverer:
    """Delivers the messages of one channel to one endpoint, and signs nothing else.

    `partners` counts the channel's: where others have the same work, one that does not take it
    leaves the task to them.
    """

    task_type: str
    webhook: Webhook
    tasks: OpenAttempts
    reports: UndeliveredReports
    undelivered: UndeliveredMessages
    clock: Clock
    partners: int

    def deliver(self, message: Message, tries: int) -> Delivery:
        """Posts the message; `tries` counts this one.

        However short the wait, the first try posts. What the only partner of a channel does not
        take is reported, so that its task fails.

        Raises DependencyUnavailable: the message is to be tried again.
        """
        if message.key.task_type != self.task_type:
            why = "the message is of another channel"
            self.undelivered.send(message.body, why)
            return Delivery(Result.GIVEN_UP, why)
        if not self.tasks.is_waited_for(message.key, message.callback_id):
            return Delivery(Result.NOT_WANTED, "nobody waits for it any more")
        if self._seconds_left(message) <= (DEADLINE_MARGIN_SECONDS if tries > 1 else 0):
            return self._give_up(message, "the deadline is near and the endpoint took nothing")
        began = self.clock.now()
        reply = self.webhook.post(message)
        asked = (reply.status, round(1000 * (self.clock.now() - began)))
        if reply.status is not None and HTTPStatus(200) <= reply.status < HTTPStatus(300):
            return Delivery(Result.TAKEN, None, *asked)
        if reply.status == HTTPStatus.GONE:
            why = "the endpoint responded with 410: it takes no more messages"
            return self._give_up(message, why, *asked)
        retry_in = _retry_in(reply, tries)
        if retry_in + DEADLINE_MARGIN_SECONDS >= self._seconds_left(message):
            why = f"the last try before the deadline: {_said(reply)}"
            return self._give_up(message, why, *asked)
        return Delivery(Result.RETRIED, _said(reply), *asked, retry_in)

    def _seconds_left(self, message: Message) -> float:
        return message.expires_at - self.clock.now()

    def _give_up(
        self,
        message: Message,
        why: str,
        status: int | None = None,
        milliseconds: int | None = None,
    ) -> Delivery:
        """The dead-letter queue first; then the report, upon which the task fails."""
        self.undelivered.send(message.body, why)
        if self.partners == 1:
            self.reports.send(Undelivered(message.key, message.callback_id, why))
        return Delivery(Result.GIVEN_UP, why, status, milliseconds)


def _retry_in(reply: WebhookReply, tries: int) -> int:
    """Seconds: the backoff, but never before Retry-After."""
    return max(backoff_seconds(tries), min(reply.retry_after or 0, MAX_PAUSE_SECONDS))


def _said(reply: WebhookReply) -> str:
    return f"it responded with {reply.status}" if reply.status else reply.why
