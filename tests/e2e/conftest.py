"""An environment of the tests' own: another engine, another directory, the same sources.

It comes up, with minutes of waiting, while those tests run that need none.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.support.e2e.added_channel import AddedChannel, added
from tests.support.e2e.attached import attached
from tools import REPOSITORY
from tools.devenv import ENGINE_PYTHON
from tools.devenv.environment import Environment, forget_aws_configuration
from tools.devenv.walkthrough import Deployment

UP_LOG = "up.log"
UP = pytest.StashKey[tuple[Environment, "subprocess.Popen[bytes]"]]()


# Three need no environment; the others add a channel to it, and the last takes it away.
PLACES = {
    "tests/e2e/test_bootstrap.py": -1,
    "tests/e2e/test_corrections.py": -1,
    "tests/e2e/test_web_page.py": -1,
    "tests/e2e/access/": 1,
    "tests/e2e/test_task_type_life.py": 2,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: sum(item.nodeid.startswith(at) * PLACES[at] for at in PLACES))


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly or not any(map(_needs_it, session.items)):
        return
    directory = Path(mkdtemp(prefix="callback-channels-"))
    with (directory / UP_LOG).open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "tools.devenv", "--directory", directory, "up"],
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    session.config.stash[UP] = Environment(directory, ENGINE_PYTHON), up


def pytest_sessionfinish(session: pytest.Session) -> None:
    if UP not in session.config.stash:
        return
    environment, up = session.config.stash[UP]
    if up.poll() is None:
        os.killpg(up.pid, signal.SIGINT)  # Terraform with it, which would go on.
    up.wait()
    environment.down()
    shutil.rmtree(environment.directory)


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Iterator[Environment]:
    forget_aws_configuration()
    environment, up = pytestconfig.stash[UP]
    if up.wait() != 0:
        printed = (environment.directory / UP_LOG).read_text()
        pytest.fail(f"The environment did not come up.\n{printed}", pytrace=False)
    with attached(environment) as environment:
        yield environment


@pytest.fixture(scope="session")
def deployment(environment: Environment) -> Deployment:
    return environment.deployment()


@pytest.fixture(scope="session")
def added_channel(
    environment: Environment,
    deployment: Deployment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AddedChannel]:
    with added(environment, deployment, tmp_path_factory.mktemp("added-channel")) as channel:
        yield channel


def _needs_it(item: pytest.Item) -> bool:
    return item.path.is_relative_to(Path(__file__).parent) and (
        "environment" in getattr(item, "fixturenames", ())
    )
