"""How the commands end, and what they print."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from tools import REPOSITORY
from tools.devenv import __main__ as commands
from tools.devenv import environment
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import Step, StepFailedError


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mock]:
    """Commands on an environment that is up, whose first walk is the mock's."""
    walk = Mock(return_value=iter([Step("A step", {"token": True}, 0.1)]))
    monkeypatch.setattr(commands, "walk", walk)
    monkeypatch.setattr(commands, "walk_review", Mock(return_value=iter([Step("Another")])))
    monkeypatch.setattr(environment.Environment, "up", Mock(return_value=False))
    monkeypatch.setattr(environment.Environment, "deployment", Mock())
    monkeypatch.setattr(environment.Environment, "webhook_port", 1)
    monkeypatch.setattr(commands, "forget_aws_configuration", Mock())
    monkeypatch.setattr(sys, "argv", ["local", "--directory", str(tmp_path), "demo"])
    return walk


@pytest.mark.usefixtures("run")
def test_a_walk_that_is_as_it_should_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main() == 0
    printed = capsys.readouterr().out
    assert "1. A step" in printed
    assert "2. Another" in printed


def test_a_walk_that_fails_says_where_and_ends_with_1(
    run: Mock, capsys: pytest.CaptureFixture[str]
) -> None:
    run.side_effect = StepFailedError("A step: the status is 'FAILED', not 'RUNNING'")

    assert commands.main() == 1
    assert "A step: the status is 'FAILED', not 'RUNNING'" in capsys.readouterr().err


def test_env_prints_exports_and_nothing_else(
    run: Mock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Environment, "exports", Mock(return_value={"A": "1", "B": "two words"}))
    monkeypatch.setattr(sys, "argv", ["local", "env"])

    assert commands.main() == 0
    assert capsys.readouterr() == (
        "unset AWS_PROFILE AWS_SESSION_TOKEN\nexport A=1\nexport B='two words'\n",
        "",
    )
    run.assert_not_called()


def test_env_of_what_is_not_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "forget_aws_configuration", Mock())
    monkeypatch.setattr(sys, "argv", ["local", "--directory", str(tmp_path), "env"])

    assert commands.main() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "The local environment is not up: run `make up` first.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["DEVENV={up} --directory {tmp}"], id="nothing is up"),
        pytest.param(["DEVENV={up} --directory {tmp}", "ACCOUNT=typo"], id="no such account"),
        pytest.param(["DEVENV={tmp}/bin/python"], id="nothing is installed"),
    ],
)
def test_a_shell_that_evaluates_env_in_vain_fails_and_reaches_nothing(
    arguments: list[str], tmp_path: Path
) -> None:
    up = f"{sys.executable} -m tools.devenv"
    make = ["make", "-s", "env", *(one.format(up=up, tmp=tmp_path) for one in arguments)]
    script = f'eval "$({shlex.join(make)})" && echo succeeded; env'

    shell = subprocess.run(
        ["sh", "-c", script],
        cwd=REPOSITORY,
        env={**os.environ, "AWS_PROFILE": "live", "AWS_ACCESS_KEY_ID": "live"},
        capture_output=True,
        text=True,
        check=True,
    )

    left = {line for line in shell.stdout.splitlines() if line.startswith(("AWS_", "succeeded"))}
    assert left >= {
        "AWS_ENDPOINT_URL=http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID=nowhere",
        "AWS_SECRET_ACCESS_KEY=nowhere",
    }
    assert not {line for line in left if "live" in line or line == "succeeded"}
    assert shell.stderr
