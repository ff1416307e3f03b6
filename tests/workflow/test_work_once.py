"""A partner that does the work once for each workid, whatever becomes of its attempts."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from callbacks.adapters.sns_topic import SNSTopic
from callbacks.domain.errors import DependencyUnavailable

from tests.support.channels import example
from tests.support.cloud import Cloud
from tests.support.functions import Context
from tests.support.workflow import Engine, Functions, Partner, function_arn, render

ORDER_ID = "a96cbeed-cbd7-4711-815c-0913113c6064"
ORDER = {"order_id": ORDER_ID}
BUSY = {"code": "BUSY", "message": "no van today", "retryable": True}


@dataclass
class Shipper:
    """Ships once for each workid, and reports that shipment for every id."""

    partner: Partner
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ship(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["workid"] not in self.shipments:
            number = f"1Z{len(self.shipments)}"
            self.shipments[message["workid"]] = {
                **example("valid", "output"),
                "tracking_number": number,
            }
        return self.shipments[message["workid"]]

    def handle(self, message: dict[str, Any]) -> int:
        response = self.partner.call_back(
            message, task_status="SUCCESS", task_output=self.ship(message)
        )
        return int(response["statusCode"])


@pytest.fixture
def shipper(partner: Partner) -> Shipper:
    return Shipper(partner)


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
    first = shipper.partner.message()
    shipper.ship(first)
    second = shipper.partner.message()

    assert (shipper.handle(first), shipper.handle(second)) == (409, 200)
    assert engine.ended(execution)["status"] == "SUCCEEDED"
    assert first["id"] != second["id"]
    assert [one["tracking_number"] for one in shipper.shipments.values()] == ["1Z0"]
    assert aws.order(ORDER_ID)["tracking_number"] == "1Z0"


def test_an_execution_that_is_redriven_ends_in_one_shipment(
    aws: Cloud, engine: Engine, called: Functions, shipper: Shipper
) -> None:
    """A redrive enters the state again: the same execution registers a new token."""
    execution = engine.start(render(), ORDER)
    first = shipper.partner.message()
    shipper.ship(first)
    aws.stepfunctions.stop_execution(executionArn=execution, error="Operator")
    engine.ended(execution)
    [entered] = called.of("sns_callback")
    again = {**entered, "token": "the token of the redriven state"}

    called.handlers[function_arn("sns_callback")](again, Context())
    second = shipper.partner.message()

    assert first["id"] != second["id"]
    assert shipper.ship(second) is shipper.ship(first)
    assert len(shipper.shipments) == 1


def test_a_retryable_failure_and_a_success_are_of_the_same_work(
    engine: Engine, shipper: Shipper
) -> None:
    execution = engine.start(render(), ORDER)
    first = shipper.partner.message()
    shipper.partner.call_back(first, task_status="FAILURE", task_error=BUSY)
    second = shipper.partner.message()

    assert shipper.handle(second) == 200
    assert second["workid"] == first["workid"]
    assert engine.ended(execution)["status"] == "SUCCEEDED"


def test_an_order_that_is_started_anew_after_it_was_shipped_is_shipped_again(
    engine: Engine, shipper: Shipper
) -> None:
    for name in ("execution-1", "execution-2"):
        execution = engine.start(render(), ORDER, name)
        assert shipper.handle(shipper.partner.message()) == 200
        assert json.loads(engine.ended(execution)["output"])["shipping"]["tracking_number"]

    assert len(shipper.shipments) == 2
