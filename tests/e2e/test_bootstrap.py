"""A root whose state is kept in the bucket that it makes, on an engine that is still empty."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.deploy.accounts import Account
from tools.deploy.bootstrap import bootstrap
from tools.deploy.terraform import LOCK_FILE, ROOTS, Directory
from tools.devenv import ENGINE_PYTHON, engine
from tools.devenv.engine import Engine
from tools.devenv.environment import account, account_variables
from tools.devenv.state import ACCOUNTS, REGION, forget_aws_configuration

BUCKET = f"callbacks-tfstate-{ACCOUNTS['platform']}"


@pytest.fixture(scope="module")
def empty_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    forget_aws_configuration()
    directory = tmp_path_factory.mktemp("engine")
    empty = engine.spawn(ENGINE_PYTHON, directory, ACCOUNTS["platform"], REGION)
    try:
        engine.wait(empty, directory)
        yield empty
    finally:
        empty.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The bootstrap root without all that only makes the provider wait."""
    path = tmp_path / "root"
    path.mkdir()
    shutil.copy(LOCK_FILE, path)
    (path / "main.tf").write_text(
        f"""
        terraform {{
          required_providers {{
            aws = {{ source = "hashicorp/aws", version = "~> 5.0" }}
          }}
          backend "s3" {{}}
        }}
        resource "aws_s3_bucket" "state" {{ bucket = "{BUCKET}" }}
        """
    )
    return path


def run_bootstrap(running: Engine, path: Path, directory: Path) -> Account:
    platform = account("platform", running)
    environ = {**os.environ, **account_variables("platform", running)}
    bootstrap(
        Directory(path, directory / "data", environ, directory / "log"),
        platform,
        ROOTS / "bootstrap" / "envs" / "local.s3.tfbackend",
        directory / "first.tfstate",
        "-auto-approve",
        "-input=false",
        "-no-color",
    )
    return platform


def test_the_state_moves_into_the_bucket_and_stays(
    empty_engine: Engine, root: Path, tmp_path: Path
) -> None:
    platform = run_bootstrap(empty_engine, root, tmp_path)
    run_bootstrap(empty_engine, root, tmp_path)

    states = platform.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [state["Key"] for state in states] == ["bootstrap/local.tfstate"]
    assert not list(tmp_path.glob("*.tfstate*"))
    applied = (tmp_path / "log").read_text()
    assert "Resources: 0 added, 0 changed, 0 destroyed" in applied.split("$ terraform apply")[2]
    assert not (root / "backend_override.tf").exists()
