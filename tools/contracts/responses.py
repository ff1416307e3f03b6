"""What the callback API responds with, as the published documents describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callbacks.runtime.problems import problems


@dataclass(frozen=True, slots=True)
class Success:
    """One result of a callback that is taken."""

    status: int
    result: str
    when: str


SUCCESSES = [
    Success(200, "DELIVERED", "The outcome has reached the workflow."),
    Success(200, "DUPLICATE", "The same outcome was taken before. There is nothing left to do."),
    Success(200, "HEARTBEAT", "The workflow knows that the work goes on."),
    Success(
        202, "HELD", "The outcome is recorded and will reach the workflow. Do not send it again."
    ),
]

PROBLEMS = list(problems().values())


def then(action: str) -> list[int]:
    """The statuses after which a partner does one of the things that `Problem.then` names."""
    return [problem.status for problem in PROBLEMS if problem.then == action]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Whatever the API itself does not send."""

    when: str
    action: str


UNKNOWN = Unknown(
    "Another 5xx status, such as 502 or 504 from a proxy on the way; no response within 35 "
    "seconds, or no connection: the outcome is not known to be recorded.",
    "Send the same callback again, with growing pauses.",
)

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
            "enum": [problem.type for problem in PROBLEMS],
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
