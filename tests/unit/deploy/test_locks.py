"""Whatever is installed is pinned by a hash."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import REPOSITORY

PIP, NPM = "requirements.txt", "package-lock.json"


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [REPOSITORY / name for name in listed]


def named(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def unpinned(lock: Path) -> list[str]:
    """What a lock of pip's or npm's leaves open."""
    if lock.name == NPM:
        packages = json.loads(lock.read_text())["packages"].items()
        return [name for name, package in packages if name and "integrity" not in package]
    entries = lock.read_text().replace("\\\n", "").splitlines()
    return [
        entry
        for entry in entries
        if entry.strip() and not re.match(r"\s*#|\S+==\S+ .*--hash=sha256:\w{64}", entry)
    ]


def installs() -> Iterator[str]:
    """The commands in what people run that install packages."""
    for path in tracked("Makefile", ".ci/*", "*.sh", "tools/*.py"):
        text = path.read_text().replace("\\\n", " ")
        yield from (
            line for line in text.splitlines() if re.search(r"\b(pip|npm) (install|ci)\b", line)
        )


@pytest.mark.parametrize("lock", tracked(f"*{PIP}", f"*{NPM}"), ids=named)
def test_a_lock_pins_everything_by_its_hash(lock: Path) -> None:
    assert unpinned(lock) == []


def test_what_is_not_pinned_is_found(tmp_path: Path) -> None:
    pip, npm = tmp_path / PIP, tmp_path / NPM
    pip.write_text("six==1.17.0 \\\n    # via nothing\nattrs>=1 --hash=sha256:0\n")
    npm.write_text('{"packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}')

    assert len(unpinned(pip)) == 2
    assert unpinned(npm) == ["node_modules/a"]


def test_an_install_takes_nothing_without_a_hash() -> None:
    commands = list(installs())

    assert commands
    assert not [one for one in commands if "--require-hashes" not in one and "npm ci" not in one]


@pytest.mark.parametrize("example", tracked("examples/*requirements.in"), ids=named)
def test_an_example_is_locked_to_what_its_tests_run_with(example: Path) -> None:
    tested = (REPOSITORY / "tests" / PIP).read_text()
    pinned = re.findall(r"^\S+==\S+", example.with_name(PIP).read_text(), re.MULTILINE)

    assert {Requirement(one).name for one in example.read_text().splitlines()} <= {
        Requirement(one).name for one in pinned
    }
    assert not [one for one in pinned if f"{one} " not in tested]
