"""Who may use the console: the one browser that came with the secret of the start-up line.

Everything that reaches the console passes the guard, which is around the whole of it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"
MOST_BYTES, MOST_FIELDS = 1024 * 1024, 2000

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_ADDRESS = "The console is called by its address only, as its start-up line has it."
_ELSEWHERE = "The console takes nothing from other pages: type or paste its address."
_STRANGER = "The address of the start-up line opens the console, and serves once: start it again."
_STALE = "This form is not of this console as it runs now: load its page again."

# Without the console's style, which is not for strangers either.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not let in - callbacks</title>
<main><h1>Not let in</h1><p>{why}</p></main>
</html>
"""


def _new() -> Any:
    return field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


@dataclass
class Secrets:
    """Of one start: `start` opens it once, `session` is the cookie, `form` is in each form."""

    start: str = _new()
    session: str = _new()
    form: str = _new()
    spent: bool = False


@dataclass(frozen=True)
class Guard:
    """Lets through what the operator's own pages ask for, with forms read to `state.form`."""

    app: ASGIApp
    port: int
    secrets: Secrets

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def start_url(self) -> str:
        return f"{self.origin}/?secret={self.secrets.start}"

    @property
    def cookie(self) -> str:
        """Cookies know no ports: without one in its name, two consoles would share it."""
        return f"callbacks-console-{self.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope, receive)
        respond = _with_headers(send)
        response = self._refusal(request) or self._opening(request)
        if response is None and request.method not in ("GET", "HEAD"):
            response = await self._form(request)
        await (response or self.app)(scope, receive, respond)

    def _refusal(self, request: Request) -> Response | None:
        """Of what no page of the console and no address that was typed would send."""
        if request.headers.getlist("host") != [f"{HOST}:{self.port}"]:
            return _refused(_ADDRESS)
        origin = request.headers.getlist("origin")
        site = request.headers.getlist("sec-fetch-site")
        changes = request.method not in ("GET", "HEAD")
        if site == ["same-origin"]:
            # Browsers write null into the forms of pages that send no referrer.
            known = origin in ([], ["null"], [self.origin])
        else:
            # Without an origin, an address that was typed.
            wanted = [[self.origin]] if changes else [[], [self.origin]]
            known = origin in wanted and site in ([], ["none"])
        return None if known else _refused(_ELSEWHERE)

    def _opening(self, request: Request) -> Response | None:
        """The response to whoever has no cookie yet, or comes with the secret."""
        known = _is(request.cookies.get(self.cookie), self.secrets.session)
        secret = request.query_params.get("secret")
        if secret is None:
            return None if known else _refused(_STRANGER)
        if request.method != "GET" or not _is(secret, self.secrets.start):
            return _refused(_STRANGER)
        if self.secrets.spent and not known:
            return _refused(_STRANGER)
        self.secrets.spent = True
        response = RedirectResponse(request.url.path, 303)
        response.set_cookie(self.cookie, self.secrets.session, httponly=True, samesite="strict")
        return response

    async def _form(self, request: Request) -> Response | None:
        """Reads it, and refuses one that was not on a page of this console."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            return _refused("The console takes forms only.", 415)
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    return _refused("That is more than a form of the console holds.", 413)
            fields = parse_qs(
                body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
            )
        except (ValueError, ClientDisconnect):
            return _refused("That is no form.", 400)
        if not _is(fields.pop("form_token", [""])[0], self.secrets.form):
            return _refused(_STALE)
        request.state.form = fields
        return None


def _is(said: str | None, secret: str) -> bool:
    return hmac.compare_digest((said or "").encode(), secret.encode())


def _refused(why: str, status: int = 403) -> Response:
    return HTMLResponse(_PAGE.format(why=why), status)


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            _add(message)
        await send(message)

    return sent


def _add(message: MutableMapping[str, Any]) -> None:
    MutableHeaders(scope=message).update(HEADERS)
