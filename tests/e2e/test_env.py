"""A shell that has evaluated `make -s env` is at the environment."""

import json
import shlex
import subprocess
import sys

import pytest

from tools import REPOSITORY
from tools.devenv.environment import Environment
from tools.devenv.state import ACCOUNTS


@pytest.mark.parametrize("account", ACCOUNTS)
def test_terraform_finds_the_outputs_of_the_accounts_root(
    account: str, environment: Environment
) -> None:
    devenv = f"{sys.executable} -m tools.devenv --directory {environment.directory}"
    make = shlex.join(["make", "-s", "env", f"ACCOUNT={account}", f"DEVENV={devenv}"])
    terraform = f"terraform -chdir=terraform/roots/{account} output -json"

    printed = subprocess.run(
        ["sh", "-ec", f'eval "$({make})"; {terraform}'],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    outputs = {name: output["value"] for name, output in json.loads(printed).items()}
    assert outputs == environment.root(account).outputs()
    assert outputs
