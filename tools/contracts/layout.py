"""Refuses what stands in the folders of contracts and workflows, and nothing reads."""

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from tools.contracts import tree
from tools.contracts.documents import Finding

# Pattern of a name => what a folder of that name holds; None is a file.
type Folder = Mapping[str, "Folder | None"]

_EXAMPLES: Folder = {"valid": {"*": None}, "invalid": {"*": None}}
_VERSION: Folder = {
    **{f"{kind}.schema.json": None for kind in (*tree.KINDS, "callback")},
    "examples": _EXAMPLES,
}
_FOLDERS: Mapping[Path, Folder] = {
    tree.SCHEMAS: {
        tree.ENVELOPE.name: None,
        tree.ACKNOWLEDGED.name: None,
        tree.CHANNEL_SCHEMA.name: None,
        tree.ENVELOPE_EXAMPLES.name: _EXAMPLES,
        "*": {"channel.json": None, "*": _VERSION},
    },
    tree.WORKFLOWS: {tree.INFRASTRUCTURE_RETRIER.name: None, "*.asl.json": None},
}


def lint(root: Path) -> Iterator[Finding]:
    """Files and folders that are none of a contract or a workflow, and all links."""
    for folder, known in _FOLDERS.items():
        yield from _strays(root, folder, known)


def _strays(root: Path, folder: Path, known: Folder) -> Iterator[Finding]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Finding(folder, 1, f"the folder cannot be read: {error.strerror}", "the folder")
        return
    for entry in entries:
        path = folder / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not entry.is_file(follow_symlinks=False):
            yield Finding(path, 1, "what stands there is no file", "the file itself")
            continue
        pattern = next(
            (
                pattern
                for pattern, inner in known.items()
                if fnmatchcase(entry.name, pattern) and (inner is not None) == is_folder
            ),
            None,
        )
        if pattern is None:
            kind = "folder" if is_folder else "file"
            yield Finding(
                path,
                1,
                f"nothing reads the {kind}",
                f"nothing there; the folder has {_said(known)}",
            )
        elif inner := known[pattern]:
            yield from _strays(root, path, inner)


def _said(known: Folder) -> str:
    return ", ".join(name if inner is None else f"{name}/" for name, inner in known.items())
