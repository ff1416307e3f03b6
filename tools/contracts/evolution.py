"""Refuses a change of the contracts that breaks a partner who was there before it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

from tools.contracts import task_types, tree
from tools.contracts.documents import Document, Finding, load, parse, token
from tools.contracts.inclusion import Obstacle, obstacles


class UnknownRevisionError(Exception):
    """Git knows no such revision."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The contracts of a git revision."""

    repository: Path
    name: str

    def paths(self) -> set[Path]:
        """Raises UnknownRevisionError."""
        listed = self._git("ls-tree", "-r", "--name-only", self.name, "--", str(tree.SCHEMAS))
        return {Path(line) for line in listed.splitlines()}

    def read(self, path: Path) -> str:
        return self._git("show", f"{self.name}:{path.as_posix()}")

    def task_types(self) -> Mapping[str, Mapping[str, Any]]:
        return task_types.evaluate(self.read(tree.TASK_TYPES))

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.repository), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnknownRevisionError(done.stderr.strip())
        return done.stdout


@dataclass(frozen=True, slots=True)
class Comparison:
    """`findings` break a partner; `notes` tell what moving to a new version asks of one."""

    findings: list[Finding]
    notes: list[Finding]


def compare(root: Path, base: Revision) -> Comparison:
    """The working tree at `root` against the revision. Raises UnknownRevisionError."""
    before = base.paths()
    findings = [*_schemas(root, base, before), *_channels(root, base)]
    return Comparison(findings, list(_new_versions(root, base, before)))


def _schemas(root: Path, base: Revision, before: set[Path]) -> Iterator[Finding]:
    for path in sorted(before):
        if not path.name.endswith(".schema.json"):
            continue
        if not (root / path).exists():
            kind = path.name.removesuffix(".schema.json")
            yield Finding(
                path,
                1,
                f"the {kind} contract is gone, and partners build against it",
                "the file as it was, until no partner uses it",
            )
            continue
        old, new = json.loads(base.read(path)), load(root / path)
        received = path.name == "request.schema.json"
        found = obstacles(new.value, old) if received else obstacles(old, new.value)
        for obstacle in found:
            yield _finding(path, new, obstacle, received=received)


def _finding(path: Path, new: Document, obstacle: Obstacle, *, received: bool) -> Finding:
    what = (
        f"may send what was not accepted before, {obstacle.documents}"
        if received
        else f"may refuse what was accepted before, {obstacle.documents}"
    )
    instead = (
        "the envelope as it was: it has no versions, and may only gain optional properties"
        if path == tree.ENVELOPE
        else f"the change in a new version, {path.parents[1] / _next(path.parent.name)}, and "
        f"{path.parent.name} as it was"
    )
    return Finding(path, new.line(obstacle.pointer), f"{obstacle.pointer}: {what}", instead)


def _next(version: str) -> str:
    return f"v{int(version[1:]) + 1}"


def _channels(root: Path, base: Revision) -> Iterator[Finding]:
    old = base.task_types()
    new = task_types.evaluate((root / tree.TASK_TYPES).read_text())

    def finding(what: str, instead: str) -> Finding:
        return Finding(tree.TASK_TYPES, 1, what, instead)

    for task_type, channel in old.items():
        if task_type not in new:
            yield finding(f"{task_type} is gone, and partners use it", "the entry as it was")
            continue
        now = new[task_type]
        for version in sorted({*channel["versions"]} - {*now["versions"]}):
            yield finding(
                f"{version} of {task_type} is gone, and partners use it",
                f'"{version}" in its versions, beside the new one',
            )
        if now["require_callback_id"] and not channel["require_callback_id"]:
            yield finding(
                f"{task_type} refuses callbacks without callback_id, which it took before",
                "require_callback_id = false",
            )
        if now["max_output_bytes"] < channel["max_output_bytes"]:
            yield finding(
                f"{task_type} refuses outputs over {now['max_output_bytes']} bytes; before, over "
                f"{channel['max_output_bytes']}",
                f"max_output_bytes = {channel['max_output_bytes']}",
            )
        if now["auth"] != channel["auth"]:
            yield finding(
                f"{task_type} asks for {now['auth']}; its partners have {channel['auth']}",
                f'auth = "{channel["auth"]}"',
            )


def _new_versions(root: Path, base: Revision, before: set[Path]) -> Iterator[Finding]:
    """Tries the examples of the version before on each new one."""
    for version in tree.versions(root):
        previous = tree.Version(version.task_type, f"v{version.number - 1}")
        for kind in tree.KINDS:
            if version.schema(kind) in before or previous.schema(kind) not in before:
                continue
            schema = Draft4Validator(load(root / version.schema(kind)).value)
            for path in sorted(before):
                if path.parent != previous.examples("valid") or path.name.split(".")[0] != kind:
                    continue
                example = parse(path, base.read(path).encode())
                error = best_match(schema.iter_errors(example.value))
                if error is not None:
                    where = "".join(map(token, error.absolute_path))
                    yield example.finding(
                        where,
                        f"{version.name} refuses this example of {previous.name}, at "
                        f"{where or '/'}: {error.message}",
                        f"in {version.folder / 'examples/valid'} what replaces it, for partners "
                        "who move",
                    )
