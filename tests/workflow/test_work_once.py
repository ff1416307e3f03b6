"""The example does the work once for each workid, whatever becomes of its attempts."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.domain.errors import DependencyUnavailable

from examples.partner_with_aws.service import Message, Partner
from tests.support.channels import example
from tests.support.cloud import Cloud
from tests.support.functions import Context
from tests.support.workflow import Engine, Functions, eventually, function_arn, render
from tests.support.workflow import Partner as WorkflowPartner

ORDER_ID = "a96cbeed-cbd7-4711-815c-0913113c6064"
ORDER = {"order_id": ORDER_ID}
BUSY = {"code": "BUSY", "message": "no van today", "retryable": True}


@dataclass(frozen=True)
class Api:
    """The functions behind the API, where the example posts to the API itself."""

    partner: WorkflowPartner

    def call_back(
        self, url: str, body: dict[str, Any], _traceparent: str | None
    ) -> requests.Response:
        callback = dict(body)
        message = {
            "id": parse_qs(urlsplit(url).query)["callback_id"][0],
            "subject": callback.pop("order_id"),
            "tasktype": callback.pop("task_type"),
        }
        returned = self.partner.call_back(message, **callback)
        response = requests.Response()
        response.status_code, response._content = returned["statusCode"], returned["body"].encode()
        return response


@dataclass
class Shipper:
    """The example, with its shipments counted."""

    aws: Cloud
    partner: WorkflowPartner
    shipments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        api: Any = Api(self.partner)
        self.example = Partner(self.aws.sqs, self.aws.partner_queue_url, api, self.ship)

    def ship(self, _data: dict[str, Any]) -> dict[str, Any]:
        self.shipments.append(f"1Z{len(self.shipments)}")
        return {**example("valid", "output"), "tracking_number": self.shipments[-1]}

    def receive(self) -> Message:
        return eventually(lambda: self.example.receive(wait_seconds=0))

    def handle(self, message: Message) -> int:
        return self.example.handle(message).status_code

    def handle_next(self) -> tuple[Message, int]:
        message = self.receive()
        return message, self.handle(message)


@pytest.fixture
def shipper(aws: Cloud, partner: WorkflowPartner) -> Shipper:
    return Shipper(aws, partner)


@pytest.fixture(autouse=True)
def _order(aws: Cloud) -> None:
    aws.put_order(ORDER_ID)


def test_a_dispatch_that_fails_after_its_message_is_out_ends_in_one_shipment(
    aws: Cloud, engine: Engine, shipper: Shipper, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, failures = SNSTopic.publish, [DependencyUnavailable("Publish: its reply is lost")]

    def failing(topic: SNSTopic, message: str, attributes: Any) -> None:
        publish(topic, message, attributes)
        if failures:
            raise failures.pop()

    monkeypatch.setattr(SNSTopic, "publish", failing)

    execution = engine.start(render(), ORDER)
    first, second = shipper.receive(), shipper.receive()

    assert [shipper.handle(first), shipper.handle(second)] == [409, 200]
    assert engine.ended(execution)["status"] == "SUCCEEDED"
    assert first.event["id"] != second.event["id"]
    assert shipper.shipments == ["1Z0"]
    assert aws.order(ORDER_ID)["tracking_number"] == "1Z0"


def test_an_execution_that_is_redriven_ends_in_one_shipment(
    aws: Cloud, engine: Engine, called: Functions, shipper: Shipper
) -> None:
    """A redrive enters the state again: the same execution registers a new token."""
    execution = engine.start(render(), ORDER)
    eventually(lambda: called.of("sns_callback") or None)
    aws.stepfunctions.stop_execution(executionArn=execution, error="Operator")
    engine.ended(execution)
    first, too_late = shipper.handle_next()
    [entered] = called.of("sns_callback")
    again = {**entered, "token": "the token of the redriven state"}

    called.handlers[function_arn("sns_callback")](again, Context())
    second, taken = shipper.handle_next()

    assert (too_late, taken) == (410, 202)
    assert first.event["id"] != second.event["id"]
    assert shipper.shipments == ["1Z0"]


def test_a_retryable_failure_and_a_success_are_of_the_same_work(
    engine: Engine, shipper: Shipper
) -> None:
    execution = engine.start(render(), ORDER)
    first = shipper.partner.message()
    shipper.partner.call_back(first, task_status="FAILURE", task_error=BUSY)
    second, taken = shipper.handle_next()

    assert taken == 200
    assert second.event["workid"] == first["workid"]
    assert engine.ended(execution)["status"] == "SUCCEEDED"


def test_an_order_that_is_started_anew_after_it_was_shipped_is_shipped_again(
    engine: Engine, shipper: Shipper
) -> None:
    for name, number in (("execution-1", "1Z0"), ("execution-2", "1Z1")):
        execution = engine.start(render(), ORDER, name)
        shipper.handle_next()
        shipping = json.loads(engine.ended(execution)["output"])["shipping"]
        assert shipping["tracking_number"] == number
