"""Terraform's tests take minutes of processor time: they run in the background from the start."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.terraform_checks import Checks, check

EXECUTOR = pytest.StashKey[ThreadPoolExecutor]()
CHECKS = pytest.StashKey[Checks]()


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    executor = session.config.stash[EXECUTOR] = ThreadPoolExecutor(max_workers=1)
    paths = [
        path
        for item in session.items
        if isinstance(item, pytest.Function) and "checks" in item.fixturenames
        if isinstance(path := item.callspec.params["checked"], Path)
    ]
    session.config.stash[CHECKS] = {path: executor.submit(check, path) for path in paths}


def pytest_sessionfinish(session: pytest.Session) -> None:
    if EXECUTOR in session.config.stash:
        session.config.stash[EXECUTOR].shutdown(cancel_futures=True)


@pytest.fixture
def checks(pytestconfig: pytest.Config) -> Checks:
    """What became of each directory."""
    return pytestconfig.stash[CHECKS]
