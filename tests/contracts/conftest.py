"""Copies of the contracts, to break one thing in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts import tree

TASK_TYPE = "ORDER_SHIPPING_SERVICE"
OUTPUT = Path(f"schemas/{TASK_TYPE}/v1/output.schema.json")
REQUEST = Path(f"schemas/{TASK_TYPE}/v1/request.schema.json")

Edit = Callable[[Path, Callable[[Any], None]], None]


@pytest.fixture
def contracts_tree(tmp_path: Path) -> Path:
    shutil.copytree(tree.REPOSITORY / tree.SCHEMAS, tmp_path / tree.SCHEMAS)
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
