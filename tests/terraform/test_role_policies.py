"""Role policies that IAM would refuse for their size; too long to be written in a test of HCL."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tools.deploy.terraform import LOCK_FILE, MODULES, Directory, TerraformError

LIMIT = 10_240


@pytest.mark.parametrize("module", ["lambda-function", "workflow"])
def test_refuses_a_role_policy_that_iam_refuses(module: str, tmp_path: Path) -> None:
    copy = shutil.copytree(
        MODULES / module, tmp_path / module, ignore=shutil.ignore_patterns(".terraform")
    )
    shutil.copyfile(LOCK_FILE, copy / LOCK_FILE.name)
    (tests,) = (copy / "tests").iterdir()
    settings, _, _ = tests.read_text().partition("\nrun ")
    tests.write_text(
        settings
        + _run("at_the_limit", _policy(LIMIT) + " " * LIMIT, "apply")
        + _run(
            "above_it", _policy(LIMIT + 1), "plan", "expect_failures = [aws_iam_role_policy.this]"
        )
    )
    directory = Directory(copy, tmp_path / ".terraform", os.environ)
    directory.init("-backend=false")

    try:
        directory.run("test", quiet=True)
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.detail}", pytrace=False)


def _policy(characters: int) -> str:
    empty = json.dumps({"Id": ""}, separators=(",", ":"))
    return empty.replace('""', f'"{"a" * (characters - len(empty))}"')


def _run(name: str, policy: str, command: str, expected: str = "") -> str:
    return f"""
run "{name}" {{
  command = {command}

  override_data {{
    target = data.aws_iam_policy_document.this
    values = {{ json = {json.dumps(policy)} }}
  }}

  {expected}
}}
"""
