"""A partner's webhook, signed as the Standard Webhooks specification says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import standardwebhooks

from callbacks.adapters.public_http import (
    RefusedDestinationError,
    UnreachableError,
    destination,
    exchange,
)
from callbacks.domain.message import Message
from callbacks.domain.ports import Clock, WebhookReply


class HttpWebhook:
    """Webhook over HTTPS. `secrets` are the signing secrets in use, two while one is rotated."""

    def __init__(
        self, url: str, secrets: Callable[[], Sequence[str]], clock: Clock, *, loopback: bool
    ) -> None:
        """Plain HTTP is for `loopback` only. Raises RefusedDestinationError."""
        self._destination = destination(url, loopback=loopback)
        self._secrets = secrets
        self._clock = clock

    def post(self, message: Message) -> WebhookReply:
        timestamp = datetime.fromtimestamp(int(self._clock.now()), UTC)
        signatures = [
            standardwebhooks.Webhook(secret).sign(message.callback_id, timestamp, message.body)
            for secret in self._secrets()
        ]
        headers = {
            "Content-Type": "application/cloudevents+json",
            "User-Agent": "callback-channels",
            "webhook-id": message.callback_id,
            "webhook-timestamp": str(int(timestamp.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        if message.trace:
            headers["traceparent"] = message.trace.traceparent
        try:
            response = exchange(self._destination, message.body.encode(), headers)
        except RefusedDestinationError as error:
            return WebhookReply(status=None, why=str(error))
        except UnreachableError as error:
            return WebhookReply(status=None, why=f"it could not be reached: {error}")
        return WebhookReply(response.status, self._retry_after(response.retry_after))

    def _retry_after(self, text: str | None) -> int | None:
        """Seconds, from either form of the header (RFC 9110, section 10.2.3)."""
        if text is None:
            return None
        try:
            if text.strip().isdecimal():
                return int(text)
            instant = parsedate_to_datetime(text)
        except (OverflowError, ValueError):
            return None
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return max(0, int((instant - now).total_seconds()))
