"""Orders: they are taken up, and an end is written once."""

from collections.abc import Callable
from typing import Any

import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.order_table import DynamoDBOrders
from callbacks.domain.errors import OrderNotFound
from callbacks.domain.ports import Orders

from tests.support.channels import example
from tests.support.cloud import ORDERS, Cloud
from tests.support.fakes import FakeOrders

SHIPPING = example("valid", "output")


def order(orders: Orders, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The order's attributes."""
    if isinstance(orders, FakeOrders):
        return orders.orders["order-1"]
    aws: Cloud = request.getfixturevalue("aws")
    return aws.order("order-1")


def test_an_order_that_is_taken_up_says_by_whom(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    first = orders.take_up("order-1", "first", None)
    again = orders.take_up("order-1", "second", None)

    assert first == again == example("valid", "request")
    found = order(orders, request)
    assert (found["execution_arn"], found["order_status"]) == ("second", "RECEIVED")


def test_an_order_that_is_not_there_is_not_found(orders: Orders) -> None:
    with pytest.raises(OrderNotFound, match="there is no order order-2"):
        orders.take_up("order-2", "first", None)
    with pytest.raises(OrderNotFound):
        orders.record_shipping("order-2", SHIPPING)
    assert orders.mark_failed("order-2", "why") is False
    assert orders.mark_stalled("order-2", "why") is False
    with pytest.raises(OrderNotFound):
        orders.take_up("order-2", "first", None)


def test_shipping_completes_an_order(orders: Orders, request: pytest.FixtureRequest) -> None:
    orders.record_shipping("order-1", SHIPPING)

    assert order(orders, request).items() >= {**SHIPPING, "order_status": "COMPLETED"}.items()
    assert orders.take_up("order-1", "first", None) == example("valid", "request")
    assert order(orders, request)["order_status"] == "COMPLETED"


def test_a_failure_is_marked_with_its_reason(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    marked = orders.mark_failed("order-1", "the parcel was lost")

    assert marked is True
    found = order(orders, request)
    assert (found["order_status"], found["failure_reason"]) == ("FAILED", "the parcel was lost")


def test_the_first_reason_stands(orders: Orders, request: pytest.FixtureRequest) -> None:
    orders.mark_failed("order-1", "first")

    assert orders.mark_failed("order-1", "second") is False
    assert order(orders, request)["failure_reason"] == "first"


def test_an_order_that_is_completed_neither_fails_nor_stalls(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.record_shipping("order-1", SHIPPING)

    assert orders.mark_failed("order-1", "late") is False
    assert orders.mark_stalled("order-1", "late") is False
    assert order(orders, request)["order_status"] == "COMPLETED"


@pytest.mark.parametrize("taken_up", [True, False])
def test_a_stall_says_how_to_resume_and_keeps_the_status_before(
    taken_up: bool, orders: Orders, request: pytest.FixtureRequest
) -> None:
    if taken_up:
        orders.take_up("order-1", "first", None)

    marked = [orders.mark_stalled("order-1", "redrive 1"), orders.mark_stalled("order-1", "2")]

    assert marked == [True, True]
    found = order(orders, request)
    assert (found["order_status"], found["stalled_reason"]) == ("STALLED", "2")
    assert found["status_before_stall"] == "RECEIVED"


STALL = {"stalled_reason", "status_before_stall"}


def test_an_order_that_stalled_is_completed_without_the_mark(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.mark_stalled("order-1", "redrive it")

    orders.record_shipping("order-1", SHIPPING)

    assert order(orders, request)["order_status"] == "COMPLETED"
    assert not STALL & order(orders, request).keys()


def test_an_order_that_stalled_fails_without_the_mark(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.mark_stalled("order-1", "redrive it")

    assert orders.mark_failed("order-1", "lost") is True
    assert order(orders, request)["order_status"] == "FAILED"
    assert not STALL & order(orders, request).keys()


def test_an_order_that_failed_stalls_if_it_is_tried_anew(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.mark_failed("order-1", "lost")

    assert orders.mark_stalled("order-1", "redrive it") is True
    assert order(orders, request)["order_status"] == "STALLED"
    assert order(orders, request)["status_before_stall"] == "FAILED"


def test_an_order_that_failed_can_be_shipped_after_all(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.mark_failed("order-1", "first")

    orders.record_shipping("order-1", SHIPPING)

    assert order(orders, request)["order_status"] == "COMPLETED"
    assert "failure_reason" not in order(orders, request)


UNTIL = 1_900_000_000
NEVER = 253_402_300_799


@pytest.mark.parametrize(("until", "kept"), [(UNTIL, UNTIL), (None, NEVER)])
@pytest.mark.parametrize(
    "end",
    [
        lambda orders: orders.record_shipping("order-1", SHIPPING),
        lambda orders: orders.mark_failed("order-1", "lost"),
    ],
    ids=["completed", "failed"],
)
def test_an_order_expires_only_once_it_has_ended(
    end: Callable[[Orders], Any],
    until: int | None,
    kept: int,
    orders: Orders,
    request: pytest.FixtureRequest,
) -> None:
    orders.take_up("order-1", "first", until)
    assert "expires_at" not in order(orders, request)

    end(orders)

    assert order(orders, request)["expires_at"] == kept


def test_an_order_that_was_taken_up_before_it_had_a_retention_is_kept(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.mark_failed("order-1", "lost")

    assert order(orders, request)["expires_at"] == NEVER


@pytest.mark.parametrize(
    "open_again",
    [
        lambda orders: orders.take_up("order-1", "second", UNTIL),
        lambda orders: orders.mark_stalled("order-1", "redrive it"),
    ],
    ids=["tried anew", "stalled"],
)
def test_an_order_that_is_open_again_does_not_expire(
    open_again: Callable[[Orders], Any], orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.take_up("order-1", "first", UNTIL)
    orders.mark_failed("order-1", "lost")
    assert "expires_at" in order(orders, request)

    open_again(orders)

    assert "expires_at" not in order(orders, request)


def test_an_order_that_failed_before_expires_once_its_last_execution_has_ended(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.take_up("order-1", "first", UNTIL)
    orders.mark_failed("order-1", "lost")
    orders.take_up("order-1", "second", UNTIL + 1)

    orders.let_expire("order-1", "first")
    assert "expires_at" not in order(orders, request)
    orders.let_expire("order-1", "second")
    assert order(orders, request)["expires_at"] == UNTIL + 1


def test_only_an_order_that_failed_is_let_expire(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.take_up("order-1", "first", UNTIL)

    orders.let_expire("order-1", "first")
    orders.let_expire("order-2", "first")

    assert "expires_at" not in order(orders, request)


def test_a_completed_order_that_is_taken_up_is_kept_for_as_long_again(
    orders: Orders, request: pytest.FixtureRequest
) -> None:
    orders.take_up("order-1", "first", UNTIL)
    orders.record_shipping("order-1", SHIPPING)

    orders.take_up("order-1", "second", UNTIL + 1)

    found = order(orders, request)
    assert (found["execution_arn"], found["expires_at"]) == ("second", UNTIL + 1)


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({"N": "3"}, 3),
        ({"N": "3.0"}, 3),
        ({"N": "1E2"}, 100),
        ({"N": "0.5"}, 0.5),
        ({"BOOL": False}, False),
        ({"NULL": True}, None),
        ({"S": ""}, ""),
        ({"SS": ["a"]}, ["a"]),
        ({"L": [{"M": {"a": {"N": "1"}}}]}, [{"a": 1}]),
    ],
)
def test_values_are_read_as_json_has_them(stored: Any, read: Any, aws: Cloud) -> None:
    aws.put_order("order-1", order_contents={"M": {"value": stored}})

    contents = DynamoDBOrders(lazy("dynamodb"), ORDERS).take_up("order-1", "first", None)

    assert contents == {"value": read}
    assert type(contents["value"]) is type(read)


def test_a_value_that_json_has_not_is_an_error(aws: Cloud) -> None:
    aws.put_order("order-1", order_contents={"M": {"value": {"B": b"\0"}}})

    with pytest.raises(ValueError, match="type B"):
        DynamoDBOrders(lazy("dynamodb"), ORDERS).take_up("order-1", "first", None)
