"""Reviews orders: takes signed webhooks, works on them and calls back with a bearer token.

Run as a program, it reads PORT, SIGNING_SECRETS (the newest first, separated by spaces), CLIENT_ID,
CLIENT_SECRET, SCOPE and TOKEN_URL from its environment.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from standardwebhooks import Webhook, WebhookVerificationError
from urllib3 import Retry

type Json = dict[str, Any]

TIMEOUT_SECONDS = 35
LARGEST_MESSAGE = 256 * 1024
RENEW_SECONDS = 60

# Only what another try may mend, with backoff and jitter, and never before Retry-After.
RETRY = Retry(
    total=8,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("POST",),
    backoff_factor=1,
    backoff_jitter=1,
    backoff_max=60,
    raise_on_status=False,
)

# What a new token may mend.
RENEW = frozenset({401, 403})

log = logging.getLogger("review")


@dataclass
class Api:
    """The platform's API, called with a token that is fetched anew shortly before it expires."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    token_url: str
    _token: str = field(default="", init=False, repr=False)
    _expires_at: float = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRY))

    def call_back(self, url: str, body: Json, traceparent: str | None = None) -> requests.Response:
        """Post a callback, in the trace of its message if that has one.

        One that is refused for its token is posted once more with a new one.
        """
        response = self._post(url, body, traceparent)
        if response.status_code in RENEW:
            self._expires_at = 0
            response = self._post(url, body, traceparent)
        return response

    def close(self) -> None:
        self._session.close()

    def _post(self, url: str, body: Json, traceparent: str | None) -> requests.Response:
        return self._session.post(
            url,
            json=body,
            headers={"Authorization": f"Bearer {self.token()}", "traceparent": traceparent},
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )

    def token(self) -> str:
        if time.monotonic() >= self._expires_at:
            response = self._session.post(
                self.token_url,
                data={"grant_type": "client_credentials", "scope": self.scope},
                auth=(self.client_id, self.client_secret),
                timeout=TIMEOUT_SECONDS,
            )
            response.raise_for_status()
            granted = response.json()
            self._token = granted["access_token"]
            self._expires_at = time.monotonic() + granted["expires_in"] - RENEW_SECONDS
            log.info(json.dumps({"code": "TOKEN_FETCHED", "expires_in": granted["expires_in"]}))
        return self._token


@dataclass
class Partner:
    """Takes messages, does each piece of work once, and reports its output for each id."""

    api: Api
    signing_secrets: Sequence[str] = field(repr=False)
    work: Callable[[Json], Json]

    def __post_init__(self) -> None:
        self._seen: set[str] = set()
        self._outputs: dict[str, Future[Json]] = {}
        self._workers = ThreadPoolExecutor(max_workers=4)

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the response to a webhook, at once: the work comes after."""
        if not any(_is_signed(secret, headers, body) for secret in self.signing_secrets):
            log.info(json.dumps({"code": "MESSAGE_REFUSED"}))
            return 401
        event = json.loads(body)
        log.info(json.dumps({"code": "MESSAGE_TAKEN", "event": event}))
        if event["id"] not in self._seen:
            self._seen.add(event["id"])
            if event["workid"] not in self._outputs:
                self._outputs[event["workid"]] = self._workers.submit(self.work, event["data"])
            self._workers.submit(self._handle, event)
        return 202

    def close(self) -> None:
        """Finish what has been begun."""
        self._workers.shutdown()
        self.api.close()

    def _output(self, work_id: str) -> Json:
        """Work that failed is begun again when it is asked for again."""
        try:
            return self._outputs[work_id].result()
        except Exception:
            self._outputs.pop(work_id, None)
            raise

    def _handle(self, event: Json) -> None:
        callback = {
            "order_id": event["subject"],
            "task_type": event["tasktype"],
            "task_status": "SUCCESS",
            "task_output": self._output(event["workid"]),
        }
        told: Json
        try:
            traceparent = event.get("traceparent")
            response = self.api.call_back(event["callbackurl"], callback, traceparent)
        except requests.RequestException as error:
            told = {"code": "CALLBACK_FAILED", "error": str(error)}
        else:
            sent = {"posted": callback, "status": response.status_code, "response": response.text}
            told = {"code": "CALLBACK_SENT", **sent}
        log.info(json.dumps({**told, "order_id": event["subject"]}))


def serve(partner: Partner, port: int) -> ThreadingHTTPServer:
    """A server on loopback that is bound and not yet serving."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(size) if size <= LARGEST_MESSAGE else b""
            self.send_response(partner.take(dict(self.headers), body) if body else 413)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            log.debug(format, *arguments)

    return ThreadingHTTPServer(("127.0.0.1", port), Endpoint)


def review(data: Json) -> Json:
    """A verdict on an order: a hundred pieces of one article are too many."""
    suspicious = any(item["quantity"] >= 100 for item in data["items"])
    return {"verdict": "REJECTED" if suspicious else "APPROVED", "reference": "SR-20931"}


def _is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def main() -> None:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    api = Api(*(os.environ[name] for name in ("CLIENT_ID", "CLIENT_SECRET", "SCOPE", "TOKEN_URL")))
    partner = Partner(api, os.environ["SIGNING_SECRETS"].split(), review)
    serve(partner, int(os.environ["PORT"])).serve_forever()


if __name__ == "__main__":
    main()
