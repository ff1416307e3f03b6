"""The scene of the attacks, and that it is left as it was."""

from collections.abc import Iterator

import pytest

from local.environment import Environment
from local.walkthrough import Deployment
from tests.e2e.added_channel import AddedChannel
from tests.e2e.walls.scene import Scene, set_up


@pytest.fixture(scope="package")
def standing(
    environment: Environment, deployment: Deployment, added_channel: AddedChannel
) -> Iterator[Scene]:
    with set_up(environment, deployment, added_channel) as scene:
        yield scene


@pytest.fixture
def scene(standing: Scene) -> Iterator[Scene]:
    """The scene, in which a test must leave everything as it is."""
    before = standing.state()
    yield standing
    assert standing.state() == before
