"""Workflow: a wait takes one outcome, and its end is found in the execution's history."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import boto3
import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.errors import TokenNotAccepted
from callbacks.domain.outcome import Outcome, Undeliverable
from callbacks.domain.ports import Verdict, Workflow
from callbacks.domain.task import Attempt, token_digest

from tests.support.cloud import Cloud
from tests.support.fakes import FakeWorkflow
from tests.support.ports import IMPLEMENTATIONS
from tests.support.tasks import BUSY, EXECUTION, LOST, OTHER_EXECUTION, SHIPPED, attempt_of
from tests.support.workflow import Engine, Functions, eventually, function_arn


@dataclass(frozen=True)
class Wait:
    task_token: str
    execution_arn: str

    def attempt(self, outcome: Outcome) -> Attempt:
        return Attempt(
            callback_id="attempt-1",
            execution_arn=self.execution_arn,
            requested_at=int(datetime.now(UTC).timestamp() * 1000),
            token_digest=token_digest(self.task_token),
            outcome=outcome,
        )


class Waits(Protocol):
    """An execution that waits, and what may end its wait."""

    @property
    def workflow(self) -> Workflow: ...

    def begin(self, *, timeout_seconds: int = 600) -> Wait: ...

    def time_out(self, wait: Wait) -> None: ...

    def abort(self, wait: Wait) -> None: ...

    def come_to_rest(self, wait: Wait) -> None: ...


class FakeWaits:
    def __init__(self) -> None:
        self.workflow = FakeWorkflow()

    def begin(self, *, timeout_seconds: int = 600) -> Wait:  # noqa: ARG002
        self.workflow.wait("token-1", EXECUTION)
        return Wait("token-1", EXECUTION)

    def time_out(self, wait: Wait) -> None:
        self.workflow.time_out(wait.task_token)

    def abort(self, wait: Wait) -> None:
        self.workflow.end(wait.execution_arn, datetime.now(UTC).timestamp())

    def come_to_rest(self, wait: Wait) -> None:
        pass


class RealWaits:
    """A state machine of one wait."""

    def __init__(self, aws: Cloud, called: Functions) -> None:
        self.workflow = StepFunctions(lazy("stepfunctions"))
        self.engine = Engine(aws)
        self.called = called
        called.handlers[function_arn("wait")] = lambda _event, _context: {"callback_id": "other"}

    def begin(self, *, timeout_seconds: int = 600) -> Wait:
        state: dict[str, Any] = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": function_arn("wait"),
                "Payload": {"token.$": "$$.Task.Token"},
            },
            "TimeoutSeconds": timeout_seconds,
            "HeartbeatSeconds": 300,
            "End": True,
        }
        if timeout_seconds <= 300:
            del state["HeartbeatSeconds"]
        execution = self.engine.start({"StartAt": "Wait", "States": {"Wait": state}}, {})

        def token() -> str | None:
            submitted = any(
                event["type"] == "TaskSubmitted" for event in self.engine.history(execution)
            )
            return str(self.called.of("wait")[0]["token"]) if submitted else None

        return Wait(eventually(token), execution)

    def time_out(self, wait: Wait) -> None:
        self.come_to_rest(wait)

    def abort(self, wait: Wait) -> None:
        self.engine.cloud.stepfunctions.stop_execution(executionArn=wait.execution_arn)
        self.come_to_rest(wait)

    def come_to_rest(self, wait: Wait) -> None:
        self.engine.ended(wait.execution_arn)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Functions:
    routed = Functions()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", routed.session())
    return routed


@pytest.fixture(params=IMPLEMENTATIONS)
def waits(request: pytest.FixtureRequest) -> Waits:
    if request.param == "fake":
        return FakeWaits()
    aws: Cloud = request.getfixturevalue("aws")
    return RealWaits(aws, request.getfixturevalue("called"))


@pytest.mark.parametrize("outcome", [SHIPPED, LOST, BUSY, Undeliverable("nobody there")])
def test_an_outcome_that_is_sent_is_delivered(outcome: Outcome, waits: Waits) -> None:
    wait = waits.begin()
    waits.workflow.complete(wait.task_token, outcome)
    waits.come_to_rest(wait)

    assert waits.workflow.verdict(wait.attempt(outcome)) is Verdict.DELIVERED


@pytest.mark.parametrize("sent", [LOST, BUSY])
def test_a_wait_that_another_outcome_ended_is_gone(sent: Outcome, waits: Waits) -> None:
    wait = waits.begin()
    waits.workflow.complete(wait.task_token, sent)
    waits.come_to_rest(wait)

    assert waits.workflow.verdict(wait.attempt(SHIPPED)) is Verdict.GONE


def test_a_wait_that_is_open_gives_no_evidence(waits: Waits) -> None:
    wait = waits.begin()

    waits.workflow.heartbeat(wait.task_token)

    assert waits.workflow.verdict(wait.attempt(SHIPPED)) is Verdict.NO_EVIDENCE


def end_by_success(waits: Waits, wait: Wait) -> None:
    waits.workflow.complete(wait.task_token, SHIPPED)
    waits.come_to_rest(wait)


def end_by_failure(waits: Waits, wait: Wait) -> None:
    waits.workflow.complete(wait.task_token, LOST)
    waits.come_to_rest(wait)


def time_out(waits: Waits, wait: Wait) -> None:
    waits.time_out(wait)


def abort(waits: Waits, wait: Wait) -> None:
    waits.abort(wait)


ENDS: dict[str, tuple[Callable[[Waits, Wait], None], Verdict]] = {
    "success": (end_by_success, Verdict.DELIVERED),
    "failure": (end_by_failure, Verdict.GONE),
    "time-out": (time_out, Verdict.GONE),
    "abortion": (abort, Verdict.GONE),
}


@pytest.mark.parametrize(("end", "verdict"), ENDS.values(), ids=ENDS)
def test_a_token_is_refused_once_its_wait_has_ended(
    end: Callable[[Waits, Wait], None], verdict: Verdict, waits: Waits
) -> None:
    wait = waits.begin(timeout_seconds=1 if end is time_out else 600)
    end(waits, wait)

    for outcome in (SHIPPED, LOST):
        with pytest.raises(TokenNotAccepted):
            waits.workflow.complete(wait.task_token, outcome)
    with pytest.raises(TokenNotAccepted):
        waits.workflow.heartbeat(wait.task_token)
    assert waits.workflow.verdict(wait.attempt(SHIPPED)) is verdict


def test_a_token_that_nobody_gave_is_refused(waits: Waits) -> None:
    waits.begin()

    with pytest.raises(TokenNotAccepted):
        waits.workflow.complete("no-such-token", SHIPPED)
    with pytest.raises(TokenNotAccepted):
        waits.workflow.heartbeat("no-such-token")


def test_an_attempt_that_the_history_does_not_know_gives_no_evidence(waits: Waits) -> None:
    wait = waits.begin()
    waits.abort(wait)

    other = attempt_of("no-such-token", SHIPPED, execution_arn=wait.execution_arn)

    assert waits.workflow.verdict(other) is Verdict.NO_EVIDENCE


def test_a_run_lasts_from_its_start_to_its_end(waits: Waits) -> None:
    wait = waits.begin()
    before = datetime.now(UTC) - timedelta(seconds=1)

    running = waits.workflow.last_run(wait.execution_arn)
    waits.abort(wait)
    ended = waits.workflow.last_run(wait.execution_arn)

    assert running is not None
    assert running.ended_at is None
    assert ended is not None
    assert ended.started_at == running.started_at
    assert ended.ended_at is not None
    assert before <= ended.ended_at <= datetime.now(UTC) + timedelta(seconds=1)


def test_an_execution_that_was_aborted_has_failed(waits: Waits) -> None:
    wait = waits.begin()

    assert waits.workflow.failure(wait.execution_arn) is None
    waits.abort(wait)
    failure, run = (
        waits.workflow.failure(wait.execution_arn),
        waits.workflow.last_run(wait.execution_arn),
    )

    assert failure is not None
    assert run is not None
    assert run.ended_at is not None
    assert failure.execution_arn == wait.execution_arn
    assert failure.ended_at == int(run.ended_at.timestamp() * 1000)


def test_an_execution_that_is_unknown_has_no_run(waits: Waits) -> None:
    waits.begin()

    assert waits.workflow.last_run(OTHER_EXECUTION) is None
    assert waits.workflow.failure(OTHER_EXECUTION) is None
