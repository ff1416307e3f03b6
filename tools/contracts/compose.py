"""Composes what a callback has to meet: the gateway's model, which the function enforces too."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.contracts import tree
from tools.contracts.documents import load

MODEL_BYTES = 400 * 1024

# Properties of the envelope that a channel has its own of, and those that its rules are about.
NARROWED = ("task_error", "task_output", "task_status", "task_type")

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
    """The envelope, narrowed to the task type and to its output schema.

    A reference resolves against the root of the document, so definitions move there.
    """
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


def text(composed: Mapping[str, Any]) -> str:
    """The content of the file that Terraform reads."""
    return json.dumps(composed, indent=2, ensure_ascii=False) + "\n"


def render(root: Path) -> dict[Path, str]:
    """Path, relative to the repository => content, for every version.

    Raises:
        InvalidJsonError: the envelope or an output schema is not JSON.
    """
    envelope = load(root / tree.ENVELOPE).value
    return {
        version.model: text(
            model(
                version.task_type,
                version.name,
                envelope,
                load(root / version.schema("output")).value,
            )
        )
        for version in tree.versions(root)
    }


def model_name(task_type: str, version: str) -> str:
    """The model's name in the API; API Gateway takes letters and digits only."""
    words = task_type.lower().split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + version.upper()
