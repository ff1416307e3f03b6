"""get_order_metadata and process_shipping_result: an order read, and an order written."""

import time
from typing import Any

import pytest
from callbacks.domain.errors import DependencyUnavailable, InvalidDispatch, OrderNotFound

from tests.support.channels import example
from tests.support.deployed import Deployed
from tests.support.services import intercepted
from tests.support.tasks import EXECUTION, KEY

READ = {"order_id": KEY.order_id, "execution_arn": EXECUTION}
WRITE = {**READ, "shipping": example("valid", "output")}


def test_the_contents_of_an_order_are_read(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)

    assert deployed.call("get_order_metadata", READ) == {
        "order_id": KEY.order_id,
        "order_contents": example("valid", "request"),
    }
    assert deployed.aws.order(KEY.order_id)["execution_arn"] == EXECUTION
    line = deployed.logged("ORDER_READ")
    assert (line["order_id"], line["execution"]) == (KEY.order_id, EXECUTION)


@pytest.mark.parametrize(("days", "least"), [("90", 90 * 86_400), ("0", 100 * 365 * 86_400)])
def test_an_order_that_has_ended_is_kept_for_its_retention(
    days: str, least: int, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 days are no end."""
    monkeypatch.setenv("ORDER_RETENTION_DAYS", days)
    deployed.aws.put_order(KEY.order_id)
    before = int(time.time())

    deployed.call("get_order_metadata", READ)
    deployed.call("process_shipping_result", WRITE)

    expires_at = deployed.aws.order(KEY.order_id)["expires_at"]
    assert expires_at >= before + least
    assert days == "0" or expires_at <= int(time.time()) + least


@pytest.mark.parametrize("event", [{}, {"order_id": ""}, {"order_id": 7}, {"order_id": None}])
def test_an_input_without_an_order_is_refused(event: dict[str, Any], deployed: Deployed) -> None:
    with pytest.raises(InvalidDispatch, match="needs order_id"):
        deployed.call("get_order_metadata", event)


@pytest.mark.parametrize("event", [{}, {"execution_arn": ""}, {"execution_arn": 7}])
def test_an_order_is_taken_up_by_an_execution(event: dict[str, Any], deployed: Deployed) -> None:
    with pytest.raises(InvalidDispatch, match="execution_arn is missing"):
        deployed.call("get_order_metadata", {"order_id": KEY.order_id, **event})


def test_the_outcome_of_shipping_is_written(deployed: Deployed) -> None:
    deployed.aws.put_order(KEY.order_id)

    assert deployed.call("process_shipping_result", WRITE) is None

    order = deployed.aws.order(KEY.order_id)
    assert order.items() >= {**example("valid", "output"), "order_status": "COMPLETED"}.items()
    assert deployed.logged("SHIPPING_RECORDED")["order_id"] == KEY.order_id


@pytest.mark.parametrize(
    ("name", "event"), [("get_order_metadata", READ), ("process_shipping_result", WRITE)]
)
class TestBoth:
    def test_name_an_order_that_is_not_there(
        self, name: str, event: dict[str, Any], deployed: Deployed
    ) -> None:
        with pytest.raises(OrderNotFound, match=KEY.order_id):
            deployed.call(name, event)

    def test_name_a_table_that_refuses(
        self, name: str, event: dict[str, Any], deployed: Deployed
    ) -> None:
        with intercepted("dynamodb") as dynamodb:
            for operation in ("GetItem", "UpdateItem"):
                dynamodb.refuse(operation, "ThrottlingException")

            with pytest.raises(DependencyUnavailable):
                deployed.call(name, event)
