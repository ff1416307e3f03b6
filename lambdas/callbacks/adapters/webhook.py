"""A partner's webhook, signed as the Standard Webhooks specification says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import standardwebhooks
import urllib3

from callbacks.domain.ports import Clock, WebhookReply

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 15


class InsecureEndpointError(Exception):
    """The endpoint is neither HTTPS nor on this machine."""


class HttpWebhook:
    """Webhook over HTTPS. `secrets` are the signing secrets in use, two while one is rotated."""

    def __init__(self, url: str, secrets: Callable[[], Sequence[str]], clock: Clock) -> None:
        """Raises InsecureEndpointError. Plain HTTP is taken for a loopback address only."""
        if not _is_secure(url):
            raise InsecureEndpointError("the endpoint must be https://")
        self._url = url
        self._secrets = secrets
        self._clock = clock

    def post(self, message_id: str, body: str) -> WebhookReply:
        timestamp = datetime.fromtimestamp(int(self._clock.now()), UTC)
        signatures = [
            standardwebhooks.Webhook(secret).sign(message_id, timestamp, body)
            for secret in self._secrets()
        ]
        try:
            response = urllib3.request(
                "POST",
                self._url,
                body=body.encode(),
                headers={
                    "Content-Type": "application/cloudevents+json",
                    "User-Agent": "callback-channels",
                    "webhook-id": message_id,
                    "webhook-timestamp": str(int(timestamp.timestamp())),
                    "webhook-signature": " ".join(signatures),
                },
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=READ_TIMEOUT_SECONDS),
            )
        except urllib3.exceptions.HTTPError:
            return WebhookReply(status=None)
        response.close()
        return WebhookReply(response.status, self._retry_after(response.headers.get("Retry-After")))

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


def _is_secure(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme != "http" or parts.hostname is None:
        return False
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return False
