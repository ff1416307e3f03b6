"""Reads from Terraform code which of checkov's checks are skipped, beside what, and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import hcl

_SKIP = re.compile(r"#\s*checkov:skip=([\w,]+)(?::(.*))?")


@dataclass(frozen=True, order=True, slots=True)
class Skip:
    """A check that is skipped; `resource` is as in `aws_s3_bucket.state`, in the module `folder`.

    `reason` is empty where none is given.
    """

    check: str
    folder: Path
    resource: str
    reason: str


def skips(root: Path) -> list[Skip]:
    """All skips of the Terraform code below terraform/; folders are from `root`."""
    return sorted(
        skip
        for path in (root / "terraform").rglob("*.tf")
        if ".terraform" not in path.parts
        for skip in _skips(path, path.parent.relative_to(root))
    )


def _skips(path: Path, folder: Path) -> Iterator[Skip]:
    for block in hcl.blocks(path.read_bytes()):
        for check, reason in _SKIP.findall(block.source):
            yield Skip(check, folder, ".".join(block.labels[1:]), reason.strip())
