"""What the callback API answers, and what a partner does about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROBLEM_TYPE = "urn:callback-channels:problem:"


@dataclass(frozen=True, slots=True)
class Success:
    status: int
    result: str
    when: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of error (RFC 9457); `again` tells whether the same callback may work later."""

    status: int
    slug: str
    when: str
    action: str
    again: bool = False


SUCCESSES = [
    Success(200, "DELIVERED", "The outcome has reached the workflow."),
    Success(200, "DUPLICATE", "The same outcome was taken before: nothing is left to do."),
    Success(200, "HEARTBEAT", "The workflow knows that the work goes on."),
    Success(202, "HELD", "The outcome is kept safe and will reach the workflow: do not repeat it."),
]

PROBLEMS = [
    Problem(
        400,
        "invalid-callback",
        "The body breaks this contract: `errors` or `detail` says where and why.",
        "Correct the body. A repeat of the same body is refused again.",
    ),
    Problem(
        401,
        "unauthorized",
        "There are no valid credentials.",
        "Fetch a new token, then send the callback again.",
        again=True,
    ),
    Problem(
        403,
        "forbidden",
        "The credentials have expired, are those of another channel, or the signature is wrong.",
        "Get new credentials and sign again. If that fails too, check the role or the scope.",
        again=True,
    ),
    Problem(
        404,
        "not-found",
        "There is no such task, or no such channel.",
        "Check `order_id` and the URL. Do not repeat.",
    ),
    Problem(
        409,
        "conflict",
        "Another outcome is already recorded, or `callback_id` names an attempt that has been "
        "replaced by a newer message.",
        "Do not repeat. A newer message asks for the work anew.",
    ),
    Problem(
        410,
        "gone",
        "The deadline has passed, or the workflow no longer waits.",
        "Do not repeat, and drop the work.",
    ),
    Problem(
        413,
        "too-large",
        "`task_output` is over the limit of this channel.",
        "Send less, such as a link to the rest.",
    ),
    Problem(
        415,
        "unsupported-media-type",
        "The body is not declared as JSON.",
        "Send it as `Content-Type: application/json`.",
    ),
    Problem(
        429,
        "throttled",
        "There were too many requests.",
        "Wait as long as `Retry-After` says, then send the same callback again.",
        again=True,
    ),
    Problem(
        500,
        "internal-error",
        "Something failed on this side.",
        "Send the same callback again, with growing pauses.",
        again=True,
    ),
    Problem(
        503,
        "unavailable",
        "The outcome is not known to be recorded.",
        "Wait as long as `Retry-After` says, then send the same callback again.",
        again=True,
    ),
]

ACCEPTED_SCHEMA: Mapping[str, Any] = {
    "title": "Accepted",
    "type": "object",
    "required": ["order_id", "task_type", "task_status", "result", "duplicate"],
    "properties": {
        "order_id": {"type": "string", "description": "The order that was reported on."},
        "task_type": {"type": "string", "description": "The task type of the channel."},
        "task_status": {"type": "string", "enum": ["SUCCESS", "FAILURE", "IN_PROGRESS"]},
        "result": {
            "type": "string",
            "enum": [success.result for success in SUCCESSES],
            "description": "What became of the callback.",
        },
        "duplicate": {
            "type": "boolean",
            "description": "True if the same outcome was taken before.",
        },
    },
}

PROBLEM_SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {
            "type": "string",
            "enum": [PROBLEM_TYPE + problem.slug for problem in PROBLEMS],
            "description": "The kind of the problem; stable, and what code should look at.",
        },
        "title": {"type": "string", "description": "The kind of the problem, for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened, for people."},
        "request_id": {"type": "string", "description": "What to quote when asking for help."},
        "errors": {
            "type": "array",
            "description": "Each place where the body breaks the contract.",
            "items": {
                "type": "object",
                "required": ["pointer", "reason"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "A JSON Pointer (RFC 6901) into the body.",
                    },
                    "reason": {"type": "string", "description": "Why it is refused."},
                },
            },
        },
    },
}
