"""Copies of the contracts, and of what is checked with them, to break one thing in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts_tree import Edit
from tools import REPOSITORY
from tools.contracts import tree


@pytest.fixture
def contracts_tree(tmp_path: Path) -> Path:
    for folder in (tree.SCHEMAS, tree.ROOTS, tree.FUNCTIONS, tree.WORKFLOWS):
        shutil.copytree(
            REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform")
        )
    return tmp_path


@pytest.fixture
def edit(contracts_tree: Path) -> Edit:
    """Changes a JSON file of the copy."""

    def edited(path: Path, change: Callable[[Any], None]) -> None:
        file = contracts_tree / path
        value = json.loads(file.read_text())
        change(value)
        file.write_text(json.dumps(value, indent=2) + "\n")

    return edited
