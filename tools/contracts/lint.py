"""Refuses what API Gateway would refuse at deploy, or would not enforce as the functions do."""

import json
import re
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path

from tools import REPOSITORY
from tools.contracts import (
    acknowledgements,
    bounds,
    channel_lint,
    compose,
    layout,
    schema_lint,
    tfvars,
    tree,
    use,
    workflow_lint,
)
from tools.contracts.documents import (
    Document,
    Finding,
    Reading,
    UnreadableError,
    read,
    read_bytes,
)
from tools.errors import UserError
from tools.hcl import InvalidHclError

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
        self._sound: set[Path] = set()

    def findings(self) -> Iterator[Finding]:
        yield from layout.lint(self._root)
        yield from tfvars.lint(self._root)
        channels = yield from channel_lint.lint(self._root, self._environments())
        yield from workflow_lint.lint(self._root, channels)
        yield from acknowledgements.lint(self._root)
        envelope = yield from self._envelope()
        reports = [*self._examples(tree.ENVELOPE_EXAMPLES, {"callback": envelope})]
        yield from reports
        for folder in tree.task_type_folders(self._root):
            yield from self._names(folder)
        for version in tree.versions(self._root):
            schemas: dict[str, Document | None] = {}
            for kind in tree.KINDS:
                schemas[kind] = yield from self._schema(version.schema(kind))
            if output := schemas["output"]:
                yield from bounds.lint(output)
            examples = [*self._examples(version.folder / "examples", schemas)]
            yield from examples
            if envelope and output:
                in_order = not reports and not examples
                yield from self._model(version, envelope, output, run=in_order)

    def _environments(self) -> list[tfvars.Environment]:
        try:
            return tfvars.environments(self._root)
        except (InvalidHclError, OSError, UnreadableError):
            return []

    def _envelope(self) -> Reading:
        envelope = yield from self._schema(tree.ENVELOPE)
        if envelope is None:
            return None
        # Each channel's output schema stands in for task_output.
        yield from bounds.lint(envelope, but="/properties/task_output")
        missing = {*compose.NARROWED} - {*envelope.value.get("properties", {})}
        for name in sorted(missing):
            yield envelope.finding(
                "/properties", f"a callback has no {name}", f"the property {name}"
            )
        return None if missing else envelope

    def _schema(self, path: Path) -> Reading:
        document = yield from schema_lint.well_formed(self._root, path)
        if document is not None:
            findings = [*schema_lint.lint(document)]
            yield from findings
            if not findings:  # A pattern that is refused may run for ever.
                self._sound.add(path)
        return document

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
        numbers = sorted(
            version.number
            for version in tree.versions(self._root)
            if version.task_type == folder.name
        )
        gaps = (pair for pair in enumerate(numbers, start=1) if pair[0] != pair[1])
        for missing, number in islice(gaps, 1):
            yield Finding(
                where / f"v{number}",
                1,
                f"v{number} comes after no v{missing}, and a version is compared with the one "
                "before",
                f"v{missing}",
            )
        for version in tree.folders(folder):
            if not tree.VERSION.fullmatch(version.name):
                yield Finding(
                    version.relative_to(self._root), 1, f"{version.name} is no version", "v1, v2"
                )

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
        if schema.path in self._sound:
            yield from use.lint(schema, example, verdict)

    def _model(
        self, version: tree.Version, envelope: Document, output: Document, *, run: bool
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
        if run and not shared and {envelope.path, output.path} <= self._sound:
            yield from use.lint_model(self._root, version, output, model)
        size = len(json.dumps(model, separators=(",", ":"), ensure_ascii=False).encode())
        if size > compose.MODEL_BYTES:
            yield output.finding(
                "",
                f"the API model has {size} bytes, and API Gateway takes {compose.MODEL_BYTES}",
                "shorter descriptions, or definitions for what is repeated",
            )

    def _fresh(self, version: tree.Version, text: str) -> Iterator[Finding]:
        file = self._root / version.model
        try:
            written = read_bytes(file).decode(errors="replace").splitlines()
        except FileNotFoundError:
            written = []
        except UnreadableError as error:
            yield Finding(version.model, 1, str(error), "it anew, with `make docs`")
            return
        lines = enumerate(zip_longest(written, text.splitlines()), start=1)
        stale = next((number for number, (old, new) in lines if old != new), None)
        if stale is not None:
            yield Finding(
                version.model,
                stale,
                f"the file is not what {tree.ENVELOPE} and {version.schema('output')} make",
                "it anew, with `make docs`",
            )
