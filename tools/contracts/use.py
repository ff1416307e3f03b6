"""Runs the functions' own validator on every example: what would raise there is refused here."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from callbacks.adapters.json_schema import JsonSchemaContracts
from callbacks.domain.errors import Violation
from callbacks.domain.exact_json import parse_json

from tools.contracts import tree
from tools.contracts.documents import (
    Document,
    Finding,
    InvalidJsonError,
    UnreadableError,
    parse,
    read_bytes,
)

_CONTRACTS = JsonSchemaContracts()


def lint(schema: Document, example: Document, verdict: str) -> Iterator[Finding]:
    """Whether the example is what its folder says, `valid` or `invalid`."""
    try:
        violations = _CONTRACTS.violations(schema.text, parse_json(example.text))
    except Exception as error:  # Whatever it is, the function would fail with it.
        yield _fails(schema, error)
        return
    if verdict == "valid" and violations:
        yield _refused(example, violations[0], schema.path.name)
    if verdict == "invalid" and not violations:
        yield example.finding(
            "",
            f"{schema.path.name} accepts the example",
            "what it refuses, or the example in examples/valid",
        )


def lint_model(
    root: Path, version: tree.Version, output: Document, model: Mapping[str, Any]
) -> Iterator[Finding]:
    """Whether the composed model takes the callbacks that the valid examples make."""
    text = json.dumps(model)
    for example, callback in _callbacks(root, version):
        try:
            violations = _CONTRACTS.violations(text, callback)
        except Exception as error:  # As above.
            yield _fails(output, error)
            return
        if violations:
            yield _refused(example, violations[0], "the composed callback.schema.json")


def _callbacks(root: Path, version: tree.Version) -> Iterator[tuple[Document, Any]]:
    """Callbacks of the version, each with the example that it is made of."""
    reports = [*_examples(root, tree.ENVELOPE_EXAMPLES / "valid", "callback")]
    task_type = {"task_type": version.task_type}
    order_id = next((report["order_id"] for _, report in reports if "order_id" in report), None)
    for example, report in reports:
        if "task_output" not in report:
            yield example, {**report, **task_type}
    success = {"order_id": order_id, "task_status": "SUCCESS", **task_type}
    for example, document in _examples(root, version.examples("valid"), "output"):
        yield example, {**success, "task_output": document}


def _examples(root: Path, folder: Path, kind: str) -> Iterator[tuple[Document, Any]]:
    """Those that are objects; what is wrong with the others has been said."""
    for file in sorted((root / folder).glob(f"{kind}.*json")):
        try:
            example = parse(folder / file.name, read_bytes(file))
            document = parse_json(example.text)
        except (InvalidJsonError, OSError, UnreadableError, ValueError):
            continue
        if isinstance(document, dict):
            yield example, document


def _fails(schema: Document, error: Exception) -> Finding:
    return schema.finding(
        "",
        f"the functions' validator fails on the schema: {type(error).__name__}: {error}",
        "fewer levels, or what says the same without them",
    )


def _refused(example: Document, violation: Violation, by: str) -> Finding:
    return example.finding(
        violation.pointer,
        f"the example is refused at {violation.pointer or '/'}: {violation.reason}",
        f"what {by} accepts, or the example in examples/invalid",
    )
