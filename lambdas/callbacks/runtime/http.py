"""HTTP at API Gateway: reading a proxy event, and which problem each error is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.domain.errors import (
    AttemptNotCurrent,
    CallbackRefused,
    CallerUnknown,
    ConflictingOutcome,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
    TaskGone,
    TaskNotFound,
)
from callbacks.domain.exact_json import canonical_json, parse_json
from callbacks.runtime.problems import Problem, problems

Response = dict[str, Any]

INTERNAL_ERROR = "internal-error"

REFUSALS: Mapping[type[CallbackRefused], str] = {
    CallerUnknown: "forbidden",
    InvalidCallback: "invalid-callback",
    TaskNotFound: "not-found",
    ConflictingOutcome: "conflict",
    AttemptNotCurrent: "conflict",
    TaskGone: "gone",
    OutputTooLarge: "too-large",
    NotKnownToBeAccepted: "unavailable",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`callback_id` is the one of the URL, `principal` who called."""

    callback_id: str | None
    body: Any
    principal: str


def parse_request(event: Mapping[str, Any]) -> HttpRequest:
    """Reads a Lambda proxy event of a REST API.

    Raises CallerUnknown, or InvalidCallback if the body is no JSON.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    context = event.get("requestContext") or {}
    query = event.get("queryStringParameters") or {}
    principal = _principal(context)
    return HttpRequest(
        callback_id=query.get("callback_id"), body=_parse_json(event), principal=principal
    )


def request_id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId", ""))


def ok(status: int, body: Mapping[str, Any]) -> Response:
    return _response(status, "application/json", body)


def problem_of(error: CallbackRefused) -> Problem:
    """The row of the table that the error's class, or the nearest one above it, stands for."""
    slugs = (REFUSALS[kind] for kind in type(error).__mro__ if kind in REFUSALS)
    return problems()[next(slugs, INTERNAL_ERROR)]


def refused(error: CallbackRefused, request_id: str) -> Response:
    extra: dict[str, Any] = {}
    if isinstance(error, InvalidCallback) and error.violations:
        extra["errors"] = [
            {"pointer": violation.pointer, "reason": violation.reason}
            for violation in error.violations
        ]
    return _problem(problem_of(error), str(error), request_id, extra)


def internal_error(request_id: str) -> Response:
    detail = "the request failed here; it is safe to send it again"
    return _problem(problems()[INTERNAL_ERROR], detail, request_id, {})


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


def _parse_json(event: Mapping[str, Any]) -> Any:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            import base64

            body = base64.b64decode(body, validate=True).decode()
        document = parse_json(body)
        canonical_json(document).encode()  # Half of a surrogate pair is nothing that UTF-8 carries.
        return document
    except ValueError:
        raise InvalidCallback("the body is not JSON (RFC 8259) that can be carried on") from None


def _principal(context: Mapping[str, Any]) -> str:
    """Who called: the assumed role's session, or the OAuth2 client."""
    claims = (context.get("authorizer") or {}).get("claims") or {}
    identity = context.get("identity") or {}
    principal = claims.get("client_id") or identity.get("userArn")
    if not isinstance(principal, str):
        raise CallerUnknown
    return principal
