"""HTTP at API Gateway: reading a proxy event, and which problem each error is."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callbacks.domain.callback import MOST_BODY_BYTES
from callbacks.domain.errors import (
    AttemptNotCurrent,
    BodyTooLarge,
    CallbackRefused,
    CallerUnknown,
    ConflictingOutcome,
    InvalidCallback,
    NotDeclaredAsJson,
    NotKnownToBeAccepted,
    OutputTooLarge,
    SourceNotAllowed,
    TaskGone,
    TaskNotFound,
    Violation,
)
from callbacks.domain.trace import Trace, parse_traceparent
from callbacks.runtime.problems import Problem, problems

Response = dict[str, Any]

INTERNAL_ERROR = "internal-error"
MOST_BYTES_OF_ERRORS = 6 * 1024

REFUSALS: Mapping[type[CallbackRefused], str] = {
    CallerUnknown: "forbidden",
    InvalidCallback: "invalid-callback",
    SourceNotAllowed: "forbidden",
    TaskNotFound: "not-found",
    ConflictingOutcome: "conflict",
    AttemptNotCurrent: "conflict",
    TaskGone: "gone",
    NotDeclaredAsJson: "unsupported-media-type",
    BodyTooLarge: "too-large",
    OutputTooLarge: "too-large",
    NotKnownToBeAccepted: "unavailable",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`callback_id` is the one of the URL, `principal` who called, `address` from where."""

    callback_id: str | None
    body: str = field(repr=False)
    principal: str
    address: str


def parse_request(event: Mapping[str, Any]) -> HttpRequest:
    """Reads a Lambda proxy event of a REST API.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html

    Raises:
        CallerUnknown: the gateway names nobody.
        NotDeclaredAsJson: its content type is another.
        BodyTooLarge: no channel takes as much.
        InvalidCallback: the body cannot be decoded, or the URL has two callback_ids.
    """
    caller = principal(event)
    if caller is None:
        raise CallerUnknown
    _check_content_type(event)
    identity = (event.get("requestContext") or {}).get("identity") or {}
    return HttpRequest(
        callback_id=_callback_id(event),
        body=_body(event),
        principal=caller,
        address=str(identity.get("sourceIp", "")),
    )


def request_id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId", ""))


def principal(event: Mapping[str, Any]) -> str | None:
    """Who called: the assumed role's session, or the OAuth2 client; None if nobody is named."""
    context = event.get("requestContext") or {}
    claims = (context.get("authorizer") or {}).get("claims") or {}
    identity = context.get("identity") or {}
    caller = claims.get("client_id") or identity.get("userArn")
    return caller if isinstance(caller, str) else None


def partner_trace(event: Mapping[str, Any]) -> Trace | None:
    """The trace that the partner says it calls in, if it says so once and as W3C has it."""
    given = _header(event, "traceparent")
    return parse_traceparent(given[0]) if len(given) == 1 else None


def ok(status: int, body: Mapping[str, Any]) -> Response:
    return _response(status, "application/json", body)


def problem_of(error: CallbackRefused) -> Problem:
    """The row of the table that the error's class, or the nearest one above it, stands for."""
    slugs = (REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    return problems()[next(slugs, INTERNAL_ERROR)]


def refused(error: CallbackRefused, request_id: str) -> Response:
    extra: dict[str, Any] = {}
    if isinstance(error, InvalidCallback) and error.violations:
        extra["errors"] = _listed(error.violations)
    return _problem(problem_of(error), str(error), request_id, extra)


def internal_error(request_id: str) -> Response:
    detail = "the request failed here; it is safe to send it again"
    return _problem(problems()[INTERNAL_ERROR], detail, request_id, {})


def _listed(violations: Sequence[Violation]) -> list[Mapping[str, str]]:
    """As many as there is room for: their texts hold names that a partner chose."""
    listed: list[Mapping[str, str]] = []
    room = MOST_BYTES_OF_ERRORS
    for violation in violations:
        told = {"pointer": violation.pointer, "reason": violation.reason}
        room -= len(json.dumps(told))
        if room < 0:
            left = len(violations) - len(listed)  # The last may stand for many.
            return [*listed, {"pointer": "", "reason": f"and at least {left} more"}]
        listed.append(told)
    return listed


def _problem(problem: Problem, detail: str, request_id: str, extra: Mapping[str, Any]) -> Response:
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "request_id": request_id,
        **extra,
    }
    response = _response(problem.status, "application/problem+json", body)
    if problem.retry_after_seconds is not None:
        response["headers"]["Retry-After"] = str(problem.retry_after_seconds)
    return response


def _response(status: int, content_type: str, body: Mapping[str, Any]) -> Response:
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type},
        "body": json.dumps(body),
    }


def _check_content_type(event: Mapping[str, Any]) -> None:
    """A request without one is taken for JSON, as API Gateway takes it."""
    for value in _header(event, "content-type"):
        if value.partition(";")[0].strip().lower() != "application/json":
            raise NotDeclaredAsJson


def _header(event: Mapping[str, Any], lower_name: str) -> list[str]:
    """All values that are given for it."""
    headers = event.get("multiValueHeaders") or {}
    return [
        value for name, values in headers.items() if name.lower() == lower_name for value in values
    ]


def _callback_id(event: Mapping[str, Any]) -> str | None:
    query = event.get("multiValueQueryStringParameters") or {}
    given = set(query.get("callback_id") or ())
    if len(given) > 1:
        raise InvalidCallback(
            "the URL has two callback_ids: post to the callbackurl of the message as it is",
            [Violation("/callback_id", "is given twice in the URL")],
        )
    return given.pop() if given else None


def _body(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    encoded = bool(event.get("isBase64Encoded"))
    most = -(-MOST_BODY_BYTES // 3) * 4 if encoded else MOST_BODY_BYTES
    if len(body) > most:
        raise BodyTooLarge(MOST_BODY_BYTES)
    if not encoded:
        return str(body)
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        raise InvalidCallback("the body is not JSON: it is not UTF-8") from None
