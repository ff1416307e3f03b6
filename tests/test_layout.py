"""Tests stand where their subjects do, and share what is in tests/support, not each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools import REPOSITORY

TESTS = REPOSITORY / "tests"
SUPPORT = TESTS / "support"
MODULES = [path for path in TESTS.rglob("*.py") if SUPPORT not in path.parents]
UNITS = [REPOSITORY / "lambdas", REPOSITORY / "lambdas" / "callbacks", REPOSITORY / "tools"]


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            yield from (f"{package}.{alias.name}" for alias in node.names)


def folders(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if path.is_dir()}


def test_no_test_module_imports_another() -> None:
    assert not [
        (str(module.relative_to(TESTS)), name)
        for module in MODULES
        for name in imported(module)
        if name.startswith(("tests.", ".")) and not name.startswith("tests.support.")
    ]


def test_outside_of_support_there_are_tests_and_conftests_only() -> None:
    names = {str(module.relative_to(TESTS)) for module in MODULES}

    assert not {name for name in names if not re.search(r"(^|/)(test_\w+|conftest)\.py$", name)}


def test_a_folder_of_unit_tests_is_named_as_its_subject() -> None:
    assert folders(TESTS / "unit") - {"__pycache__"} <= set().union(*map(folders, UNITS))


def test_what_the_docs_say_is_shown_by_a_test_is() -> None:
    tests = "\n".join(module.read_text() for module in MODULES)
    shown = (REPOSITORY / "docs/architecture.md").read_text()

    named = set(re.findall(r"`(test_[a-z0-9_]+)`", shown))

    assert len(named) > 20
    assert not {name for name in named if f"def {name}(" not in tests}
