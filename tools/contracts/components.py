"""The schemas of a contract as the published documents hold them: named, and each one whole.

Generators of clients read JSON Schema 2020-12 and do not combine schemas well. What schemas here
may say means the same there as in draft-04.
"""

from collections.abc import Mapping
from typing import Any

from tools.contracts import event
from tools.contracts.channels import Channel, Contract

PLACE = "#/components/schemas/"
ERROR = "CallbackError"

type Schema = Mapping[str, Any]


def callback(contract: Contract, name: str) -> dict[str, Any]:
    """Name => schema: the callback, which is one of a schema for each status, and its parts."""
    definitions, model = detached(contract.model, f"{name}Output")
    parts = {"task_output": f"{name}Output", "task_error": ERROR}
    by_status = {_status(rule): rule for rule in model["oneOf"]}
    named = {status: name + status.title().replace("_", "") for status in by_status}
    return {
        **definitions,
        **{part: model["properties"][field] for field, part in parts.items()},
        **{named[status]: _of_status(model, rule, parts) for status, rule in by_status.items()},
        name: {
            "description": model["description"],
            "oneOf": [reference(one) for one in named.values()],
            "discriminator": {
                "propertyName": "task_status",
                "mapping": {status: PLACE + one for status, one in named.items()},
            },
        },
    }


def message(channel: Channel, contract: Contract, name: str) -> dict[str, Any]:
    """Name => schema: the message that asks for the work, its data, and what that refers to."""
    definitions, request = detached(contract.request, f"{name}Request")
    whole = event.schema(channel, contract)
    whole["properties"]["data"] = reference(f"{name}Request")
    return {**definitions, f"{name}Request": request, f"{name}Message": whole}


def reference(name: str) -> dict[str, str]:
    return {"$ref": PLACE + name}


def detached(schema: Schema, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schema's definitions under names of their own, and the schema with references there.

    Titles are left out: two versions have the same, and generators take them for names.
    """

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: f"{PLACE}{name}{inner.rpartition('/')[2]}"
                if key == "$ref" and isinstance(inner, str)
                else moved(inner)
                for key, inner in value.items()
                if not (key == "title" and isinstance(inner, str))
            }
        return [moved(inner) for inner in value] if isinstance(value, list) else value

    definitions = {name + key: moved(part) for key, part in schema.get("definitions", {}).items()}
    rest = {key: part for key, part in schema.items() if key not in {"$schema", "definitions"}}
    return definitions, moved(rest)


def _of_status(model: Schema, rule: Schema, parts: Mapping[str, str]) -> dict[str, Any]:
    """The model with one status. What its rule forbids is left out, and so refused."""
    refused = rule.get("not", {})
    forbidden = {name for one in refused.get("anyOf", [refused]) for name in one["required"]}
    (task_type,) = model["properties"]["task_type"]["enum"]
    fixed = {"task_type": task_type, "task_status": _status(rule)}
    return {
        "description": model["description"],
        "type": "object",
        "required": [*model["required"], *rule.get("required", [])],
        "additionalProperties": False,
        "properties": {
            name: _property(name, schema, fixed, parts)
            for name, schema in model["properties"].items()
            if name not in forbidden
        },
    }


def _property(
    name: str, schema: Schema, fixed: Mapping[str, str], parts: Mapping[str, str]
) -> Mapping[str, Any]:
    if name in parts:
        return reference(parts[name])
    if name in fixed:
        return {"description": schema["description"], "type": "string", "const": fixed[name]}
    return schema


def _status(rule: Schema) -> str:
    (status,) = rule["properties"]["task_status"]["enum"]
    return str(status)
