"""The functions as they are deployed, with Step Functions' answers as a test says."""

import json
from collections.abc import Iterator

import pytest

from tests.support import functions
from tests.support.cloud import Cloud
from tests.support.deployed import Deployed
from tests.support.metrics import EMITTED, readings
from tests.support.services import intercepted


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Nothing here may reach a service."""


@pytest.fixture
def deployed(aws: Cloud, capsys: pytest.CaptureFixture[str]) -> Iterator[Deployed]:
    """With the shipping channel registered; every token is accepted until a test says no."""
    aws.register()
    with functions.deployed(aws), intercepted("stepfunctions") as stepfunctions:
        for operation in ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"):
            stepfunctions.answers[operation] = {}
        platform = Deployed(aws, stepfunctions, capsys)
        yield platform
        emitted = {reading.metric for reading in readings(platform.lines())}
    assert emitted <= EMITTED
    assert "SECRET" not in platform.printed
    assert "SECRET" not in json.dumps(platform.returned)
