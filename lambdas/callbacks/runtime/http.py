"""HTTP at API Gateway: reading a proxy event, and the one table from errors to problems."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.domain.errors import (
    AttemptNotCurrent,
    CallbackRefused,
    ConflictingOutcome,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
    TaskGone,
    TaskNotFound,
)

Response = dict[str, Any]

PROBLEM_TYPE = "urn:callback-channels:problem:"
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of error, as RFC 9457 describes it to a partner."""

    status: int
    slug: str
    title: str


INTERNAL_ERROR = Problem(500, "internal-error", "Internal Error")

PROBLEMS: Mapping[type[CallbackRefused], Problem] = {
    InvalidCallback: Problem(400, "invalid-callback", "Invalid Callback"),
    TaskNotFound: Problem(404, "not-found", "Not Found"),
    ConflictingOutcome: Problem(409, "conflict", "Conflict"),
    AttemptNotCurrent: Problem(409, "conflict", "Conflict"),
    TaskGone: Problem(410, "gone", "Gone"),
    OutputTooLarge: Problem(413, "too-large", "Content Too Large"),
    NotKnownToBeAccepted: Problem(503, "unavailable", "Service Unavailable"),
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`resource` is the route's template, never what the caller spelled."""

    resource: str
    callback_id: str | None
    body: Any
    principal: str
    request_id: str


def parse_request(event: Mapping[str, Any]) -> HttpRequest:
    """Reads a Lambda proxy event of a REST API.

    Raises InvalidCallback if the body is no JSON.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    context = event.get("requestContext") or {}
    query = event.get("queryStringParameters") or {}
    return HttpRequest(
        resource=event["resource"],
        callback_id=query.get("callback_id"),
        body=_parse_json(event),
        principal=_principal(context),
        request_id=request_id(event),
    )


def request_id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId", ""))


def ok(status: int, body: Mapping[str, Any]) -> Response:
    return _response(status, "application/json", body)


def refused(error: CallbackRefused, request_id: str) -> Response:
    problem = next(
        (PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), INTERNAL_ERROR
    )
    extra: dict[str, Any] = {}
    if isinstance(error, InvalidCallback) and error.violations:
        extra["errors"] = [
            {"pointer": violation.pointer, "reason": violation.reason}
            for violation in error.violations
        ]
    response = _problem(problem, str(error), request_id, extra)
    if problem.status == 503:
        response["headers"]["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def internal_error(request_id: str) -> Response:
    detail = "the request failed here; it is safe to send it again"
    return _problem(INTERNAL_ERROR, detail, request_id, {})


def _problem(problem: Problem, detail: str, request_id: str, extra: Mapping[str, Any]) -> Response:
    body = {
        "type": PROBLEM_TYPE + problem.slug,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "request_id": request_id,
        **extra,
    }
    return _response(problem.status, "application/problem+json", body)


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
        document = json.loads(body, parse_float=_finite, parse_constant=_finite)
        if "\\u" in body:  # an escape can be half of a surrogate pair, which no UTF-8 can carry
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except (ValueError, RecursionError):
        raise InvalidCallback("the body is not JSON (RFC 8259)") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a number that JSON can carry")
    return number


def _principal(context: Mapping[str, Any]) -> str:
    """Who called: the assumed role's session, or the OAuth2 client."""
    claims = (context.get("authorizer") or {}).get("claims") or {}
    identity = context.get("identity") or {}
    return str(claims.get("client_id") or identity.get("userArn") or "unknown")
