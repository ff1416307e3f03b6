"""The harness of the attacks, and that it is left as it was."""

from collections.abc import Iterator

import pytest

from tests.support.e2e.access import AccessHarness, set_up
from tests.support.e2e.added_channel import AddedChannel
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import Deployment


@pytest.fixture(scope="package")
def standing(
    environment: Environment, deployment: Deployment, added_channel: AddedChannel
) -> Iterator[AccessHarness]:
    with set_up(environment, deployment, added_channel) as harness:
        yield harness


@pytest.fixture
def harness(standing: AccessHarness) -> Iterator[AccessHarness]:
    """The harness, in which a test must leave everything as it is."""
    before = standing.state()
    yield standing
    assert standing.state() == before
