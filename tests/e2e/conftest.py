"""An environment of the tests' own: another engine, another directory, the same sources.

It comes up, with minutes of waiting, while those tests run that need none. Where processes share
the tests, the first starts it, and one takes those that leave it as it is.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from filelock import FileLock
from xdist.scheduler import LoadScopeScheduling

from tests.support.e2e.added_channel import AddedChannel, added
from tests.support.e2e.attached import attached
from tools import REPOSITORY
from tools.devenv import ENGINE_PYTHON
from tools.devenv.environment import Environment
from tools.devenv.state import forget_aws_configuration
from tools.devenv.walkthrough import Deployment, until

DIRECTORY = pytest.StashKey[Path]()
UP = pytest.StashKey["subprocess.Popen[bytes]"]()
FIRST_WORKER = "gw0"

UP_LOG, UP_STATUS, AS_APPLIED = "up.log", "up.status", "as-applied.lock"
UP_SECONDS = 1800
BRING_UP = f"""
"$0" -m tools.devenv --directory "$1" up
echo $? > "$1/draft" && mv "$1/draft" "$1/{UP_STATUS}"
"""

# Three need no environment; those about access add a channel to it, but for the rules, which are
# judged on plans; the last takes it away.
PLACES = {
    "tests/e2e/test_bootstrap.py": -1,
    "tests/e2e/test_corrections.py": -1,
    "tests/e2e/test_web_page.py": -1,
    "tests/e2e/access/": 1,
    "tests/e2e/access/test_rules.py": -1,
    "tests/e2e/test_task_type_life.py": 2,
}

# These change nothing in the environment, and take no harm from what the others do there.
BESIDE = (
    "tests/e2e/access/test_rules.py",
    "tests/e2e/test_alarms.py",
    "tests/e2e/test_bootstrap.py",
    "tests/e2e/test_checkov.py",
    "tests/e2e/test_corrections.py",
    "tests/e2e/test_many_channels.py",
    "tests/e2e/test_partner_sheet.py",
    "tests/e2e/test_web_page.py",
)


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("directory")
    config.stash[DIRECTORY] = Path(given or mkdtemp(prefix="callback-channels-"))


def pytest_configure_node(node: Any) -> None:
    node.workerinput["directory"] = str(node.config.stash[DIRECTORY])


class TwoProcesses(LoadScopeScheduling):  # type: ignore[misc]
    """One takes what may be beside the rest, the other the rest, in its order."""

    def _split_scope(self, nodeid: str) -> str:
        return str(nodeid.startswith(BESIDE))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoProcesses:
    return TwoProcesses(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: sum(item.nodeid.startswith(at) * PLACES[at] for at in PLACES))


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if config.option.collectonly or not any(map(_needs_it, session.items)):
        return
    if _worker(config) not in (None, FIRST_WORKER):
        return
    directory = config.stash[DIRECTORY]
    with (directory / UP_LOG).open("wb") as log:
        config.stash[UP] = subprocess.Popen(
            ["sh", "-c", BRING_UP, sys.executable, directory],
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if up := config.stash.get(UP, None):
        if up.poll() is None:
            os.killpg(up.pid, signal.SIGINT)  # Terraform with it, which would go on.
        up.wait()
    if _worker(config) is None:
        directory = config.stash[DIRECTORY]
        Environment(directory, ENGINE_PYTHON).down()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Iterator[Environment]:
    forget_aws_configuration()
    directory = pytestconfig.stash[DIRECTORY]
    status = directory / UP_STATUS
    until(lambda: status.exists() or None, "the environment is up", UP_SECONDS)
    if status.read_text().strip() != "0":
        printed = (directory / UP_LOG).read_text()
        pytest.fail(f"The environment did not come up.\n{printed}", pytrace=False)
    with attached(Environment(directory, ENGINE_PYTHON)) as environment:
        yield environment


@pytest.fixture(scope="module")
def as_applied(environment: Environment) -> Iterator[Environment]:
    """The environment while no test adds a channel to it."""
    with FileLock(environment.directory / AS_APPLIED):
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
    directory = tmp_path_factory.mktemp("added-channel")
    with (
        FileLock(environment.directory / AS_APPLIED),
        added(environment, deployment, directory) as channel,
    ):
        yield channel


def _needs_it(item: pytest.Item) -> bool:
    return item.path.is_relative_to(Path(__file__).parent) and (
        "environment" in getattr(item, "fixturenames", ())
    )


def _worker(config: pytest.Config) -> str | None:
    """The name of this process, where there are several."""
    name: str | None = getattr(config, "workerinput", {}).get("workerid")
    return name
