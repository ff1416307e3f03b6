"""All Terraform code: its format, its validity, and the tests beside each module and root."""

import os
import shutil
from pathlib import Path

import pytest

from local import REPOSITORY
from local.terraform import LOCK_FILE, MODULES, ROOTS, Directory, TerraformError

TERRAFORM = REPOSITORY / "terraform"


def directories() -> list[Path]:
    return sorted(path.parent for top in (MODULES, ROOTS) for path in top.glob("*/versions.tf"))


def run(directory: Directory, *arguments: str) -> None:
    try:
        directory.run(*arguments, quiet=True)
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.output}", pytrace=False)


def test_format() -> None:
    run(in_test(TERRAFORM), "fmt", "-check", "-diff", "-recursive")


@pytest.mark.parametrize("path", directories(), ids=lambda path: path.name)
def test_directory(path: Path) -> None:
    directory = in_test(path)
    # Modules pin nothing; they are tested with the provider that the roots pin.
    if path.parent == MODULES:
        shutil.copyfile(LOCK_FILE, path / LOCK_FILE.name)
    directory.init("-backend=false")

    run(directory, "validate")

    assert any((path / "tests").glob("*.tftest.hcl")), "there are no tests beside it"
    run(directory, "test")


def in_test(path: Path) -> Directory:
    """The directory, with a data directory that no other use of it shares."""
    data_dir = REPOSITORY / ".terraform" / "test" / path.parent.name / path.name
    return Directory(path, data_dir, os.environ)
