"""The API model that Terraform composes is the one that these tools lint, compare and publish."""

import json
from typing import Any

import pytest

from tools import REPOSITORY
from tools.contracts import compose, tree
from tools.contracts.documents import load
from tools.contracts.task_types import console

MODULE = REPOSITORY / "terraform/modules/callback-channel"
MODEL = (MODULE / "model.tf").read_text()
VARIABLES = "\n".join(f'variable "{name}" {{}}' for name in ("envelope", "schemas", "task_type"))

ENVELOPE = load(REPOSITORY / tree.ENVELOPE).value
DEFINED = {"definitions": {"Code": {"type": "string"}}}
MINIMAL = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "title": "Out"}


@pytest.mark.parametrize(
    ("task_type", "version", "envelope", "output"),
    [
        *[
            (one.task_type, one.name, ENVELOPE, load(REPOSITORY / one.schema("output")).value)
            for one in tree.versions(REPOSITORY)
        ],
        ("A", "v1", ENVELOPE, MINIMAL),
        ("A_B1", "v12", {**ENVELOPE, **DEFINED}, MINIMAL),
        ("A", "v1", ENVELOPE, {**MINIMAL, **DEFINED}),
        ("A", "v1", {**ENVELOPE, **DEFINED}, {**MINIMAL, "definitions": {"Size": {}}}),
    ],
)
def test_composes_as_terraform_does(
    task_type: str, version: str, envelope: dict[str, Any], output: dict[str, Any]
) -> None:
    variables = {
        "envelope": json.dumps(envelope),
        "schemas": {version: {"output": json.dumps(output), "request": "{}"}},
        "task_type": task_type,
    }

    composed = console(MODEL + VARIABLES, "jsonencode(local.models)", variables)

    model = json.loads(json.loads(composed)[version])
    assert model == compose.model(task_type, version, envelope, output)


@pytest.mark.parametrize("task_type", ["A", "ORDER_SHIPPING_SERVICE", "ORDER_1A", "A_B1"])
def test_names_models_as_terraform_does(task_type: str) -> None:
    source = (MODULE / "api.tf").read_text()
    (name,) = [
        line.partition("=")[2].strip()
        for line in source.splitlines()
        if line.strip().startswith("name ") and "each.key" in line
    ]
    expression = name.replace("each.key", '"v2"')

    named = console(VARIABLES, f"{expression}", {"task_type": task_type})

    assert named == compose.model_name(task_type, "v2")
    assert named.isalnum()
