"""The records of tasks: a wait that ends without an outcome counts as expired, and only that."""

import json
from dataclasses import replace

import pytest
from callbacks.adapters.aws import lazy
from callbacks.domain.task import CallbackTask, claimed, completed, expired, leased, undelivered
from callbacks.runtime.records import CountedTaskOverview, LoggedTasks

from tests.support.channels import SHIPPING
from tests.support.cloud import TASKS, Cloud
from tests.support.metrics import readings
from tests.support.tasks import KEY, NOW, PRINCIPAL, SHIPPED, completing, pending


@pytest.fixture(params=[LoggedTasks, CountedTaskOverview])
def records(
    request: pytest.FixtureRequest,
    aws: Cloud,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> LoggedTasks | CountedTaskOverview:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CallbackChannels/callbacks-test")
    made: LoggedTasks | CountedTaskOverview = request.param(lazy("dynamodb"), TASKS)
    return made


def expiries(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return {
        reading.dimensions.get("task_type", ""): sum(reading.values)
        for reading in readings(lines)
        if reading.metric[0] == "TasksExpired"
    }


def given(task: CallbackTask) -> CallbackTask:
    assert LoggedTasks(lazy("dynamodb"), TASKS).create(task).applied
    return task


def test_a_task_that_is_expired_is_counted(
    records: LoggedTasks | CountedTaskOverview, capsys: pytest.CaptureFixture[str]
) -> None:
    found = given(pending())

    assert records.replace(found, expired(found, NOW)).applied

    assert expiries(capsys) == {"": 1, SHIPPING: 1}


def test_a_task_that_somebody_else_expired_is_not(
    records: LoggedTasks | CountedTaskOverview, capsys: pytest.CaptureFixture[str]
) -> None:
    found = given(pending())
    given_up = replace(found, version=7)

    assert not records.replace(given_up, expired(given_up, NOW)).applied

    assert expiries(capsys) == {}


@pytest.mark.parametrize(
    ("found", "new"),
    [
        (completing(), undelivered(completing(), NOW)),
        (completing(), completed(completing(), NOW)),
        (pending(), claimed(pending(), SHIPPED, PRINCIPAL, NOW)),
        (completing(), leased(completing(), NOW + 300)),
    ],
    ids=["undelivered", "completed", "claimed", "leased"],
)
def test_a_task_that_has_an_outcome_is_not(
    found: CallbackTask,
    new: CallbackTask,
    records: LoggedTasks | CountedTaskOverview,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given(found)

    assert records.replace(found, new).applied

    assert expiries(capsys) == {}


def test_what_a_claim_wrote_is_remembered_until_the_next(aws: Cloud) -> None:
    del aws
    tasks = LoggedTasks(lazy("dynamodb"), TASKS)
    given(pending())

    tasks.claim(KEY, None, SHIPPED, PRINCIPAL, NOW)
    assert tasks.claimed == completing()
    tasks.claim(KEY, None, SHIPPED, PRINCIPAL, NOW)
    assert tasks.claimed is None
