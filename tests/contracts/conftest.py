"""Copies of the contracts, to break one thing in."""

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
    shutil.copytree(REPOSITORY / tree.SCHEMAS, tmp_path / tree.SCHEMAS)
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
