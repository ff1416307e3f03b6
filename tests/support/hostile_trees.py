"""Trees that no editor would write, and a checkout may hold all the same."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.contracts_tree import CHANNEL, OUTPUT, REQUEST
from tools.contracts import tree
from tools.contracts.tfvars import PLATFORM

EXAMPLE = OUTPUT.parent / "examples/valid/output.json"
MODEL = OUTPUT.with_name("callback.schema.json")
WORKFLOW = tree.WORKFLOWS / "order_review.asl.json"
VARIABLES = PLATFORM / "variables.tf"
SETTINGS = PLATFORM / "envs/dev.tfvars"

# JSON that contracts are read from, and what Terraform reads.
JSON_FILES = (
    tree.CHANNEL_SCHEMA,
    tree.ENVELOPE,
    tree.INFRASTRUCTURE_RETRIER,
    CHANNEL,
    EXAMPLE,
    OUTPUT,
    REQUEST,
    WORKFLOW,
)
HCL_FILES = (SETTINGS, VARIABLES)


@dataclass(frozen=True, slots=True)
class Hostile:
    """`spoil` is given the root of a tree, and what it does is to be found at `path`."""

    path: Path
    spoil: Callable[[Path], object]


def trees() -> Mapping[str, Hostile]:
    """By a name that says what is wrong."""
    written = {
        f"{path}: {what}": Hostile(path, _writing(path, content))
        for files, contents in ((JSON_FILES, _JSON), (HCL_FILES, _HCL))
        for path in files
        for what, content in contents.items()
    }
    replaced = {
        f"{path}: {what}": Hostile(path, _replacing(path, put))
        for path in (*JSON_FILES, *HCL_FILES, MODEL)
        for what, put in _INSTEAD.items()
    }
    return {**written, **replaced, **_WHOLE}


_ANY: Mapping[str, bytes] = {
    "nothing": b"",
    "Latin-1": b'{"a": "\xe9"}',
    "a null byte": b"\x00",
    "200,000 levels": b"[" * 200_000 + b"]" * 200_000,
}
_JSON: Mapping[str, bytes] = {
    **_ANY,
    "not JSON": b"{,}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a lone surrogate": b'{"a": "\\ud800"}',
    "a lone surrogate in a name": b'{"\\udfff": 1}',
    "200,000 levels of objects": b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
    "201 levels": b'{"a":' * 201 + b"1" + b"}" * 201,
    "1e400": b'{"a": 1e400}',
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "three megabytes": b'{"a": "' + b"x" * 3 * 2**20 + b'"}',
    "null": b"null",
    "a list": b"[]",
    "a text": b'"{}"',
}
_HCL: Mapping[str, bytes] = {
    **{what: content for what, content in _ANY.items() if what != "nothing"},
    "not HCL": b"a = = 1",
    "a label that is none": b'variable { type = string }\nvariable "a" "b" {',
    "200,000 levels of objects": b"a = " + b"{ a = " * 200_000 + b"1" + b" }" * 200_000,
}
_INSTEAD: Mapping[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a link to itself": lambda file: file.symlink_to(file.name),
    "a link to nothing": lambda file: file.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
}
_TYPE = OUTPUT.parents[1]
_WHOLE: Mapping[str, Hostile] = {
    "no schemas": Hostile(tree.SCHEMAS, lambda root: shutil.rmtree(root / tree.SCHEMAS)),
    "no roots": Hostile(tree.ROOTS, lambda root: shutil.rmtree(root / tree.ROOTS)),
    "no environments": Hostile(
        PLATFORM / "envs", lambda root: shutil.rmtree(root / PLATFORM / "envs")
    ),
    "no workflows": Hostile(tree.WORKFLOWS, lambda root: shutil.rmtree(root / tree.WORKFLOWS)),
    "a file for schemas": Hostile(tree.SCHEMAS, lambda root: _file(root / tree.SCHEMAS)),
    "a file for a root": Hostile(PLATFORM, lambda root: _file(root / PLATFORM)),
    "a file for a task type": Hostile(_TYPE, lambda root: _file(root / _TYPE)),
    "a file for a version": Hostile(OUTPUT.parent, lambda root: _file(root / OUTPUT.parent)),
    "a file for examples": Hostile(
        EXAMPLE.parent.parent, lambda root: _file(root / EXAMPLE.parent.parent)
    ),
    "a file for valid examples": Hostile(EXAMPLE.parent, lambda root: _file(root / EXAMPLE.parent)),
    "a version that leads back to its task type": Hostile(
        _TYPE / "v2", lambda root: (root / _TYPE / "v2").symlink_to(root / _TYPE)
    ),
    "a task type that leads back to all": Hostile(
        tree.SCHEMAS / "LOOP", lambda root: (root / tree.SCHEMAS / "LOOP").symlink_to("..")
    ),
    "a name that is not UTF-8": Hostile(
        tree.SCHEMAS, lambda root: (root / tree.SCHEMAS / "\udcff").mkdir()
    ),
    "a name with a line break": Hostile(
        _TYPE, lambda root: (root / _TYPE / "v1\nv2").write_text("")
    ),
    "no partners but a text": Hostile(
        CHANNEL, lambda root: _replace(root / SETTINGS, "partners", "partners = 1\nothers")
    ),
}


def _writing(path: Path, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / path).write_bytes(content)


def _replacing(path: Path, put: Callable[[Path], object]) -> Callable[[Path], object]:
    def replace(root: Path) -> None:
        (root / path).unlink()
        put(root / path)

    return replace


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new, 1))


def _file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")
