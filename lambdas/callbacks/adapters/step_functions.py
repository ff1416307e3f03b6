"""The workflow service on AWS Step Functions."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from callbacks.adapters.aws import ClientFactory, error_code, unavailable
from callbacks.domain.errors import DependencyUnavailable, TaskAlreadyPending, TokenNotAccepted
from callbacks.domain.exact_json import canonical_json
from callbacks.domain.outcome import Outcome, Success
from callbacks.domain.ports import End, ExecutionFailure, Run, Verdict
from callbacks.domain.task import Attempt, token_digest

CLOSED_TOKEN = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
EXECUTION_ENDS = frozenset(
    {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
)
TASK_ENDS = frozenset(
    {
        "TaskFailed",
        "TaskStartFailed",
        "TaskStateAborted",
        "TaskSubmitFailed",
        "TaskSucceeded",
        "TaskTimedOut",
    }
)
# A redrive has the same definition and the same data, and meets these again.
FAILS_AGAIN = {
    "States.DataLimitExceeded",
    "States.IntrinsicFailure",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.Runtime",
}
HISTORY_PAGE = 1000  # The most that the API returns at once, and ten times what it does unasked.
HISTORY_PAGES = 25  # An execution has 25,000 events at most.
SCHEDULED_BEFORE_REGISTRATION = timedelta(minutes=15)

Event = Mapping[str, Any]


class StepFunctions:
    """Workflow over Step Functions; `client` makes or returns a client of Step Functions.

    `history_pages` is how much of a history a verdict reads. The default is all that there can be.
    """

    def __init__(self, client: ClientFactory, history_pages: int = HISTORY_PAGES) -> None:
        self._client = client
        self._history_pages = history_pages

    def complete(self, task_token: str, outcome: Outcome) -> None:
        if isinstance(outcome, Success):
            self._with_token(
                "SendTaskSuccess",
                self._client().send_task_success,
                taskToken=task_token,
                output=canonical_json(outcome.output),
            )
        else:
            self._with_token(
                "SendTaskFailure",
                self._client().send_task_failure,
                taskToken=task_token,
                error=outcome.error,
                cause=outcome.cause,
            )

    def heartbeat(self, task_token: str) -> None:
        self._with_token(
            "SendTaskHeartbeat", self._client().send_task_heartbeat, taskToken=task_token
        )

    def last_run(self, execution_arn: str) -> Run | None:
        # Without the data, which a dispatcher has no key for.
        execution = self._execution(execution_arn, includedData="METADATA_ONLY")
        if execution is None:
            return None
        started_at = execution.get("redriveDate", execution["startDate"])
        return Run(started_at, None if execution["status"] == "RUNNING" else execution["stopDate"])

    def failure(self, execution_arn: str) -> ExecutionFailure | None:
        execution = self._execution(execution_arn)
        if execution is None or execution["status"] in ("RUNNING", "SUCCEEDED"):
            return None
        return execution_failure(execution, int(execution["stopDate"].timestamp() * 1000))

    def execution_input(self, execution_arn: str) -> str:
        """JSON, as the execution was started with. Raises DependencyUnavailable."""
        with unavailable(DependencyUnavailable, "DescribeExecution"):
            return str(self._client().describe_execution(executionArn=execution_arn)["input"])

    def verdict(self, attempt: Attempt) -> Verdict:
        """The history is read newest first, back to where the attempt's task was scheduled.

        What lies beyond the pages that are read is no evidence.

        An attempt is recognised by its token in the parameters of TaskScheduled, or by its
        callback_id that the dispatcher returned, the output of TaskSubmitted.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
        """
        since = (
            datetime.fromtimestamp(attempt.requested_at / 1000, UTC) - SCHEDULED_BEFORE_REGISTRATION
        )
        events: dict[int, Event] = {}
        with unavailable(DependencyUnavailable, "GetExecutionHistory"):
            pages = (
                self._client()
                .get_paginator("get_execution_history")
                .paginate(
                    executionArn=attempt.execution_arn,
                    reverseOrder=True,
                    includeExecutionData=True,
                    PaginationConfig={"PageSize": HISTORY_PAGE},
                )
            )
            for page in islice(pages, self._history_pages):
                for event in page["events"]:
                    if event["timestamp"] < since:
                        return _verdict(events, attempt)
                    events[event["id"]] = event
                    if _schedules(event, attempt):
                        return _verdict(events, attempt)
        return _verdict(events, attempt)

    def _execution(self, execution_arn: str, **options: str) -> Any:
        """DescribeExecution's response; None for an execution that is not known (any more)."""
        with unavailable(DependencyUnavailable, "DescribeExecution"):
            try:
                return self._client().describe_execution(executionArn=execution_arn, **options)
            except ClientError as error:
                if error_code(error) == "ExecutionDoesNotExist":
                    return None
                raise

    def _with_token(self, operation: str, call: Callable[..., Any], **arguments: str) -> None:
        with unavailable(DependencyUnavailable, operation):
            try:
                call(**arguments)
            except ClientError as error:
                if error_code(error) in CLOSED_TOKEN:
                    raise TokenNotAccepted(f"{operation}: {error_code(error)}") from None
                raise


