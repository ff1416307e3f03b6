"""StepFunctionsExecutions: pages of executions that run, and the waits in their histories."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.running_executions import StepFunctionsExecutions
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import ExecutionPage, OpenWait, Waits
from callbacks.domain.task import TaskKey

from tests.support.channels import SHIPPING
from tests.support.history import History
from tests.support.services import Answer, intercepted
from tests.support.tasks import BUSY, EXECUTION, NOW, SHIPPED, token

pytestmark = pytest.mark.usefixtures("identity")

ORDERS = "arn:aws:states:eu-west-1:111111111111:stateMachine:order-processing"
REVIEWS = "arn:aws:states:eu-west-1:111111111111:stateMachine:order-review"


def executions() -> StepFunctionsExecutions:
    return StepFunctionsExecutions(lazy("stepfunctions"), [ORDERS, REVIEWS])


def waits(history: History, page_size: int = 1000) -> Waits:
    pages = list(itertools.batched(history.events, page_size, strict=False))
    answers: list[Answer] = [
        {"events": list(page)} | ({"nextToken": f"{number}"} if number < len(pages) else {})
        for number, page in enumerate(pages, 1)
    ]
    with intercepted("stepfunctions") as service:
        service.answers["GetExecutionHistory"] = answers
        found = executions().waits(EXECUTION)
    assert service.calls[0] == (
        "GetExecutionHistory",
        {"executionArn": EXECUTION, "includeExecutionData": True, "maxResults": 1000},
    )
    assert not answers
    return found


def open_ids(history: History) -> list[str]:
    return [wait.callback_id for wait in waits(history).open]


def listed(*names: str, token: str | None = None) -> Answer:
    found = [
        {
            "executionArn": name,
            "stateMachineArn": ORDERS,
            "name": name,
            "status": "RUNNING",
            "startDate": NOW,
        }
        for name in names
    ]
    return {"executions": found} | ({"nextToken": token} if token else {})


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_a_wait_that_is_open_is_read_with_all_that_its_record_needs(page_size: int) -> None:
    history = History()
    history.wait(work_id="attempt-0")

    assert waits(history, page_size) == Waits(
        [
            OpenWait(
                key=TaskKey("order-1", SHIPPING),
                callback_id="attempt-1",
                work_id="attempt-0",
                task_token=token(),
                execution_arn=EXECUTION,
                scheduled_at=NOW * 1000,
                timeout_seconds=86_400,
            )
        ]
    )


def test_a_dispatcher_that_named_no_work_is_read_too() -> None:
    history = History()
    history.wait()

    [wait] = waits(history).open
    assert wait.work_id is None


@pytest.mark.parametrize(
    "kind",
    [
        "TaskSucceeded",
        "TaskFailed",
        "TaskTimedOut",
        "TaskStateAborted",
        "TaskStartFailed",
        "TaskSubmitFailed",
    ],
)
def test_a_wait_that_has_ended_is_not_open(kind: str) -> None:
    history = History()
    history.end(kind, history.wait(), SHIPPED if kind == "TaskSucceeded" else BUSY)

    assert waits(history) == Waits([], ended=frozenset({"attempt-1"}))


def test_of_the_tries_of_a_state_the_last_is_open() -> None:
    history = History()
    failed = history.end("TaskFailed", history.wait(1), BUSY)
    history.wait(2, previous=failed)

    found = waits(history)
    assert [wait.callback_id for wait in found.open] == ["attempt-2"]
    assert found.ended == {"attempt-1"}


def test_the_end_of_a_parallel_branch_leaves_the_others_open() -> None:
    history = History()
    started = history.add("ParallelStateStarted", 1)
    first, _ = history.wait(1, previous=started), history.wait(2, previous=started)
    history.end("TaskSucceeded", first, SHIPPED)

    assert open_ids(history) == ["attempt-2"]


@pytest.mark.parametrize(
    "kind", ["ExecutionAborted", "ExecutionTimedOut", "ExecutionFailed", "ExecutionSucceeded"]
)
def test_nothing_waits_after_the_end_of_the_execution_but_what_a_redrive_began(kind: str) -> None:
    history = History()
    ended = history.add(kind, history.wait(1))

    assert open_ids(history) == []

    history.wait(2, previous=history.add("ExecutionRedriven", ended))

    assert open_ids(history) == ["attempt-2"]


def test_a_wait_whose_dispatcher_has_not_returned_is_counted() -> None:
    history = History()
    history.wait()
    del history.events[-1]

    assert waits(history) == Waits([], dispatching=1)


def test_a_dispatch_that_failed_is_neither_open_nor_being_dispatched() -> None:
    history = History()
    started = history.wait() - 1
    del history.events[-1]
    history.end("TaskFailed", started, BUSY)

    assert waits(history) == Waits([])


@pytest.mark.parametrize(
    ("resource_type", "resource"),
    [("lambda", "invoke"), ("sqs", "sendMessage.waitForTaskToken"), ("dynamodb", "updateItem")],
)
def test_a_task_of_another_kind_is_no_wait(resource_type: str, resource: str) -> None:
    history = History()
    details: dict[str, Any] = {"resourceType": resource_type, "resource": resource}
    scheduled = history.add("TaskScheduled", 1, **details, region="eu-west-1", parameters="{}")
    history.add("TaskSubmitted", scheduled, **details, output="{}")

    assert waits(history) == Waits([])


@pytest.mark.parametrize("output", ["", "no JSON", "[]", '{"Payload": null}', '{"Payload": {}}'])
def test_a_function_that_is_no_dispatcher_is_left_alone(output: str) -> None:
    history = History()
    history.wait()
    history.events[-1]["taskSubmittedEventDetails"]["output"] = output

    assert waits(history) == Waits([])


def test_the_pages_of_all_state_machines_follow_each_other() -> None:
    with intercepted("stepfunctions") as service:
        service.answers["ListExecutions"] = [
            listed("a", "b", token="t/1=="),
            listed("c"),
            listed("d"),
        ]
        cursor, pages = None, list[ExecutionPage]()
        while not pages or cursor is not None:
            pages.append(executions().page(cursor))
            cursor = pages[-1].cursor

    assert [page.execution_arns for page in pages] == [["a", "b"], ["c"], ["d"]]
    asked = {"stateMachineArn": ORDERS, "statusFilter": "RUNNING", "maxResults": 20}
    assert [call for _, call in service.calls] == [
        asked,
        asked | {"nextToken": "t/1=="},
        asked | {"stateMachineArn": REVIEWS},
    ]


def test_a_cursor_of_another_environment_is_refused() -> None:
    with pytest.raises(ValueError, match="start again without one"):
        executions().page("arn:aws:states:eu-west-1:111111111111:stateMachine:other")


CALLS: dict[str, Callable[[], object]] = {
    "ListExecutions": lambda: executions().page(None),
    "GetExecutionHistory": lambda: executions().waits(EXECUTION),
}


@pytest.mark.parametrize("operation", CALLS)
def test_a_service_that_refuses_is_unavailable_and_quotes_no_token(operation: str) -> None:
    with intercepted("stepfunctions") as service:
        service.refuse(operation, "ThrottlingException", f"no {token()}")

        with pytest.raises(DependencyUnavailable, match=f"{operation}: Throttling") as failure:
            CALLS[operation]()

    assert "SECRET" not in str(failure.value)
    assert failure.value.__suppress_context__
