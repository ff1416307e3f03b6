"""The waits that are open, from Step Functions alone."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.adapters.step_functions import (
    EXECUTION_ENDS,
    HISTORY_PAGE,
    TASK_ENDS,
    Event,
    parsed,
)
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.ports import ExecutionPage, OpenWait, Waits
from callbacks.domain.task import TaskKey

EXECUTIONS_AT_ONCE = 20
WAIT = ("lambda", "invoke.waitForTaskToken")


class StepFunctionsExecutions:
    """RunningExecutions of the given state machines, at least one.

    A cursor is a state machine's ARN and, after a space, the token of its next executions.
    """

    def __init__(self, client: ClientFactory, state_machine_arns: Sequence[str]) -> None:
        self._client = client
        self._machines = list(state_machine_arns)

    def page(self, cursor: str | None) -> ExecutionPage:
        machine, _, token = (cursor or self._machines[0]).partition(" ")
        if machine not in self._machines:
            raise ValueError("the cursor is none of this environment: start again without one")
        with unavailable(DependencyUnavailable, "ListExecutions"):
            response = self._client().list_executions(
                stateMachineArn=machine,
                statusFilter="RUNNING",
                maxResults=EXECUTIONS_AT_ONCE,
                **({"nextToken": token} if token else {}),
            )
        arns = [execution["executionArn"] for execution in response["executions"]]
        if response.get("nextToken"):
            return ExecutionPage(arns, f"{machine} {response['nextToken']}")
        later = self._machines[self._machines.index(machine) + 1 :]
        return ExecutionPage(arns, later[0] if later else None)

    def waits(self, execution_arn: str) -> Waits:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html"""
        with unavailable(DependencyUnavailable, "GetExecutionHistory"):
            return _waits(execution_arn, self._history(execution_arn))

    def _history(self, execution_arn: str) -> Iterator[Event]:
        pages = (
            self._client()
            .get_paginator("get_execution_history")
            .paginate(
                executionArn=execution_arn,
                includeExecutionData=True,
                PaginationConfig={"PageSize": HISTORY_PAGE},
            )
        )
        for page in pages:
            yield from page["events"]


def _waits(execution_arn: str, events: Iterable[Event]) -> Waits:
    """Of a history in the order of its events: each follows another, back to what scheduled it."""
    scheduled_by: dict[int, int] = {}
    scheduled: dict[int, Event] = {}
    submitted: dict[int, Event] = {}
    ended: list[int] = []
    for event in events:
        origin = scheduled_by.get(event["previousEventId"])
        if event["type"] == "TaskScheduled":
            if _is_wait(event):
                scheduled[event["id"]] = event
                scheduled_by[event["id"]] = event["id"]
        elif event["type"] in EXECUTION_ENDS:
            ended += scheduled
        elif origin is None:
            continue
        elif event["type"] in TASK_ENDS:
            ended.append(origin)
        else:
            scheduled_by[event["id"]] = origin
            if event["type"] == "TaskSubmitted":
                submitted[origin] = event
    still_open = scheduled.keys() - set(ended)
    found = {
        origin: wait
        for origin, event in submitted.items()
        if (wait := _wait(execution_arn, scheduled[origin], event))
    }
    return Waits(
        open=[found[origin] for origin in sorted(still_open & found.keys())],
        dispatching=len(still_open - submitted.keys()),
        ended=frozenset(found[origin].callback_id for origin in found.keys() - still_open),
    )


def _is_wait(event: Event) -> bool:
    details = event["taskScheduledEventDetails"]
    return (details["resourceType"], details["resource"]) == WAIT


def _wait(execution_arn: str, scheduled: Event, submitted: Event) -> OpenWait | None:
    """None for a function that is no dispatcher of this platform."""
    details = scheduled["taskScheduledEventDetails"]
    called_with = parsed(details.get("parameters")).get("Payload")
    returned = parsed(submitted["taskSubmittedEventDetails"].get("output")).get("Payload")
    token, order_id, task_type, callback_id = (
        *_texts(called_with, "token"),
        *_texts(returned, "order_id", "task_type", "callback_id"),
    )
    if not (token and order_id and task_type and callback_id):
        return None
    return OpenWait(
        key=TaskKey(order_id, task_type),
        callback_id=callback_id,
        work_id=_texts(returned, "work_id")[0],
        task_token=token,
        execution_arn=execution_arn,
        scheduled_at=int(scheduled["timestamp"].timestamp() * 1000),
        timeout_seconds=details.get("timeoutInSeconds"),
    )


def _texts(document: Any, *names: str) -> list[str | None]:
    values = [document.get(name) if isinstance(document, dict) else None for name in names]
    return [value if isinstance(value, str) else None for value in values]
