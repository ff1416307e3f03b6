"""UndeliveredTasks: a channel's own reporter fails an open attempt, and nobody fails another's."""

import json

import pytest
from callbacks.domain.errors import DependencyUnavailable, NotKnownToBeAccepted, RecordUncertain
from callbacks.domain.outcome import Undeliverable
from callbacks.domain.ports import Undelivered
from callbacks.domain.task import CallbackTask, Status, TaskKey
from callbacks.usecases.complete import Result
from callbacks.usecases.fail_undelivered import NotAReporterError, UndeliveredTasks

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.harness import Harness, failing, untouched
from tests.support.tasks import KEY, completing, done, pending, token

REPORTER = "AROASENTINEL"
GONE = Undelivered(KEY, "attempt-1", "the endpoint responded with 410")


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.channels.channels[SHIPPING] = shipping_channel(reporters=frozenset({REPORTER}))
    harness.given(pending())
    return harness


def tasks(harness: Harness) -> UndeliveredTasks:
    return UndeliveredTasks(registry=harness.channels, completer=harness.completer)


def test_an_open_attempt_fails_as_undeliverable(harness: Harness) -> None:
    assert tasks(harness).fail(GONE, REPORTER) is Result.DELIVERED

    outcome = harness.workflow.waits[token()].closed_by
    assert isinstance(outcome, Undeliverable)
    assert outcome.error == "CallbackTask.Undeliverable"
    assert json.loads(outcome.cause)["message"] == "the endpoint responded with 410"
    assert harness.record().principal == "deliver_webhook"


@pytest.mark.parametrize("sender", ["AROAOTHER", "", "AROASENTINE"])
def test_nobody_else_reports_for_a_channel(sender: str, harness: Harness) -> None:
    with pytest.raises(NotAReporterError):
        tasks(harness).fail(GONE, sender)

    assert harness.record() == pending()


@pytest.mark.parametrize("task_type", ["ORDER_BILLING_SERVICE", "NOT_A_CHANNEL"])
def test_a_reporter_speaks_for_its_own_channel_only(task_type: str, harness: Harness) -> None:
    harness.channels.channels["ORDER_BILLING_SERVICE"] = shipping_channel(
        task_type="ORDER_BILLING_SERVICE", reporters=frozenset({"AROAOTHER"})
    )
    key = TaskKey(KEY.order_id, task_type)
    harness.given(pending(key=key))

    with pytest.raises(NotAReporterError):
        tasks(harness).fail(Undelivered(key, "attempt-1", "410"), REPORTER)

    assert harness.record(key) == pending(key=key)


@pytest.mark.parametrize("task", [completing(), done(), pending(2)])
def test_what_came_before_the_report_stands(task: CallbackTask, harness: Harness) -> None:
    harness.given(task)

    assert tasks(harness).fail(GONE, REPORTER) is None
    assert untouched(harness.record(), task)


def test_a_task_without_a_record_is_left_alone(harness: Harness) -> None:
    harness.tasks.records.clear()

    assert tasks(harness).fail(GONE, REPORTER) is None


def test_a_repeat_is_a_duplicate(harness: Harness) -> None:
    tasks(harness).fail(GONE, REPORTER)

    assert tasks(harness).fail(GONE, REPORTER) is Result.DUPLICATE


def test_what_the_service_refuses_is_held(harness: Harness) -> None:
    failing(harness.workflow, "complete", DependencyUnavailable("SendTaskFailure"))

    assert tasks(harness).fail(GONE, REPORTER) is Result.HELD
    assert harness.record().status is Status.COMPLETING


def test_what_cannot_be_recorded_is_to_come_again(harness: Harness) -> None:
    failing(harness.tasks, "claim", RecordUncertain("UpdateItem"))

    with pytest.raises(NotKnownToBeAccepted):
        tasks(harness).fail(GONE, REPORTER)


def test_a_reason_is_cut(harness: Harness) -> None:
    tasks(harness).fail(Undelivered(KEY, "attempt-1", "x" * 100_000), REPORTER)

    outcome = harness.workflow.waits[token()].closed_by
    assert isinstance(outcome, Undeliverable)
    assert outcome.reason == "x" * 200
