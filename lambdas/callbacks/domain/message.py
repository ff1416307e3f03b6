"""The message that asks a partner for work: a CloudEvent 1.0 in structured JSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from callbacks.domain.task import TaskKey
from callbacks.domain.trace import Trace, parse_traceparent


def cloud_event(
    *,
    key: TaskKey,
    callback_id: str,
    work_id: str,
    source: str,
    version: str,
    callback_url: str,
    requested_at: float,
    expires_at: float,
    heartbeat_seconds: int | None,
    trace: Trace | None,
    data: Any,
) -> dict[str, Any]:
    """The event; instants are seconds since the epoch, `callback_url` is the version's route."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": callback_id,
        "source": source,
        "type": "callback-task.requested",
        "subject": key.order_id,
        "time": _rfc3339(requested_at),
        "datacontenttype": "application/json",
        "dataschema": f"urn:callback-channels:{key.task_type}:{version}:request",
        "tasktype": key.task_type,
        "workid": work_id,
        "callbackurl": f"{callback_url}?{urlencode({'callback_id': callback_id})}",
        "expirytime": _rfc3339(expires_at),
        "data": data,
    }
    if heartbeat_seconds:
        event["heartbeatseconds"] = heartbeat_seconds
    if trace:
        event["traceparent"] = trace.traceparent
    return event


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it was published, as far as its delivery needs to know it.

    `expires_at` is the task's deadline, in seconds since the epoch; `trace` is the dispatch's, if
    there is one.
    """

    key: TaskKey
    callback_id: str
    expires_at: float
    body: str = field(repr=False)
    trace: Trace | None = None


def parse_message(body: str) -> Message:
    """Raises ValueError for what is no event of this platform."""
    try:
        event = json.loads(body)
        return Message(
            key=TaskKey(event["subject"], event["tasktype"]),
            callback_id=event["id"],
            expires_at=datetime.fromisoformat(event["expirytime"]).timestamp(),
            body=body,
            trace=parse_traceparent(event.get("traceparent")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("the message is no CloudEvent of this platform") from error


def _rfc3339(seconds: float) -> str:
    instant = datetime.fromtimestamp(seconds, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
