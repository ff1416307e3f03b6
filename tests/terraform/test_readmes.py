"""Terraform code in READMEs, planned together with the platform that the examples make of it."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.support.programs import EXAMPLES
from tools import REPOSITORY, markdown
from tools.deploy.terraform import LOCK_FILE, Directory, TerraformError

MARKED = re.compile(r"<!-- code: .*?<!-- end -->", re.S)
HCL = re.compile(r"^```hcl\n(.*?)^```", re.M | re.S)
REMOTE = re.compile(r'"git::[^"]+//(terraform/modules/[a-z-]+)\?ref=v[0-9.]+"')


def test_terraform_code_in_documents_can_be_planned(tmp_path: Path) -> None:
    for folder in ("lambdas", "schemas", "terraform"):
        (tmp_path / folder).symlink_to(REPOSITORY / folder)
    root = tmp_path / "examples" / "own_platform"
    ignored = shutil.ignore_patterns(".terraform*")
    shutil.copytree(EXAMPLES / "own_platform", root, ignore=ignored)
    shutil.copyfile(LOCK_FILE, root / LOCK_FILE.name)
    blocks = [
        block
        for document in markdown.documents(REPOSITORY)
        for block in HCL.findall(MARKED.sub("", (REPOSITORY / document).read_text()))
    ]
    code, _ = REMOTE.subn(r'"../../\1"', "\n".join(blocks))
    (root / "documents.tf").write_text(code)
    (tests,) = (root / "tests").iterdir()
    mocks, _, _ = tests.read_text().partition("\nrun ")
    tests.write_text(f'{mocks}\nrun "documents" {{\n  command = plan\n}}\n')
    directory = Directory(root, tmp_path / ".terraform", os.environ)

    assert blocks
    try:
        directory.init("-backend=false")
        directory.run("fmt", "-check", "-diff", quiet=True)
        directory.run("test", "-no-color", quiet=True)
    except TerraformError as error:
        pytest.fail(f"{error}\n{error.detail}", pytrace=False)
