"""HttpWebhook: what it sends over a real connection, and what it makes of the response."""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import pytest
from callbacks.adapters.webhook import HttpWebhook
from callbacks.domain.message import Message
from callbacks.domain.ports import WebhookReply
from callbacks.domain.trace import Trace
from callbacks.runtime.clock import SystemClock
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.fakes import FakeClock
from tests.support.tasks import KEY, NOW, TRACE

CURRENT = "whsec_" + base64.b64encode(b"c" * 32).decode()
PREVIOUS = "whsec_" + base64.b64encode(b"p" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()
BODY = '{"id": "attempt-1", "data": {"city": "Zürich"}}'
MESSAGE = Message(KEY, "attempt-1", NOW, BODY)


@pytest.fixture(autouse=True)
def _no_network() -> None:
    """The endpoints are servers on loopback."""


@dataclass
class Endpoint:
    """Responds to all that it is sent with one status and one header."""

    port: int = 0
    status: int = 200
    header: tuple[str, str] = ("X-None", "")
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tasks?from=platform"


@contextmanager
def listening() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.received.append((self.path, dict(self.headers), body))
            self.send_response(endpoint.status)
            self.send_header(*endpoint.header)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield endpoint
        server.shutdown()
        thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with listening() as endpoint:
        yield endpoint


def post(endpoint: Endpoint, *secrets: str, trace: Trace | None = None) -> WebhookReply:
    webhook = HttpWebhook(endpoint.url, lambda: secrets or (CURRENT,), SystemClock(), loopback=True)
    return webhook.post(replace(MESSAGE, trace=trace))


def test_a_message_is_posted_as_it_is(endpoint: Endpoint) -> None:
    reply = post(endpoint)

    [(path, headers, body)] = endpoint.received
    assert path == "/tasks?from=platform"
    assert body == BODY.encode()
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == "attempt-1"
    assert reply == WebhookReply(200)


def test_a_trace_is_a_header_beside_the_signature(endpoint: Endpoint) -> None:
    post(endpoint, trace=TRACE)
    post(endpoint)

    traced, untraced = [headers for _, headers, _ in endpoint.received]
    assert traced["traceparent"] == TRACE.traceparent
    Webhook(CURRENT).verify(BODY.encode(), traced)
    assert "traceparent" not in untraced


@pytest.mark.parametrize("secrets", [(CURRENT,), (CURRENT, PREVIOUS)])
def test_each_secret_in_use_verifies_the_signature(
    secrets: tuple[str, ...], endpoint: Endpoint
) -> None:
    post(endpoint, *secrets)

    [(_, headers, body)] = endpoint.received
    for secret in secrets:
        Webhook(secret).verify(body, headers)
    for secret in {CURRENT, PREVIOUS, OTHER} - set(secrets):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_the_timestamp_is_of_this_try(endpoint: Endpoint) -> None:
    clock = FakeClock(1_800_000_000)
    webhook = HttpWebhook(endpoint.url, lambda: [CURRENT], clock, loopback=True)

    webhook.post(MESSAGE)
    clock.advance(3600)
    webhook.post(MESSAGE)

    stamps = [headers["webhook-timestamp"] for _, headers, _ in endpoint.received]
    assert stamps == ["1800000000", "1800003600"]
    assert len({headers["webhook-signature"] for _, headers, _ in endpoint.received}) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_response_and_is_not_followed(status: int, endpoint: Endpoint) -> None:
    with listening() as elsewhere:
        endpoint.status, endpoint.header = status, ("Location", elsewhere.url)

        reply = post(endpoint)

        assert reply == WebhookReply(status)
        assert len(endpoint.received) == 1
        assert not elsewhere.received


@pytest.mark.parametrize("status", [400, 410, 429, 500, 503])
def test_a_failure_is_told_and_not_tried_again(status: int, endpoint: Endpoint) -> None:
    endpoint.status = status

    assert post(endpoint) == WebhookReply(status)
    assert len(endpoint.received) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        (formatdate(1_800_000_090, usegmt=True), 90),
        (formatdate(1_800_000_090), 90),
        (formatdate(1_799_999_000, usegmt=True), 0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 5000, None),
        ("Fri, 15 Jan 2027 08:00:00 +9999999999999999", None),
        ("Fri, 15 Jan 2027 08:00:00 -9999", None),
        ("Fri, 15 Jan 99999999999999999999 08:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 251_602_387_139),
    ],
)
def test_retry_after_in_either_form(header: str, seconds: int | None, endpoint: Endpoint) -> None:
    endpoint.status, endpoint.header = 503, ("Retry-After", header)
    webhook = HttpWebhook(endpoint.url, lambda: [CURRENT], FakeClock(1_800_000_000), loopback=True)

    assert webhook.post(MESSAGE) == WebhookReply(503, seconds)


def test_an_endpoint_that_is_not_there_has_no_status() -> None:
    with listening() as endpoint:
        pass

    assert post(endpoint) == WebhookReply(
        None, why="it could not be reached: ConnectionRefusedError"
    )


def test_a_host_that_is_not_public_is_told_and_nothing_is_sent(endpoint: Endpoint) -> None:
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", endpoint.port))]
    webhook = HttpWebhook(
        "https://hooks.example.com", lambda: [CURRENT], SystemClock(), loopback=False
    )

    with patch("socket.getaddrinfo", return_value=addresses):
        reply = webhook.post(MESSAGE)

    assert reply.status is None
    assert reply.why == "hooks.example.com has the address 127.0.0.1: it is not public"
    assert not endpoint.received
