"""Refuses what API Gateway would refuse at deploy, or would not enforce as the functions do."""

import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker
from jsonschema.exceptions import SchemaError, best_match

from tools import REPOSITORY
from tools.contracts import (
    acknowledgements,
    bounds,
    channel_lint,
    compose,
    patterns,
    tfvars,
    tree,
    workflow_lint,
)
from tools.contracts.documents import Document, Finding, Reading, read, token
from tools.contracts.keywords import KEYWORDS, LATER_DRAFTS, Schema, subschemas
from tools.errors import UserError
from tools.hcl import InvalidHclError

SCHEMA_BYTES = 64 * 1024
DRAFT_04 = "http://json-schema.org/draft-04/schema#"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_LOCAL_REFERENCE = re.compile(r"#/definitions/([^/]+)")
_EXAMPLE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def lint(root: Path, *, composed: bool = True) -> list[Finding]:
    """All findings below `root`, by file and line; paths are relative to `root`.

    `composed` is whether files are checked that `compose` writes, too.
    """
    findings = list(_Linter(root, composed).findings())
    return sorted(set(findings), key=lambda found: (found.path, found.line, found.what))


def require_clean(root: Path = REPOSITORY) -> None:
    """Stops what would deploy something else than the files say.

    Raises:
        UserError: there are findings.
    """
    if findings := lint(root):
        raise UserError(
            "Nothing is deployed before these are corrected.", "\n".join(map(str, findings))
        )


