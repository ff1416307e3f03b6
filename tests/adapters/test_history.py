"""StepFunctions.verdict on histories as AWS writes them."""

import itertools

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.step_functions import StepFunctions
from callbacks.domain.outcome import Outcome
from callbacks.domain.ports import Verdict
from callbacks.domain.task import Attempt

from tests.support.history import History
from tests.support.services import Answer, intercepted
from tests.support.tasks import BUSY, EXECUTION, LOST, NOW, SHIPPED, attempt_of, token


def verdict(history: History, attempt: Attempt, page_size: int = 1000, unread: int = 0) -> Verdict:
    """Of the adapter, which gets the history newest first; `unread` pages must not be asked for."""
    newest_first = history.events[::-1]
    pages = [list(page) for page in itertools.batched(newest_first, page_size, strict=False)]
    answers: list[Answer] = [
        {"events": page} | ({"nextToken": f"{number}"} if number < len(pages) else {})
        for number, page in enumerate(pages, 1)
    ]
    with intercepted("stepfunctions") as service:
        service.answers["GetExecutionHistory"] = answers[: len(pages) - unread]
        found = StepFunctions(lazy("stepfunctions")).verdict(attempt)
    asked = {
        "executionArn": EXECUTION,
        "reverseOrder": True,
        "includeExecutionData": True,
        "maxResults": 1000,
    }
    tokens = [{}, *({"nextToken": f"{number}"} for number in range(1, len(pages) - unread))]
    assert service.calls == [("GetExecutionHistory", asked | token) for token in tokens]
    return found


pytestmark = pytest.mark.usefixtures("identity")

FIRST = attempt_of(token(1), SHIPPED)
FIRST_BUSY = attempt_of(token(1), BUSY)
SECOND = attempt_of(token(2), SHIPPED, callback_id="attempt-2")


@pytest.mark.parametrize("data", [True, False], ids=["by its token", "by its callback_id"])
@pytest.mark.parametrize(
    ("kind", "ending", "attempt", "expected"),
    [
        ("TaskSucceeded", SHIPPED, FIRST, Verdict.DELIVERED),
        ("TaskFailed", BUSY, FIRST_BUSY, Verdict.DELIVERED),
        ("TaskFailed", LOST, FIRST_BUSY, Verdict.GONE),
        ("TaskFailed", BUSY, FIRST, Verdict.GONE),
        ("TaskSucceeded", SHIPPED, FIRST_BUSY, Verdict.GONE),
        ("TaskTimedOut", None, FIRST, Verdict.GONE),
        ("TaskStateAborted", None, FIRST, Verdict.GONE),
        ("TaskStartFailed", LOST, FIRST, Verdict.GONE),
        ("TaskSubmitFailed", LOST, FIRST, Verdict.GONE),
        ("TaskSubmitFailed", BUSY, FIRST_BUSY, Verdict.GONE),
    ],
)
def test_the_event_that_closed_the_task_decides(
    kind: str, ending: Outcome | None, attempt: Attempt, expected: Verdict, data: bool
) -> None:
    history = History()
    history.end(kind, history.wait(data=data), ending)

    assert verdict(history, attempt) is expected


def test_an_error_with_another_cause_is_another_outcome() -> None:
    history = History()
    history.add(
        "TaskFailed",
        history.wait(),
        resourceType="lambda",
        resource="invoke.waitForTaskToken",
        error=BUSY.error,
        cause="{}",
    )

    assert verdict(history, FIRST_BUSY) is Verdict.GONE


def test_a_task_that_is_still_open_is_no_evidence() -> None:
    history = History()
    history.wait()

    assert verdict(history, FIRST) is Verdict.NO_EVIDENCE


def test_a_task_that_was_not_scheduled_yet_is_no_evidence() -> None:
    assert verdict(History(), FIRST) is Verdict.NO_EVIDENCE


@pytest.mark.parametrize(
    "kind", ["ExecutionAborted", "ExecutionTimedOut", "ExecutionFailed", "ExecutionSucceeded"]
)
def test_an_execution_that_ended_waits_for_nothing(kind: str) -> None:
    history = History()
    history.add(kind, history.wait())

    assert verdict(history, FIRST) is Verdict.GONE