def execution_failure(execution: Mapping[str, Any], ended_at: int) -> ExecutionFailure:
    """What DescribeExecution says of one that failed, and the event of its end with it.

    STALLED if a Task failed uncaught, so that a redrive runs it again, and may come further.
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    arn, status, error = execution["executionArn"], execution["status"], execution.get("error")
    caught = _caught(execution.get("cause"))
    reason = caught or {
        "Error": error or f"Execution.{status}",
        "Cause": execution.get("cause") or f"the execution ended as {status}",
    }
    if error == TaskAlreadyPending.__name__:
        end = End.REFUSED
    elif status != "FAILED" or error in FAILS_AGAIN or caught:
        end = End.FAILED
    else:
        end = End.STALLED
        reason["Resume"] = f"aws stepfunctions redrive-execution --execution-arn {arn}"
    return ExecutionFailure(arn, end, json.dumps(reason), ended_at)


def _caught(cause: str | None) -> dict[str, Any]:
    """The error that led to a Fail state, which has it as its cause, in JSON; else nothing."""
    try:
        document = json.loads(cause or "")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) and "Error" in document else {}


def _verdict(events: Mapping[int, Event], attempt: Attempt) -> Verdict:
    known = [event["id"] for event in events.values() if _is_of(event, attempt)]
    if not known:
        return Verdict.NO_EVIDENCE
    for event in events.values():
        if event["type"] in TASK_ENDS and _belongs(event, events, attempt):
            return Verdict.DELIVERED if _delivers(event, attempt.outcome) else Verdict.GONE
    ends = [event["id"] for event in events.values() if event["type"] in EXECUTION_ENDS]
    if any(end > max(known) for end in ends):
        return Verdict.GONE
    return Verdict.NO_EVIDENCE


def _belongs(end: Event, events: Mapping[int, Event], attempt: Attempt) -> bool:
    """Follows an event's predecessors to the one that scheduled its task."""
    event: Event | None = events.get(end["previousEventId"])
    while event is not None:
        if _is_of(event, attempt):
            return True
        if event["type"] == "TaskScheduled":
            return False
        event = events.get(event["previousEventId"])
    return False


def _is_of(event: Event, attempt: Attempt) -> bool:
    return _schedules(event, attempt) or _submits(event, attempt)


def _schedules(event: Event, attempt: Attempt) -> bool:
    if event["type"] != "TaskScheduled":
        return False
    payload = parsed(event.get("taskScheduledEventDetails", {}).get("parameters")).get("Payload")
    token = payload.get("token") if isinstance(payload, dict) else None
    return isinstance(token, str) and token_digest(token) == attempt.token_digest


def _submits(event: Event, attempt: Attempt) -> bool:
    if event["type"] != "TaskSubmitted":
        return False
    payload = parsed(event.get("taskSubmittedEventDetails", {}).get("output")).get("Payload")
    return isinstance(payload, dict) and payload.get("callback_id") == attempt.callback_id


def parsed(text: str | None) -> dict[str, Any]:
    """The JSON object in an event's details; an empty one for anything else."""
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _delivers(event: Event, outcome: Outcome) -> bool:
    if not isinstance(outcome, Success):
        details = event.get("taskFailedEventDetails", {})
        return (details.get("error"), details.get("cause")) == (outcome.error, outcome.cause)
    return str(event["type"]) == "TaskSucceeded"
