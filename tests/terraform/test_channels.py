"""What the platform root refuses of schemas/, even where nobody has run the lint."""

import json
import os
import shutil
from collections.abc import Callable
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


def share_names(schemas: Path) -> None:
    for name in SHARED:
        shutil.copytree(schemas / TYPE, schemas / name)
        model = schemas / name / "v1" / "callback.schema.json"
        model.write_text(model.read_text().replace(f'"{TYPE}"', f'"{name}"'))


def misspell_a_setting(schemas: Path) -> None:
    channel = schemas / TYPE / "channel.json"
    channel.write_text(json.dumps({**json.loads(channel.read_text()), "enabld": False}))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (share_names, f"{', '.join(SHARED.values())} would be shared"),
        (misspell_a_setting, f"Correct enabld in schemas/{TYPE}/channel.json"),
    ],
)
def test_refuses_what_terraform_would_not_notice(
    tmp_path: Path, change: Callable[[Path], None], why: str
) -> None:
    for folder in ("lambdas", "terraform", "schemas", "statemachines"):
        shutil.copytree(
            REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform")
        )
    root = Directory(tmp_path / ROOT, tmp_path / ".terraform", os.environ)
    change(tmp_path / "schemas")
    _keep_one_plan(root.path / "tests" / "platform.tftest.hcl")
    root.init("-backend=false")

    with pytest.raises(TerraformError) as refused:
        root.run("test", quiet=True)

    assert why in " ".join(refused.value.detail.replace("│", "").split())


def _keep_one_plan(tests: Path) -> None:
    """Leave what plans the environment dev: the mocks, its settings, and the plan itself."""
    mocks, *runs = tests.read_text().split("\nrun ")
    kept = [run for run in runs if run.startswith(('"dev"', '"accepts_the_settings_of_dev"'))]
    tests.write_text("\nrun ".join([mocks, *kept]))
