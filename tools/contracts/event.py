"""The message that a partner receives: a CloudEvent 1.0 in structured JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from callbacks.domain.message import cloud_event
from callbacks.domain.task import TaskKey
from callbacks.domain.trace import Trace

from tools.contracts.channels import Channel, Contract

EXAMPLE_ID = "1f0c7c5e-5d1b-4c0e-9b64-6a3f3a1f7b52"
EXAMPLE_WORK_ID = "c1f3a8e2-6f0d-4b8e-9a53-0d2b7f6e4a19"
EXAMPLE_ORDER = "a96cbeed-cbd7-4711-815c-0913113c6064"
EXAMPLE_API = "https://api.example.com"
FIXED = frozenset({"specversion", "type", "datacontenttype", "dataschema", "tasktype"})
EXAMPLE_TRACE = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "01")
EXAMPLE_TIME = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def schema(channel: Channel, contract: Contract) -> dict[str, Any]:
    """The schema of the message; `data` is the request schema."""
    properties: dict[str, dict[str, Any]] = {
        "specversion": {"description": "The version of CloudEvents."},
        "id": {
            "description": "The callback_id of this attempt. Another attempt is a new message "
            "with a new id; the same id again is the same message delivered twice.",
        },
        "source": {"description": "The platform and its environment."},
        "type": {"description": "The kind of event."},
        "subject": {"description": "The order_id, to be sent back."},
        "time": {"description": "When the work was asked for (RFC 3339, UTC)."},
        "datacontenttype": {"description": "The type of data."},
        "dataschema": {"description": "The contract of data."},
        "tasktype": {"description": "The task type."},
        "workid": {
            "description": "The piece of work, whatever the id of the message that asks for it. "
            "Do the work once for each workid, and report its outcome for each id.",
        },
        "callbackurl": {
            "description": "Where to post the callback. It has the callback_id: use it as it is.",
        },
        "expirytime": {"description": "After this time callbacks are refused (RFC 3339, UTC)."},
    }
    dispatched = example(channel, contract)
    for name, value in properties.items():
        value["type"] = "string"
        if name in FIXED:
            value["enum"] = [dispatched[name]]
    data = {name: part for name, part in contract.request.items() if name != "$schema"}
    return {
        "type": "object",
        "required": [*properties, "data"],
        "properties": {
            **properties,
            "heartbeatseconds": {
                "type": "integer",
                "description": "Report IN_PROGRESS at least this often, in seconds. Left out where "
                "no heartbeat is asked for.",
            },
            "traceparent": {
                "type": "string",
                "description": "The trace that the message belongs to (W3C Trace Context). Send it "
                "back as a header of the callback, or go on with the trace, and what happened on "
                "both sides is found by one trace id. Left out where there is no trace.",
            },
            "data": data,
        },
    }


def example(channel: Channel, contract: Contract) -> Mapping[str, Any]:
    """A message as it is dispatched."""
    requested_at = EXAMPLE_TIME.timestamp()
    return cloud_event(
        key=TaskKey(EXAMPLE_ORDER, channel.task_type),
        callback_id=EXAMPLE_ID,
        work_id=EXAMPLE_WORK_ID,
        source="/callback-channels/prod",
        version=contract.name,
        callback_url=EXAMPLE_API + contract.route(channel.task_type),
        requested_at=requested_at,
        expires_at=requested_at + channel.settings["timeout_seconds"],
        heartbeat_seconds=channel.settings["heartbeat_seconds"],
        trace=EXAMPLE_TRACE,
        data=contract.request_example,
    )


def callbacks(channel: Channel, contract: Contract) -> dict[str, Mapping[str, Any]]:
    """An example of each kind of callback."""
    task = {"order_id": EXAMPLE_ORDER, "task_type": channel.task_type}
    return {
        "success": {**task, "task_status": "SUCCESS", "task_output": contract.output_example},
        "failure": {
            **task,
            "task_status": "FAILURE",
            "task_error": {
                "code": "NOT_POSSIBLE",
                "message": "What happened, for a person to read.",
                "retryable": False,
            },
        },
        "heartbeat": {**task, "task_status": "IN_PROGRESS"},
    }
