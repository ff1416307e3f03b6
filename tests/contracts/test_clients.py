"""Generated clients keep every field of a callback, and demand what its status needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import generated
from tools import REPOSITORY
from tools.contracts import channels, event, openapi

CHANNELS = channels.read(REPOSITORY)
STATUSES = {"success": "Success", "failure": "Failure", "heartbeat": "InProgress"}
CALLBACKS = [
    (f"OrderFraudReviewV1{status}", event.callbacks(channel, channel.contracts[0])[kind])
    for channel in CHANNELS
    if channel.task_type == "ORDER_FRAUD_REVIEW"
    for kind, status in STATUSES.items()
]
NEEDED = {"Success": "task_output", "Failure": "task_error"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    directory = tmp_path_factory.mktemp("python")
    with generated.python_client(openapi.document(CHANNELS), directory) as imported:
        yield imported("models")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("typescript")
    return generated.typescript_client(openapi.document(CHANNELS), directory)


@pytest.mark.parametrize(("name", "callback"), CALLBACKS)
def test_python_client_keeps_every_field(models: Any, name: str, callback: Any) -> None:
    assert getattr(models, name).from_dict(callback).to_dict() == callback


@pytest.mark.parametrize(("status", "needed"), NEEDED.items())
def test_python_client_refuses_an_outcome_without_its_part(
    models: Any, status: str, needed: str
) -> None:
    model = getattr(models, f"OrderFraudReviewV1{status}")
    parts = {"order_id": "a", "task_type": "ORDER_FRAUD_REVIEW", "task_status": status.upper()}

    with pytest.raises(TypeError, match=needed):
        model(**parts)
    with pytest.raises(KeyError, match=needed):
        model.from_dict(parts)


def test_typescript_client_takes_a_heartbeat(program: Path) -> None:
    assert generated.type_errors(program) == ""


@pytest.mark.parametrize(("status", "needed"), NEEDED.items())
def test_typescript_client_refuses_an_outcome_without_its_part(
    program: Path, status: str, needed: str
) -> None:
    without = program.with_name(f"{status}.mts")
    without.write_text(program.read_text().replace("'IN_PROGRESS'", f"'{status.upper()}'"))

    errors = generated.type_errors(without)

    assert f"Property '{needed}' is missing" in errors
