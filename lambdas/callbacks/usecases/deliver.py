"""Bring a message to a partner's webhook, until it is taken or its task's deadline is near."""

from dataclasses import dataclass
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

    def deliver(self, message: Message, tries: int) -> int | None:
        """Posts the message; `tries` counts this one.

        However short the wait, the first try posts. Returns the seconds until the next try, or
        None when the message is done with: taken, no longer wanted, or given up. What the only
        partner of a channel does not take is reported, so that its task fails.

        Raises DependencyUnavailable: the message is to be tried again.
        """
        if message.key.task_type != self.task_type:
            self.undelivered.send(message.body, "the message is of another channel")
            return None
        if not self.tasks.is_waited_for(message.key, message.callback_id):
            return None
        if self._seconds_left(message) <= (DEADLINE_MARGIN_SECONDS if tries > 1 else 0):
            self._give_up(message, "the deadline is near and the endpoint took nothing")
            return None
        reply = self.webhook.post(message.callback_id, message.body)
        if reply.status is not None and HTTPStatus(200) <= reply.status < HTTPStatus(300):
            return None
        if reply.status == HTTPStatus.GONE:
            self._give_up(message, "the endpoint responded with 410: it takes no more messages")
            return None
        retry_in = _retry_in(reply, tries)
        if retry_in + DEADLINE_MARGIN_SECONDS >= self._seconds_left(message):
            self._give_up(message, f"the last try before the deadline: {_said(reply)}")
            return None
        return retry_in

    def _seconds_left(self, message: Message) -> float:
        return message.expires_at - self.clock.now()

    def _give_up(self, message: Message, reason: str) -> None:
        """The dead-letter queue first; then the report, upon which the task fails."""
        self.undelivered.send(message.body, reason)
        if self.partners == 1:
            self.reports.send(Undelivered(message.key, message.callback_id, reason))


def _retry_in(reply: WebhookReply, tries: int) -> int:
    """Seconds: the backoff, but never before Retry-After."""
    return max(backoff_seconds(tries), min(reply.retry_after or 0, MAX_PAUSE_SECONDS))


def _said(reply: WebhookReply) -> str:
    if reply.status:
        return f"it responded with {reply.status}"
    return reply.refused or "it could not be reached"
