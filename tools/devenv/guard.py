"""Who may reach the local engine: no web page, and only who has the environment's secret.

Run by the engine's interpreter. The engine itself takes every origin and host, and believes whoever
signs as an account; docs/security.md says how each kind of call is let in.
"""

import hmac
import os
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

from ministack import app as engine
from ministack.core import iam_evaluator, responses, router, sigv4
from ministack.core.iam_evaluator import AuthError

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]

# Where calls carry credentials that the engine makes and checks: a client's secret, and what the
# API's authorizers want. The keys that verify tokens are public; the engine fetches them itself.
TOKENS, APIS = "/oauth2/token", "/_aws/execute-api/"
_PUBLIC_KEYS = re.compile(r"/[\w-]+/\.well-known/jwks\.json")

# For calls that are not to be signed: is it healthy, and what would it do with an unsigned call.
SECRET_HEADER = "x-environment-secret"

_CREDENTIALS_IN_QUERY = ("x-amz-", "awsaccesskeyid", "signature")
_UNKNOWN = "The local environment does not know these credentials: evaluate `make -s env` again."
_BROWSER = "The local environment takes no calls from browsers."
_HOST = "The local environment is called by its address only, as `make -s env` has it."
_PRESIGNED = "The local environment takes no presigned calls: sign in the header."
_UNSIGNED = "The local environment takes no unsigned calls: `make -s env` has what signs them."

type Response = tuple[int, dict[str, str], bytes]


def guarded(app: App) -> App:
    """An engine that can be reached with the secret of this process's environment only."""
    guard = _Guard(os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["GATEWAY_PORT"])

    async def guarded_app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            call = _Call(scope)
            body = await _whole(receive)
            if body is None:
                return
            if refused := guard.refuses(call, body):
                await _respond(send, *refused)
            else:
                await app(scope, _again(body, receive), send)

    return guarded_app


class _Call:
    """A request as it came, before the engine interprets it."""

    def __init__(self, scope: Message) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = (scope.get("raw_path") or quote(self.path).encode()).decode("latin-1")
        self.query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        self.raw_headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self.headers: dict[str, str] = {}
        for name, value in self.raw_headers:
            key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
            self.headers[key] = f"{self.headers[key]},{text}" if key in self.headers else text

    def refusal(self, failure: AuthError) -> Response:
        """The response that the called service's clients understand."""
        service = router.detect_service(self.method, self.path, self.headers, self.query)
        refused: Response = engine._credential_failure(
            service, "", str(uuid.uuid4()), failure, self.headers
        )
        return refused


@dataclass(frozen=True)
class _Guard:
    secret: str
    port: str

    def refuses(self, call: _Call, body: bytes) -> Response | None:
        """The response to a call that the engine is not to see, or None."""
        if any(name == "origin" or name.startswith("sec-fetch-") for name in call.headers):
            return _refusal(_BROWSER)
        # These names cannot be made to point elsewhere and back, as a page's own can.
        if call.headers.get("host") not in (f"127.0.0.1:{self.port}", f"localhost:{self.port}"):
            return _refusal(_HOST)
        told = call.headers.get(SECRET_HEADER, "")
        if hmac.compare_digest(told.encode(), self.secret.encode()):
            return None
        if any(name.lower().startswith(_CREDENTIALS_IN_QUERY) for name in call.query):
            return _refusal(_PRESIGNED)
        if not call.headers.get("authorization", "").startswith("AWS"):
            return None if _public(call) else _refusal(_UNSIGNED)
        failure = self._in_signature(call, body)
        return call.refusal(failure) if failure else None

    def _in_signature(self, call: _Call, body: bytes) -> AuthError | None:
        key_id = router.extract_access_key_id(call.headers)
        if key_id and iam_evaluator.is_root_access_key(key_id):
            return self._signed_by_an_account(call, body)
        if call.path.startswith(APIS):
            return None  # The engine checks it, and refuses as the API's gateway does.
        return _signed_by_a_session(key_id, call, body)

    def _signed_by_an_account(self, call: _Call, body: bytes) -> AuthError | None:
        signature = sigv4.parse_header_signature(call.headers)
        if isinstance(signature, tuple):
            return AuthError(*signature)
        failure = sigv4.request_time_failure(signature)
        if failure:
            return AuthError(*failure)
        failure = sigv4.header_signature_failure(
            signature, self.secret, call.method, call.raw_path, call.query, call.headers, body
        )
        return AuthError(failure[0], _UNKNOWN) if failure else None


def _public(call: _Call) -> bool:
    if call.method == "GET" and _PUBLIC_KEYS.fullmatch(call.path):
        return True
    return call.path.startswith(APIS) or (call.method, call.path) == ("POST", TOKENS)


def _signed_by_a_session(key_id: str, call: _Call, body: bytes) -> AuthError | None:
    iam_evaluator.pin_signed_request(call.method, call.raw_path, call.query, call.raw_headers)
    iam_evaluator.pin_signed_body(body)
    account_id = iam_evaluator.find_iam_access_key_account(key_id) or responses.get_account_id()
    found = iam_evaluator.authenticate(key_id, account_id)
    if isinstance(found, AuthError):
        return found
    return None if found else AuthError("UnrecognizedClientException", _UNKNOWN)


def _refusal(told: str) -> Response:
    return 403, {"Content-Type": "text/plain"}, f"{told}\n".encode()


async def _whole(receive: Receive) -> bytes | None:
    """A request's body, or None from a caller who went away."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What receives a body that was read already, and then whatever comes."""
    read = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def received() -> Message:
        return next(read, None) or await receive()

    return received


async def _respond(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    encoded = [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