def test_the_end_of_the_execution_is_no_evidence_of_a_task_that_is_not_seen() -> None:
    history = History()
    history.add("ExecutionAborted", 1)

    assert verdict(history, FIRST) is Verdict.NO_EVIDENCE


def test_each_retry_of_a_state_has_its_own_end() -> None:
    history = History()
    failed = history.end("TaskFailed", history.wait(1), BUSY)
    history.end("TaskSucceeded", history.wait(2, previous=failed), SHIPPED)

    assert verdict(history, FIRST) is Verdict.GONE
    assert verdict(history, FIRST_BUSY) is Verdict.DELIVERED
    assert verdict(history, SECOND) is Verdict.DELIVERED


def test_a_retry_that_waits_says_nothing_of_itself() -> None:
    history = History()
    timed_out = history.end("TaskTimedOut", history.wait(1))
    history.wait(2, previous=timed_out)

    assert verdict(history, FIRST) is Verdict.GONE
    assert verdict(history, SECOND) is Verdict.NO_EVIDENCE


def test_a_redrive_begins_after_the_end_of_the_execution() -> None:
    history = History()
    failed = history.end("TaskTimedOut", history.wait(1))
    ended = history.add("ExecutionFailed", failed)
    redriven = history.add("ExecutionRedriven", ended, redriveCount=1)
    history.wait(2, previous=redriven)

    assert verdict(history, FIRST) is Verdict.GONE
    assert verdict(history, SECOND) is Verdict.NO_EVIDENCE


def test_an_end_before_a_redrive_says_nothing_of_a_task_known_by_its_output() -> None:
    history = History()
    ended = history.add("ExecutionFailed", 1)
    redriven = history.add("ExecutionRedriven", ended)
    history.wait(previous=redriven, data=False)

    assert verdict(history, FIRST) is Verdict.NO_EVIDENCE


def test_the_end_of_a_parallel_branch_is_not_anothers() -> None:
    history = History()
    started = history.add("ParallelStateStarted", 1)
    mine, other = history.wait(1, previous=started), history.wait(2, previous=started)
    history.end("TaskSucceeded", other, SHIPPED)

    assert verdict(history, FIRST) is Verdict.NO_EVIDENCE
    assert verdict(history, SECOND) is Verdict.DELIVERED

    history.end("TaskTimedOut", mine)

    assert verdict(history, FIRST) is Verdict.GONE


def test_a_later_task_of_the_execution_is_not_this_one() -> None:
    history = History()
    timed_out = history.end("TaskTimedOut", history.wait(1))
    exited = history.add("TaskStateExited", timed_out, name="Wait")
    scheduled = history.add(
        "TaskScheduled",
        exited,
        resourceType="lambda",
        resource="invoke",
        region="eu-west-1",
        parameters='{"Payload": "text"}',
    )
    history.end("TaskSucceeded", scheduled, SHIPPED)

    assert verdict(history, FIRST) is Verdict.GONE


@pytest.mark.parametrize("page_size", [1, 2, 3])
def test_pages_are_read_until_the_task_is_found(page_size: int) -> None:
    history = History()
    history.end("TaskSucceeded", history.wait(), SHIPPED)
    pages = -(-len(history.events) // page_size)
    needed = -(-(len(history.events) - 1) // page_size)

    found = verdict(history, FIRST, page_size, unread=pages - needed)

    assert found is Verdict.DELIVERED


def test_nothing_older_than_the_attempt_is_read() -> None:
    history = History()
    long_ago = NOW - 3600
    for _ in range(10):
        history.add("TaskStateEntered", 1, long_ago, name="Before")
    history.add("WaitStateEntered", 1, name="Now")

    assert verdict(history, FIRST, page_size=2, unread=5) is Verdict.NO_EVIDENCE


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "null", '{"Payload": null}'])
def test_parameters_of_any_kind_are_read(text: str) -> None:
    history = History()
    history.add(
        "TaskScheduled",
        1,
        resourceType="sqs",
        resource="sendMessage",
        region="eu-west-1",
        parameters=text,
    )

    assert verdict(history, FIRST) is Verdict.NO_EVIDENCE
