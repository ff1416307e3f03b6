"""What a directory of Terraform code has to pass."""

import os
import shutil
from concurrent.futures import Future
from pathlib import Path

from tests.support.programs import EXAMPLES
from tools import REPOSITORY
from tools.deploy.terraform import LOCK_FILE, MODULES, ROOTS, Directory

type Checks = dict[Path, "Future[None]"]


def directories() -> list[Path]:
    """Every module and root, and the examples that are roots."""
    return sorted(
        path.parent for top in (EXAMPLES, MODULES, ROOTS) for path in top.glob("*/versions.tf")
    )


def check(path: Path) -> None:
    """Validates a directory and runs the tests beside it.

    Raises:
        AssertionError: there are none.
        TerraformError: it failed; carries what Terraform printed.
    """
    assert any((path / "tests").glob("*.tftest.hcl")), "there are no tests beside it"
    # Modules and examples pin nothing; they are tested with the provider that the roots pin.
    if path.parent != ROOTS:
        shutil.copyfile(LOCK_FILE, path / LOCK_FILE.name)
    # With a data directory that no other use of it shares.
    data_dir = REPOSITORY / ".terraform" / "test" / path.parent.name / path.name
    directory = Directory(path, data_dir, os.environ)
    directory.init("-backend=false")
    directory.run("validate", quiet=True)
    directory.run("test", "-no-color", quiet=True)
