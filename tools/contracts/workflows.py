"""The workflows in statemachines/, with what Terraform puts in the places of ${placeholders}."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.contracts import tree
from tools.contracts.documents import load
from tools.contracts.settings import Settings

PLACEHOLDER = re.compile(r"(?<!\$)\$\{(\w+)\}")

type Retrier = dict[str, Any]

# In place of settings that are refused, so that the rest of a workflow can be read.
_STAND_IN: Settings = {
    "timeout_seconds": 1,
    "heartbeat_seconds": 1,
    "retry": {
        "interval_seconds": 1,
        "backoff_rate": 1,
        "max_attempts": 0,
        "max_delay_seconds": 2,
    },
}


def placeholders(root: Path, channels: Mapping[str, Settings | None]) -> dict[str, str]:
    """Name => text, as terraform/roots/platform gives them to a workflow; ARNs are made up.

    None are settings that are refused.

    Raises:
        InvalidJsonError: the infrastructure's retrier is not JSON.
    """
    infrastructure = load(root / tree.INFRASTRUCTURE_RETRIER).value
    known = {
        "partition": "aws",
        "orders_table": "Orders",
        "function_retrier": {
            **infrastructure,
            "ErrorEquals": [*infrastructure["ErrorEquals"], "States.Timeout"],
        },
        "service_retrier": {**infrastructure, "ErrorEquals": ["States.ALL"]},
    }
    for folder in sorted((root / tree.FUNCTIONS).glob("*/")):
        known[f"{folder.name}_function_arn"] = function_arn(folder.name)
    for task_type, found in channels.items():
        name, settings = task_type.lower(), found or _STAND_IN
        known[f"{name}_function_arn"] = function_arn(name)
        known[f"{name}_retry"] = retriers(infrastructure, settings)
        known[f"{name}_timeout_seconds"] = settings["timeout_seconds"]
        if settings["heartbeat_seconds"] is not None:
            known[f"{name}_heartbeat_seconds"] = settings["heartbeat_seconds"]
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in known.items()
    }


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in, as Terraform's templatefile has it.

    Raises:
        KeyError: there is no such placeholder.
    """
    return PLACEHOLDER.sub(lambda one: values[one[1]], text)


def retriers(infrastructure: Retrier, settings: Settings) -> list[Retrier]:
    """Those of a wait on the channel; the first that names an error counts."""
    retry = settings["retry"]
    return [
        infrastructure,
        {
            "ErrorEquals": ["CallbackTask.Retryable"],
            "IntervalSeconds": retry["interval_seconds"],
            "BackoffRate": retry["backoff_rate"],
            "MaxAttempts": retry["max_attempts"],
            "MaxDelaySeconds": retry["max_delay_seconds"],
            "JitterStrategy": "FULL",
        },
    ]


def function_arn(name: str) -> str:
    """A function's ARN, as far as it is known before an apply."""
    return f"arn:aws:lambda:eu-west-1:111111111111:function:{name.replace('_', '-')}"
