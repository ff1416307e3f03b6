"""The console over resources on moto, and what a browser sends it."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.task import CallbackTask
from starlette.testclient import TestClient

from tests.support.cloud import PREFIX, REGION, TASKS, Cloud
from tools.ops.console.app import Console
from tools.ops.console.security import Guard
from tools.ops.place import Place

PORT = 45_678
OWN_FORM = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
"""As Chromium sends the forms of pages that send no referrer."""


@dataclass
class Hand:
    """Notes what it is asked to do; returns or raises what a test says."""

    outcome: Any = "DELIVERED"
    calls: list[dict[str, Any]] = field(default_factory=list)

    def act(self, action: str, reason: str, **members: Any) -> Any:
        self.calls.append({"action": action, "reason": reason, **members})
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@dataclass
class Browser:
    """The operator's; `client` follows no redirect."""

    aws: Cloud
    console: Console
    guard: Guard
    hand: Hand
    client: TestClient

    def open(self) -> None:
        """With the address of the start-up line."""
        assert self.client.get(self.guard.start_url).status_code == 303

    def get(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        response = self.client.get(path)
        assert response.status_code == status, response.text
        return response.text

    def post(self, path: str, **fields: Any) -> Any:
        """Sends a form of the console's own."""
        data = {"form_token": self.console.secrets.form, **fields}
        return self.client.post(path, data=data, headers=OWN_FORM)

    def planned(self, path: str, **fields: Any) -> str:
        """The address of the page that is to be confirmed."""
        response = self.post(path, **fields)
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    def confirmed(self, path: str) -> str:
        """The page that says what became of the deed."""
        response = self.post(path)
        assert (response.status_code, response.headers["location"]) == (303, path)
        return self.get(path)

    def given(self, task: CallbackTask) -> CallbackTask:
        """Puts a record into the table."""
        assert DynamoDBTasks(lambda: self.aws.dynamodb, TASKS).create(task).applied
        return task

    def logged(self, function: str, *lines: dict[str, Any]) -> None:
        """As a function of the platform logs them now."""
        logs: Any = boto3.client("logs", region_name=REGION)
        group = f"/aws/lambda/{PREFIX}-{function}"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="0")
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName="0", logEvents=events)


def browser(aws: Cloud) -> Browser:
    """Of a console that was just started."""
    place = Place("test", PREFIX, boto3.Session(region_name=REGION))
    hand = Hand()
    console = Console(place, hand)
    guard = console.guarded(PORT)
    client = TestClient(
        guard, f"http://127.0.0.1:{PORT}", raise_server_exceptions=False, follow_redirects=False
    )
    return Browser(aws, console, guard, hand, client)
