"""The API model of a channel, as the Terraform module callback-channel composes it."""

from collections.abc import Mapping
from typing import Any

MODEL_BYTES = 400 * 1024

_STATUS_RULES: list[dict[str, Any]] = [
    {
        "properties": {"task_status": {"enum": ["SUCCESS"]}},
        "required": ["task_output"],
        "not": {"required": ["task_error"]},
    },
    {
        "properties": {"task_status": {"enum": ["FAILURE"]}},
        "required": ["task_error"],
        "not": {"required": ["task_output"]},
    },
    {
        "properties": {"task_status": {"enum": ["IN_PROGRESS"]}},
        "not": {"anyOf": [{"required": ["task_output"]}, {"required": ["task_error"]}]},
    },
]

_ROOT_ONLY = {"$schema", "definitions", "id", "title"}


def model(
    task_type: str, version: str, envelope: Mapping[str, Any], output: Mapping[str, Any]
) -> dict[str, Any]:
    """What a callback of the task type has to meet, at the gateway and in the function."""
    definitions = {**envelope.get("definitions", {}), **output.get("definitions", {})}
    properties = envelope["properties"]
    return {
        **envelope,
        **({"definitions": definitions} if definitions else {}),
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": f"{task_type} callback {version}",
        "oneOf": _STATUS_RULES,
        "properties": {
            **properties,
            "task_output": {name: part for name, part in output.items() if name not in _ROOT_ONLY},
            "task_type": {**properties["task_type"], "enum": [task_type]},
        },
    }


def model_name(task_type: str, version: str) -> str:
    """The model's name in the API; API Gateway takes letters and digits only."""
    words = task_type.lower().split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + version.upper()