class _Linter:
    def __init__(self, root: Path, composed: bool) -> None:
        self._root = root
        self._composed = composed

    def findings(self) -> Iterator[Finding]:
        yield from tfvars.lint(self._root)
        channels = [*channel_lint.lint(self._root, self._environments())]
        yield from channels
        if not channels:
            yield from workflow_lint.lint(self._root)
        yield from acknowledgements.lint(self._root)
        envelope = yield from self._schema(tree.ENVELOPE)
        if envelope:  # Each channel's output schema stands in for task_output.
            yield from bounds.lint(envelope, but="/properties/task_output")
        yield from self._examples(tree.ENVELOPE_EXAMPLES, {"callback": envelope})
        for folder in tree.task_type_folders(self._root):
            yield from self._names(folder)
        for version in tree.versions(self._root):
            schemas: dict[str, Document | None] = {}
            for kind in tree.KINDS:
                schemas[kind] = yield from self._schema(version.schema(kind))
            if output := schemas["output"]:
                yield from bounds.lint(output)
            yield from self._examples(version.folder / "examples", schemas)
            if envelope and output:
                yield from self._model(version, envelope, output)

    def _environments(self) -> list[tfvars.Environment]:
        try:
            return tfvars.environments(self._root)
        except InvalidHclError:
            return []

    def _names(self, folder: Path) -> Iterator[Finding]:
        where = folder.relative_to(self._root)
        if not tree.TASK_TYPE.fullmatch(folder.name) or len(folder.name) > tree.TASK_TYPE_LENGTH:
            yield Finding(
                where,
                1,
                f"{folder.name} is no task type, and gives its API model a name that API Gateway "
                "refuses: it takes letters and digits only",
                f"UPPER_SNAKE_CASE of at most {tree.TASK_TYPE_LENGTH} characters",
            )
        for version in sorted(folder.iterdir()):
            if version.is_dir() and not tree.VERSION.fullmatch(version.name):
                yield Finding(
                    version.relative_to(self._root), 1, f"{version.name} is no version", "v1, v2"
                )

    def _schema(self, path: Path) -> Reading:
        """Gives the Document of a schema that draft-04 allows, or None."""
        document = yield from read(self._root, path)
        if document is None:
            return None
        if document.size > SCHEMA_BYTES:
            yield document.finding(
                "",
                f"the schema has {document.size} bytes, and its channel's registration has room "
                f"for {SCHEMA_BYTES}",
                "shorter descriptions, or definitions for what is repeated",
            )
        try:
            Draft4Validator.check_schema(document.value, format_checker=FormatChecker([]))
        except SchemaError as error:
            where = "".join(map(token, error.absolute_path))
            yield document.finding(
                where, f"draft-04 refuses the schema: {error.message}", "draft-04"
            )
            return None
        if not isinstance(document.value, dict):
            return None
        yield from _root(document)
        for pointer, schema in subschemas(document.value):
            yield from _keywords(document, pointer, schema)
            yield from _values(document, pointer, schema)
            yield from _properties(document, pointer, schema)
        return document

    def _examples(self, folder: Path, schemas: dict[str, Document | None]) -> Iterator[Finding]:
        for verdict in ("valid", "invalid"):
            here = folder / verdict
            files = sorted((self._root / here).glob("*"))
            for kind, schema in schemas.items():
                if not any(file.name.split(".")[0] == kind for file in files):
                    yield Finding(
                        here, 1, f"{kind} has no {verdict} example", f"{kind}.WHAT-IT-SHOWS.json"
                    )
                for file in files:
                    if file.name.split(".")[0] == kind:
                        yield from self._example(here / file.name, verdict, schema)
            for file in files:
                if file.name.split(".")[0] not in schemas:
                    yield Finding(
                        here / file.name,
                        1,
                        "the example is of no schema",
                        f"a name that begins with {' or '.join(f'{kind}.' for kind in schemas)}",
                    )

    def _example(self, path: Path, verdict: str, schema: Document | None) -> Iterator[Finding]:
        _, *middle, extension = path.name.split(".")
        named = len(middle) == 1 and _EXAMPLE.fullmatch(middle[0])
        if extension != "json" or not (named or (verdict == "valid" and not middle)):
            yield Finding(
                path,
                1,
                "the name does not say why the example is invalid"
                if verdict == "invalid"
                else "the name is no example's",
                "KIND.WHY-IN-KEBAB-CASE.json, such as output.no-tracking-number.json",
            )
        example = yield from read(self._root, path)
        if example is None or schema is None:
            return
        try:
            error = best_match(Draft4Validator(schema.value).iter_errors(example.value))
        except re.PatternError:
            return
        if verdict == "valid" and error is not None:
            where = "".join(map(token, error.absolute_path))
            yield example.finding(
                where,
                f"the example is refused at {where or '/'}: {error.message}",
                f"what {schema.path.name} accepts, or the example in examples/invalid",
            )
        if verdict == "invalid" and error is None:
            yield example.finding(
                "",
                f"{schema.path.name} accepts the example",
                "what it refuses, or the example in examples/valid",
            )

    def _model(
        self, version: tree.Version, envelope: Document, output: Document
    ) -> Iterator[Finding]:
        shared = set(envelope.value.get("definitions", {})) & set(
            output.value.get("definitions", {})
        )
        for name in sorted(shared):
            yield output.finding(
                f"/definitions/{name}",
                f"the envelope has a definition {name} too, and the API model has one place for it",
                "another name",
            )
        model = compose.model(version.task_type, version.name, envelope.value, output.value)
        if self._composed:
            yield from self._fresh(version, compose.text(model))
        size = len(json.dumps(model, separators=(",", ":"), ensure_ascii=False).encode())
        if size > compose.MODEL_BYTES:
            yield output.finding(
                "",
                f"the API model has {size} bytes, and API Gateway takes {compose.MODEL_BYTES}",
                "shorter descriptions, or definitions for what is repeated",
            )

    def _fresh(self, version: tree.Version, text: str) -> Iterator[Finding]:
        file = self._root / version.model
        written = file.read_text().splitlines() if file.exists() else []
        lines = enumerate(zip_longest(written, text.splitlines()), start=1)
        stale = next((number for number, (old, new) in lines if old != new), None)
        if stale is not None:
            yield Finding(
                version.model,
                stale,
                f"the file is not what {tree.ENVELOPE} and {version.schema('output')} make",
                "it anew, with `make docs`",
            )


