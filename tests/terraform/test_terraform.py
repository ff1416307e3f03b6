"""All Terraform code: its format, its validity, and the tests beside each module and root."""

import os
from pathlib import Path

import pytest

from tests.support.terraform_checks import Checks, directories
from tools import REPOSITORY
from tools.deploy.terraform import Directory, TerraformError


@pytest.mark.parametrize("folder", ["examples", "terraform"])
def test_format(folder: str, tmp_path: Path) -> None:
    directory = Directory(REPOSITORY / folder, tmp_path, os.environ)

    try:
        directory.run("fmt", "-check", "-diff", "-recursive", quiet=True)
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.detail}", pytrace=False)


@pytest.mark.parametrize(
    "checked", directories(), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_directory(checked: Path, checks: Checks) -> None:
    try:
        checks[checked].result()
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.detail}", pytrace=False)
