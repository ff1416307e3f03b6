"""What every kind of test may ask for."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.cloud import Cloud

# On a busy machine everything takes long.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region and credentials, as Lambda gives them to a function; they open nothing."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def aws(identity: None) -> Iterator["Cloud"]:  # noqa: ARG001
    """The platform's resources on moto."""
    from tests.support.cloud import cloud

    with cloud() as resources:
        yield resources
