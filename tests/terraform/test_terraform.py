"""All Terraform code: its format, and the tests beside each module and root, which validate it."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.programs import EXAMPLES
from tools import REPOSITORY
from tools.deploy.terraform import LOCK_FILE, MODULES, ROOTS, Directory, TerraformError

PATHS = sorted(
    path.parent for top in (EXAMPLES, MODULES, ROOTS) for path in top.glob("*/versions.tf")
)


@pytest.mark.parametrize("folder", ["examples", "terraform"])
def test_format(folder: str, tmp_path: Path) -> None:
    directory = Directory(REPOSITORY / folder, tmp_path, os.environ)

    try:
        directory.run("fmt", "-check", "-diff", "-recursive", quiet=True)
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.detail}", pytrace=False)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_directory(path: Path) -> None:
    assert any((path / "tests").glob("*.tftest.hcl")), "there are no tests beside it"
    # Modules and examples pin nothing; they are tested with the provider that the roots pin.
    if path.parent != ROOTS:
        shutil.copyfile(LOCK_FILE, path / LOCK_FILE.name)
    # With a data directory that no other use of it shares.
    data_dir = REPOSITORY / ".terraform" / "test" / path.parent.name / path.name
    directory = Directory(path, data_dir, os.environ)
    directory.init("-backend=false")

    try:
        directory.run("test", quiet=True)
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.detail}", pytrace=False)
