"""Refuses a change of the contracts that breaks a partner who was there before it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

from tools.contracts import bounds, settings, tree
from tools.contracts.documents import Document, Finding, load, parse, token
from tools.contracts.inclusion import Obstacle, obstacles
from tools.contracts.settings import Settings, complete
from tools.errors import UserError


class RevisionError(UserError):
    """Git knows no such revision, or it is too old to be compared with."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The contracts of a git revision."""

    repository: Path
    name: str

    def paths(self) -> set[Path]:
        """Raises RevisionError."""
        listed = self._git("ls-tree", "-r", "--name-only", self.name, "--", str(tree.SCHEMAS))
        return {Path(line) for line in listed.splitlines()}

    def read(self, path: Path) -> str:
        return self._git("show", f"{self.name}:{path.as_posix()}")

    def channels(self) -> Mapping[str, Settings]:
        """Raises RevisionError."""
        paths = self.paths()
        if tree.CHANNEL_SCHEMA not in paths:
            raise RevisionError(
                f"{self.name} has no {tree.CHANNEL_SCHEMA}, so its channels cannot be read: "
                "compare with a revision that has it."
            )
        schema = json.loads(self.read(tree.CHANNEL_SCHEMA))
        return {
            path.parent.name: complete(schema, json.loads(self.read(path)))
            for path in sorted(paths)
            if path == tree.channel(path.parent.name)
        }

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.repository), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RevisionError(
                f"BASE={self.name} cannot be read: name the git revision that partners use.",
                done.stderr.strip(),
            )
        return done.stdout


@dataclass(frozen=True, slots=True)
class Comparison:
    """`findings` break a partner; `notes` tell what moving to a new version asks of one."""

    findings: list[Finding]
    notes: list[Finding]


def compare(root: Path, base: Revision) -> Comparison:
    """The working tree at `root` against the revision. Raises RevisionError."""
    before, channels = base.paths(), base.channels()
    findings = [*_schemas(root, base, before, channels), *_channels(root, channels)]
    return Comparison(findings, list(_new_versions(root, base, before)))


def _schemas(
    root: Path, base: Revision, before: set[Path], channels: Mapping[str, Settings]
) -> Iterator[Finding]:
    contracts = {f"{kind}.schema.json" for kind in tree.KINDS}
    for path in sorted(before):
        if path != tree.ENVELOPE and path.name not in contracts:
            continue
        if not (root / path).exists():
            kind = path.name.removesuffix(".schema.json")
            yield Finding(
                path,
                1,
                f"the {kind} contract is gone, but partners rely on it",
                "the file as it was, until no partner uses it",
            )
            continue
        old, new = json.loads(base.read(path)), load(root / path)
        received = path.name == "request.schema.json"
        found = obstacles(new.value, old) if received else obstacles(old, new.value)
        channel = channels.get(path.parents[1].name)
        if path.name == "output.schema.json" and channel:
            bounded = bounds.implied(old, channel["max_output_bytes"])
            found = _unless_too_large(found, obstacles(bounded, new.value))
        for obstacle in found:
            yield _finding(path, new, obstacle, received=received)


def _unless_too_large(found: list[Obstacle], of_what_fits: list[Obstacle]) -> list[Obstacle]:
    """Without what concerns only documents that the channel's limit refused before."""
    kept = {(obstacle.pointer, obstacle.keyword) for obstacle in of_what_fits}
    return [obstacle for obstacle in found if (obstacle.pointer, obstacle.keyword) in kept]


def _finding(path: Path, new: Document, obstacle: Obstacle, *, received: bool) -> Finding:
    what = (
        f"partners may now receive {obstacle.documents}"
        if received
        else f"partners can no longer send {obstacle.documents}"
    )
    instead = (
        "the envelope as it was: it has no versions and can only gain optional properties"
        if path == tree.ENVELOPE
        else f"the change in a new version, {path.parents[1] / _next(path.parent.name)}, and "
        f"{path.parent.name} as it was"
    )
    return Finding(path, new.line(obstacle.pointer), f"{obstacle.pointer or '/'}: {what}", instead)


def _next(version: str) -> str:
    return f"v{int(version[1:]) + 1}"


def _channels(root: Path, base: Mapping[str, Settings]) -> Iterator[Finding]:
    channels = settings.read(root)
    for task_type, before in base.items():
        path = tree.channel(task_type)
        if task_type not in channels:
            yield Finding(
                path, 1, f"{task_type} is gone, and partners use it", "the file as it was"
            )
            continue
        document, now = replace(load(root / path), path=path), channels[task_type]
        for version in sorted({*before["versions"]} - {*now["versions"]}):
            yield document.finding(
                "/versions",
                f"{version} of {task_type} is gone, and partners use it",
                f'"{version}" in versions, beside the new one',
            )
        if now["require_callback_id"] and not before["require_callback_id"]:
            yield document.finding(
                "/require_callback_id",
                f"{task_type} refuses callbacks without callback_id, which it took before",
                '"require_callback_id": false',
            )
        if now["max_output_bytes"] < before["max_output_bytes"]:
            yield document.finding(
                "/max_output_bytes",
                f"{task_type} refuses outputs over {now['max_output_bytes']} bytes; before, over "
                f"{before['max_output_bytes']}",
                f'"max_output_bytes": {before["max_output_bytes"]}',
            )
        if now["auth"] != before["auth"]:
            yield document.finding(
                "/auth",
                f"{task_type} asks for {now['auth']}; its partners have {before['auth']}",
                f'"auth": "{before["auth"]}"',
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
