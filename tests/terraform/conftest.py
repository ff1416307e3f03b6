"""One provider for all tests."""

import os
from collections.abc import Iterator

import pytest

from tests.support import provider
from tools.deploy.terraform import ROOTS, Directory


@pytest.fixture(scope="session", autouse=True)
def attached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Started from what `init` installs, which the lock file vouches for."""
    directory = Directory(ROOTS / "platform", tmp_path_factory.mktemp("provider"), os.environ)
    directory.init("-backend=false")
    with provider.running(directory) as attachment, pytest.MonkeyPatch.context() as patch:
        patch.setenv(provider.ATTACHMENT, attachment)
        yield
