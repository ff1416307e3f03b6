"""The command `callbacks` over an environment on moto, with functions in process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import functions
from tests.support.cloud import Cloud
from tests.support.deployed import Deployed
from tests.support.operations import Operated, operated
from tests.support.services import intercepted


@pytest.fixture
def deployed(aws: Cloud, capsys: pytest.CaptureFixture[str]) -> Iterator[Deployed]:
    """With the shipping channel registered, and every token accepted until a test says no."""
    aws.register()
    with functions.deployed(aws), intercepted("stepfunctions") as stepfunctions:
        for operation in ("SendTaskSuccess", "SendTaskFailure"):
            stepfunctions.answers[operation] = {}
        yield Deployed(aws, stepfunctions, capsys)


@pytest.fixture
def ops(deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    for name in ("close-execution", "order-shipping-service-sentinel-review"):
        deployed.aws.sqs.create_queue(QueueName=f"callbacks-test-{name}-dead-letter")
    deployed.aws.sqs.create_queue(QueueName="callbacks-test-reports-dead-letter")
    yield operated(deployed, tmp_path, monkeypatch)
    deployed.lines()
    assert "SECRET" not in deployed.printed
