"""The interpreter, the functions it calls, and the partner who answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from tests.support import functions
from tests.support.cloud import Cloud
from tests.support.workflow import Engine, Functions, eventually, function_arn


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Nothing here may reach a service."""


@pytest.fixture
def called(
    aws: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Functions]:
    """The functions of the order workflow; a test may put others in their places.

    No token that they were called with may be in what they print.
    """
    names = ("get_order_metadata", "process_shipping_result", "sns_callback")
    with functions.deployed(aws):
        routed = Functions({function_arn(name): functions.handler(name) for name in names})
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", routed.session())
        yield routed
        printed = capsys.readouterr().out
    assert not [event for _, event in routed.calls if event.get("token", "\0") in printed]


@pytest.fixture
def engine(aws: Cloud, called: Functions) -> Engine:  # noqa: ARG001
    aws.register()
    return Engine(aws)


@dataclass(frozen=True)
class Partner:
    """Takes messages from its queue and answers as the callbackurl says."""

    aws: Cloud

    def message(self) -> dict[str, Any]:
        """The next message."""

        def received() -> dict[str, Any] | None:
            bodies = self.aws.receive(self.aws.partner_queue_url)
            return json.loads(bodies[0]) if bodies else None

        return eventually(received)

    def answer(self, message: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Posts the callback; returns the API's answer."""
        callback = {"order_id": message["subject"], "task_type": message["tasktype"], **body}
        event = functions.callback_event(
            callback,
            callback_id=message["id"],
            resource=f"/externalCallback/{message['tasktype']}",
        )
        response: dict[str, Any] = functions.handler("external_callback")(
            event, functions.Context()
        )
        return response


@pytest.fixture
def partner(aws: Cloud) -> Partner:
    return Partner(aws)