def _root(document: Document) -> Iterator[Finding]:
    schema = document.value
    if schema.get("$schema") != DRAFT_04:
        yield document.finding("/$schema", "the draft is not named", f'"$schema": "{DRAFT_04}"')
    if schema.get("type") != "object":
        yield document.finding("/type", "the schema is not of an object", '"type": "object"')
    if schema.get("additionalProperties") is not False:
        yield document.finding(
            "/additionalProperties",
            "additional properties are left open at the top level, so that a misspelt name passes",
            '"additionalProperties": false',
        )
    for keyword in ("title", "description"):
        if not schema.get(keyword):
            yield document.finding("", f"the schema has no {keyword}", f'"{keyword}": "..."')
    for name in schema.get("definitions", {}):
        if not _NAME.fullmatch(name):
            yield document.finding(
                "/definitions" + token(name),
                f"the definition {name} is not alphanumeric, as names of models have to be",
                "letters and digits",
            )


def _keywords(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    for name in schema:
        where = pointer + token(name)
        keyword = KEYWORDS.get(name)
        if keyword is None:
            instead = LATER_DRAFTS.get(name, "a keyword of draft-04: docs/json-schema.md has all")
            yield document.finding(
                where, f"{name} is no keyword of draft-04: API Gateway refuses the model", instead
            )
        elif not keyword.supported:
            yield document.finding(
                where, f"{name} is not supported: {keyword.why}", keyword.instead
            )
        elif name in {"$schema", "definitions"} and pointer:
            yield document.finding(
                where, f"{name} belongs at the root of the file", "it at the root"
            )


def _values(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    def limited(name: str) -> Finding:
        keyword = KEYWORDS[name]
        return document.finding(
            pointer + token(name), f"{name} is limited: {keyword.why}", keyword.instead
        )

    if (reference := schema.get("$ref")) is not None:
        local = _LOCAL_REFERENCE.fullmatch(reference)
        if not local:
            yield document.finding(
                pointer + "/$ref",
                f"$ref leads out of the definitions of this file, to {reference}",
                KEYWORDS["$ref"].instead,
            )
        elif local[1] not in document.value.get("definitions", {}):
            yield document.finding(
                pointer + "/$ref", f"there is no definition {local[1]}", "a name in definitions"
            )
        if set(schema) - {"$ref", "description"}:
            yield document.finding(
                pointer,
                "what stands beside $ref is ignored, as draft-04 says",
                "$ref alone, with the description at most",
            )
    if not all(isinstance(value, str) for value in schema.get("enum", [])):
        yield limited("enum")
    if not float(schema.get("multipleOf", 1)).is_integer():
        yield limited("multipleOf")
    if isinstance(schema.get("items"), list):
        yield limited("items")
    items = schema.get("items")
    if schema.get("uniqueItems") and not (
        isinstance(items, dict) and items.get("type") == "string"
    ):
        yield limited("uniqueItems")
    if (pattern := schema.get("pattern")) is not None:
        for problem in patterns.problems(pattern):
            yield document.finding(pointer + "/pattern", problem.what, problem.instead)


def _properties(document: Document, pointer: str, schema: Schema) -> Iterator[Finding]:
    properties: dict[str, Any] = schema.get("properties", {})
    for name, value in properties.items():
        if not value.get("description"):
            yield document.finding(
                f"{pointer}/properties{token(name)}",
                f"the property {name} has no description",
                '"description": "What it is, its unit, who sets it."',
            )
    for name in schema.get("required", []):
        if name not in properties and schema.get("additionalProperties") is False:
            yield document.finding(
                f"{pointer}/required",
                f"{name} is required and no property: nothing can meet the schema",
                "the property, or its name out of required",
            )
