"""The functions as they are deployed, with everything they print and return kept."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.task import CallbackTask, TaskKey

from tests.support import functions
from tests.support.cloud import TASKS, Cloud
from tests.support.metrics import readings
from tests.support.services import Service
from tests.support.tasks import KEY


@dataclass
class Deployed:
    """Everything the functions return and print is kept, so that no token goes unseen."""

    aws: Cloud
    stepfunctions: Service
    capsys: pytest.CaptureFixture[str]
    returned: list[Any] = field(default_factory=list)
    printed: str = ""

    def call(self, name: str, event: dict[str, Any], **context: Any) -> Any:
        """Invokes a function."""
        returned = functions.handler(name)(event, functions.Context(**context))
        self.returned.append(returned)
        return returned

    def lines(self) -> list[dict[str, Any]]:
        """What was printed so far: logs and metrics, each a line of JSON."""
        self.printed += self.capsys.readouterr().out
        return [json.loads(line) for line in self.printed.splitlines()]

    def logged(self, message: str) -> dict[str, Any]:
        """The one line of this code."""
        [line] = [line for line in self.lines() if line.get("message") == message]
        return line

    def measured(self, name: str) -> dict[str, list[float]]:
        """A metric's values by the values of its dimensions: `""` is the platform's."""
        found: dict[str, list[float]] = {}
        for reading in readings(self.lines()):
            if reading.metric[0] == name:
                of = "/".join(reading.dimensions.values())
                found.setdefault(of, []).extend(reading.values)
        return found

    def given(self, task: CallbackTask) -> CallbackTask:
        """Puts a record into the table."""
        assert DynamoDBTasks(lazy("dynamodb"), TASKS).create(task).applied
        return task

    def record(self, key: TaskKey = KEY) -> CallbackTask | None:
        return DynamoDBTasks(lazy("dynamodb"), TASKS).get(key)

    @property
    def sends(self) -> list[tuple[str, dict[str, Any]]]:
        return [call for call in self.stepfunctions.calls if call[0].startswith("SendTask")]
