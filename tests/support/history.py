"""Histories of executions as AWS writes them."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from callbacks.domain.outcome import Outcome, Success

from tests.support.channels import SHIPPING
from tests.support.tasks import NOW, token

Event = dict[str, Any]


class History:
    """Events in the order of their happening; each follows the one that the caller names."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.events: list[Event] = []
        self.add("ExecutionStarted", 0)

    def add(self, kind: str, previous: int, at: float = NOW, **details: Any) -> int:
        """Returns the event's id."""
        event: Event = {
            "id": next(self._ids),
            "previousEventId": previous,
            "timestamp": datetime.fromtimestamp(at, UTC),
            "type": kind,
        }
        if details:
            event[f"{_details_of(kind)}EventDetails"] = details
        self.events.append(event)
        return int(event["id"])

    def wait(
        self,
        attempt: int = 1,
        previous: int = 1,
        *,
        data: bool = True,
        at: float = NOW,
        **returned: str,
    ) -> int:
        """A task is scheduled, its function called, and waits: the id of TaskSubmitted."""
        resource = {"resourceType": "lambda", "resource": "invoke.waitForTaskToken"}
        parameters = {
            "FunctionName": "arn:aws:lambda:eu-west-1:111111111111:function:sns-callback",
            "Payload": {"token": token(attempt), "input": {}, "callback": "true"},
        }
        output = {
            "ExecutedVersion": "$LATEST",
            "Payload": {
                "order_id": "order-1",
                "task_type": SHIPPING,
                "callback_id": f"attempt-{attempt}",
                **returned,
            },
            "StatusCode": 200,
        }
        scheduled = self.add(
            "TaskScheduled",
            previous,
            at,
            **resource,
            region="eu-west-1",
            parameters=json.dumps(parameters) if data else "{}",
            timeoutInSeconds=86_400,
        )
        started = self.add("TaskStarted", scheduled, at, **resource)
        return self.add(
            "TaskSubmitted",
            started,
            at,
            **resource,
            output=json.dumps(output),
            outputDetails={"truncated": False},
        )

    def end(self, kind: str, previous: int, outcome: Outcome | None = None) -> int:
        details: dict[str, Any] = {
            "resourceType": "lambda",
            "resource": "invoke.waitForTaskToken",
        }
        if kind == "TaskSucceeded":
            assert isinstance(outcome, Success)
            details["output"] = json.dumps(outcome.output)
        elif kind in ("TaskFailed", "TaskStartFailed", "TaskSubmitFailed"):
            assert outcome is not None
            assert not isinstance(outcome, Success)
            details |= {"error": outcome.error, "cause": outcome.cause}
        elif kind == "TaskTimedOut":
            details["error"] = "States.Timeout"
        elif kind == "TaskStateAborted":
            details = {}
        return self.add(kind, previous, **details)


def _details_of(kind: str) -> str:
    for common in ("StateEntered", "StateExited"):
        if kind.endswith(common):
            return common[0].lower() + common[1:]
    return kind[0].lower() + kind[1:]
