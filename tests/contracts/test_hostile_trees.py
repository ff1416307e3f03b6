"""Whatever stands in the tree, each command names the file and writes nothing."""

import sys
from pathlib import Path

import pytest

from tests.support.hostile_trees import MODEL, Hostile, trees
from tools.contracts import __main__
from tools.contracts.lint import lint

COMMANDS = (
    ("lint",),
    ("check", "--base", "HEAD"),
    ("docs",),
    ("new-task-type", "TYPE_THAT_A_TEST_ADDS"),
)


@pytest.mark.parametrize("hostile", trees().values(), ids=trees())
def test_a_hostile_tree_is_a_finding_of_every_command(
    hostile: Hostile,
    contracts_tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile.spoil(contracts_tree)
    monkeypatch.setattr(__main__, "REPOSITORY", contracts_tree)

    for command in COMMANDS:
        monkeypatch.setattr(sys, "argv", ["contracts", *command])

        assert __main__.main() == 1

        told = capsys.readouterr().err
        told.encode()
        assert f"\n{hostile.path}" in f"\n{told}", command
        assert "write: " in told


@pytest.mark.parametrize("content", [b"", b"\xe9", b"\x00", b"[" * 200_000])
def test_a_composed_file_that_is_none_is_stale(content: bytes, contracts_tree: Path) -> None:
    (contracts_tree / MODEL).write_bytes(content)

    (found,) = lint(contracts_tree)

    assert (found.path, found.line) == (MODEL, 1)
