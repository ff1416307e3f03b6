"""Where the contracts lie: schemas/, with a folder a task type and in it a folder a version."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCHEMAS = Path("schemas")
ENVELOPE = SCHEMAS / "callback.schema.json"
ENVELOPE_EXAMPLES = SCHEMAS / "examples"
TASK_TYPES = Path("terraform/roots/platform/task_types.tf")

TASK_TYPE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
TASK_TYPE_LENGTH = 40
VERSION = re.compile(r"v[1-9][0-9]*")
KINDS = ("request", "output")


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """One contract version of a task type; its paths are relative to the repository."""

    task_type: str
    name: str

    @property
    def folder(self) -> Path:
        return SCHEMAS / self.task_type / self.name

    @property
    def number(self) -> int:
        return int(self.name[1:])

    def schema(self, kind: str) -> Path:
        return self.folder / f"{kind}.schema.json"

    def examples(self, verdict: str) -> Path:
        return self.folder / "examples" / verdict


def task_type_folders(root: Path) -> Iterator[Path]:
    for folder in sorted((root / SCHEMAS).iterdir()):
        if folder.is_dir() and folder != root / ENVELOPE_EXAMPLES:
            yield folder


def versions(root: Path) -> list[Version]:
    """All that are well named; `lint` names those that are not."""
    return [
        Version(folder.name, version.name)
        for folder in task_type_folders(root)
        if TASK_TYPE.fullmatch(folder.name)
        for version in sorted(folder.iterdir())
        if version.is_dir() and VERSION.fullmatch(version.name)
    ]
