"""The published schemas of a callback take what the gateway's model takes, and nothing else."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import given, settings
from jsonschema import Draft4Validator, Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from tests.support.documents import documents, near_misses
from tools import REPOSITORY
from tools.contracts import channels, components, compose, tree
from tools.contracts.channels import Contract
from tools.contracts.documents import load

NAME = "ParcelV1"

# That 1.0 is an integer is a matter of the draft alone: no client writes an integer so.
Published = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=Draft4Validator.TYPE_CHECKER
)


def _contract(output: Mapping[str, Any]) -> Contract:
    envelope = load(REPOSITORY / tree.ENVELOPE).value
    model = compose.model("PARCEL", "v1", envelope, output)
    return Contract("v1", {}, output, model, request_example={}, output_example={})


EVERYTHING = _contract(
    {
        "title": "Parcel",
        "description": "What a schema may say.",
        "type": "object",
        "required": ["size", "title"],
        "additionalProperties": False,
        "properties": {
            "size": {"$ref": "#/definitions/Size"},
            "title": {"type": ["string", "null"], "minLength": 1, "maxLength": 5},
            "weights": {"type": "array", "maxItems": 3, "items": {"$ref": "#/definitions/Grams"}},
            "either": {
                "anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["YES", "NO"]}],
            },
        },
        "definitions": {
            "Size": {
                "type": "object",
                "additionalProperties": {"$ref": "#/definitions/Grams"},
                "minProperties": 1,
                "maxProperties": 3,
            },
            "Grams": {"type": "integer", "minimum": 0, "maximum": 40, "multipleOf": 2},
        },
    }
)
CONTRACTS = {
    **{
        f"{channel.task_type} {contract.name}": contract
        for channel in channels.read(REPOSITORY)
        for contract in channel.contracts
    },
    "everything": EVERYTHING,
}


def validator(schemas: Mapping[str, Any], name: str) -> Validator:
    root = {**components.reference(name), "components": {"schemas": schemas}}
    return cast(Validator, Published(root))


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_the_published_callback_takes_what_the_gateway_takes(contract: Contract) -> None:
    schemas = components.callback(contract, NAME)
    gateway, published = Draft4Validator(contract.model), validator(schemas, NAME)
    by_status = {
        status: validator(schemas, to.removeprefix(components.PLACE))
        for status, to in schemas[NAME]["discriminator"]["mapping"].items()
    }
    verdicts = []

    @given(documents(contract.model) | near_misses(contract.model))
    @settings(max_examples=300)
    def alike(document: Any) -> None:
        accepted = gateway.is_valid(document)
        verdicts.append(accepted)
        taken = [status for status, one in by_status.items() if one.is_valid(document)]
        assert published.is_valid(document) == accepted
        assert taken == ([document["task_status"]] if accepted else [])

    alike()

    assert min(verdicts.count(True), verdicts.count(False)) >= 40, "nearly all were of one kind"


@pytest.mark.parametrize(
    ("status", "required", "absent"),
    [
        ("Success", "task_output", "task_error"),
        ("Failure", "task_error", "task_output"),
        ("InProgress", "task_status", "task_output"),
    ],
)
def test_each_status_has_a_whole_schema(status: str, required: str, absent: str) -> None:
    schema = components.callback(EVERYTHING, NAME)[NAME + status]

    assert {"order_id", "task_type", "task_status", "callback_id"} <= set(schema["properties"])
    assert set(schema["required"]) == {"order_id", "task_type", "task_status", required}
    assert absent not in schema["properties"]
    assert not {"allOf", "anyOf", "oneOf", "not"} & set(schema)


def test_definitions_become_components() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Parcel",
        "definitions": {"Size": {"$ref": "#/definitions/Grams"}, "Grams": {"type": "integer"}},
        "properties": {"size": {"$ref": "#/definitions/Size"}, "title": {"type": "string"}},
    }

    definitions, rest = components.detached(schema, NAME)

    assert definitions == {
        "ParcelV1Size": {"$ref": "#/components/schemas/ParcelV1Grams"},
        "ParcelV1Grams": {"type": "integer"},
    }
    assert rest == {
        "properties": {
            "size": {"$ref": "#/components/schemas/ParcelV1Size"},
            "title": {"type": "string"},
        }
    }
