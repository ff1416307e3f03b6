"""The message that a partner receives: a CloudEvent 1.0 in structured JSON."""

from collections.abc import Mapping
from typing import Any

from tools.contracts.channels import Channel, Contract

EXAMPLE_ID = "1f0c7c5e-5d1b-4c0e-9b64-6a3f3a1f7b52"
EXAMPLE_ORDER = "a96cbeed-cbd7-4711-815c-0913113c6064"
EXAMPLE_API = "https://api.example.com"


def schema(channel: Channel, contract: Contract) -> dict[str, Any]:
    """The schema of the message; `data` is the request schema."""
    properties: dict[str, dict[str, Any]] = {
        "specversion": {"description": "The version of CloudEvents.", "enum": ["1.0"]},
        "id": {
            "description": "The callback_id of this attempt. A repeat of the work is a new "
            "message with a new id; the same id again is the same message delivered twice.",
        },
        "source": {"description": "The platform and its environment."},
        "type": {"description": "The kind of event.", "enum": ["callback-task.requested"]},
        "subject": {"description": "The order_id, to be sent back."},
        "time": {"description": "When the work was asked for (RFC 3339, UTC)."},
        "datacontenttype": {"description": "The type of data.", "enum": ["application/json"]},
        "dataschema": {
            "description": "The contract of data.",
            "enum": [f"urn:callback-channels:{channel.task_type}:{contract.name}:request"],
        },
        "tasktype": {"description": "The task type.", "enum": [channel.task_type]},
        "callbackurl": {
            "description": "Where to post the answer. It carries the callback_id: use it as it is.",
        },
        "expirytime": {"description": "After this time the answer is refused (RFC 3339, UTC)."},
    }
    for value in properties.values():
        value["type"] = "string"
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
            "data": data,
        },
    }


def example(channel: Channel, contract: Contract) -> Mapping[str, Any]:
    url = f"{EXAMPLE_API}{contract.route(channel.task_type)}?callback_id={EXAMPLE_ID}"
    heartbeat = channel.settings["heartbeat_seconds"]
    return {
        "specversion": "1.0",
        "id": EXAMPLE_ID,
        "source": "/callback-channels/prod",
        "type": "callback-task.requested",
        "subject": EXAMPLE_ORDER,
        "time": "2026-01-15T09:30:00Z",
        "datacontenttype": "application/json",
        "dataschema": f"urn:callback-channels:{channel.task_type}:{contract.name}:request",
        "tasktype": channel.task_type,
        "callbackurl": url,
        "expirytime": "2026-01-16T09:30:00Z",
        **({"heartbeatseconds": heartbeat} if heartbeat else {}),
        "data": contract.request_example,
    }


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
