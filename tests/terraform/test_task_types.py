"""What the platform root refuses of task_types.tf: names that AWS resources cannot share."""

import os
import shutil
from pathlib import Path

import pytest

from tools import REPOSITORY
from tools.deploy.terraform import Directory, TerraformError

ROOT = Path("terraform/roots/platform")
TYPE = "ORDER_SHIPPING_SERVICE"
SHARED = {
    "EXTERNAL_CALLBACK": "external-callback",
    "ORDER_PROCESSING": "order-processing",
    f"{TYPE}_ACME_SHIPPING": "order-shipping-service-acme-shipping",
    "ORDERSHIPPING_SERVICE": f"ORDERSHIPPING_SERVICE and {TYPE}",
}


def test_refuses_task_types_whose_resources_are_another_s(tmp_path: Path) -> None:
    for folder in ("terraform", "schemas", "statemachines"):
        shutil.copytree(
            REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform")
        )
    root = Directory(tmp_path / ROOT, tmp_path / ".terraform", os.environ)
    task_types = root.path / "task_types.tf"
    before, _, after = task_types.read_text().partition(f"    {TYPE} = {{")
    entry, _, _ = after.partition("    }\n")
    for name in SHARED:
        shutil.copytree(tmp_path / "schemas" / TYPE, tmp_path / "schemas" / name)
        before += f"    {name} = {{{entry}    }}\n"
    task_types.write_text(f"{before}    {TYPE} = {{{after}")
    _keep_one_plan(root.path / "tests" / "platform.tftest.hcl")
    root.init("-backend=false")

    with pytest.raises(TerraformError) as refused:
        root.run("test", "-no-color", quiet=True)

    said = " ".join(refused.value.detail.replace("│", "").split())
    assert f"{', '.join(SHARED.values())} would be shared" in said


def _keep_one_plan(tests: Path) -> None:
    """Leave what plans the environment dev: the mocks, its settings, and the plan itself."""
    mocks, *runs = tests.read_text().split("\nrun ")
    kept = [run for run in runs if run.startswith(('"dev"', '"accepts_the_settings_of_dev"'))]
    tests.write_text("\nrun ".join([mocks, *kept]))
