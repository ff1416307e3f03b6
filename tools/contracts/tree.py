"""Where things lie: schemas/ has a folder for each channel, and in it one for each version."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callbacks.domain import routes

SCHEMAS = Path("schemas")
ENVELOPE = SCHEMAS / "callback.schema.json"
ENVELOPE_EXAMPLES = SCHEMAS / "examples"
CHANNEL_SCHEMA = SCHEMAS / "channel.schema.json"
ACKNOWLEDGED = SCHEMAS / "acknowledged.json"
ROOTS = Path("terraform/roots")
FUNCTIONS = Path("lambdas/functions")
WORKFLOWS = Path("statemachines")
PUBLISHED = Path("docs/contracts")
INFRASTRUCTURE_RETRIER = WORKFLOWS / "infrastructure_retrier.json"

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

    @property
    def model(self) -> Path:
        """The schema of callbacks, which `compose` makes of the envelope and the output schema."""
        return self.folder / "callback.schema.json"

    @property
    def page(self) -> Path:
        """Named as the route is: v1 has the channel's name, another version its own behind it."""
        route = routes.route(self.task_type, self.name).removeprefix(f"{routes.ROOT}/")
        return PUBLISHED / f"{route.replace('/', '-')}.html"

    def schema(self, kind: str) -> Path:
        return self.folder / f"{kind}.schema.json"

    def examples(self, verdict: str) -> Path:
        return self.folder / "examples" / verdict


def channel(task_type: str) -> Path:
    """The settings of a channel."""
    return SCHEMAS / task_type / "channel.json"


def task_types(root: Path) -> list[str]:
    """All that Terraform makes a channel of."""
    return sorted(file.parent.name for file in (root / SCHEMAS).glob("*/channel.json"))


def folders(path: Path) -> list[Path]:
    """The folders in a folder, without links; none if there is no such folder."""
    try:
        entries = [*os.scandir(path)]
    except OSError:
        return []
    return sorted(Path(one.path) for one in entries if one.is_dir(follow_symlinks=False))


def task_type_folders(root: Path) -> Iterator[Path]:
    for folder in folders(root / SCHEMAS):
        if folder != root / ENVELOPE_EXAMPLES:
            yield folder


def versions(root: Path) -> list[Version]:
    """All that are well named; `lint` names those that are not."""
    return [
        Version(folder.name, version.name)
        for folder in task_type_folders(root)
        if TASK_TYPE.fullmatch(folder.name)
        for version in folders(folder)
        if VERSION.fullmatch(version.name)
    ]
