"""Receiver: a callback is held to its channel's contract before anything is recorded."""

import json
from typing import Any

import pytest
from callbacks.domain.errors import (
    AttemptNotCurrent,
    BodyTooLarge,
    CallbackRefused,
    DependencyUnavailable,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
    SourceNotAllowed,
    TaskNotFound,
    Violation,
)
from callbacks.domain.task import Status
from callbacks.usecases.complete import Result
from callbacks.usecases.receive import Receiver

from tests.support.channels import SHIPPING, example, shipping_channel
from tests.support.harness import Harness, failing
from tests.support.tasks import KEY, SHIPPED, pending, token

HEARTBEAT = {"order_id": KEY.order_id, "task_type": SHIPPING, "task_status": "IN_PROGRESS"}
SUCCESS = {**HEARTBEAT, "task_status": "SUCCESS", "task_output": example("valid", "output")}
OUTPUT_BYTES = len('{"shipping_status":"PROCESSING","tracking_number":"1ZA1B2C3D4"}')


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.given(pending())
    return harness


def post(
    harness: Harness,
    body: Any,
    *,
    callback_id: str | None = None,
    version: str = "v1",
    address: str = "192.0.2.7",
) -> Result:
    """As the function does."""
    receiver: Receiver = harness.receiver
    text = body if isinstance(body, str) else json.dumps(body)
    received = receiver.read(SHIPPING, version, text, callback_id)
    return receiver.take(received, "partner", address)


def test_an_outcome_completes_the_task(harness: Harness) -> None:
    assert post(harness, SUCCESS) is Result.DELIVERED

    assert harness.workflow.waits[token()].closed_by == SHIPPED
    assert harness.record().principal == "partner"


RANGES = {"partner": ["198.51.100.0/24", "2001:db8::/32"], "another": ["192.0.2.0/24"]}


@pytest.mark.parametrize("address", ["198.51.100.0", "198.51.100.255", "2001:db8::7"])
def test_a_partner_calls_back_from_its_own_addresses(address: str, harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(source_ranges=RANGES)

    assert post(harness, SUCCESS, address=address) is Result.DELIVERED


@pytest.mark.parametrize("address", ["192.0.2.7", "198.51.101.0", "2001:db9::7"])
@pytest.mark.parametrize("body", [SUCCESS, HEARTBEAT])
def test_a_callback_from_another_address_is_refused(
    address: str, body: Any, harness: Harness
) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(source_ranges=RANGES)

    with pytest.raises(SourceNotAllowed, match=address):
        post(harness, body, address=address)

    assert harness.record() == pending()


def test_a_partner_without_ranges_calls_back_from_anywhere(harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(
        source_ranges={"another": ["198.51.100.0/24"]}
    )

    assert post(harness, SUCCESS) is Result.DELIVERED


def test_a_heartbeat_keeps_the_task_alive(harness: Harness) -> None:
    assert post(harness, HEARTBEAT) is Result.HEARTBEAT

    assert harness.record() == pending()


def test_a_heartbeat_is_of_the_attempt_that_the_url_names(harness: Harness) -> None:
    with pytest.raises(AttemptNotCurrent):
        post(harness, HEARTBEAT, callback_id="attempt-7")


def test_a_body_is_held_to_the_contract_of_its_route(harness: Harness) -> None:
    post(harness, SUCCESS)

    assert harness.contracts.asked == [shipping_channel().versions["v1"].callback]
    assert harness.contracts.documents == [SUCCESS]


def test_a_body_that_breaks_the_contract_is_refused_with_every_reason(harness: Harness) -> None:
    harness.contracts.found = [Violation("/task_output", "is bad")]

    with pytest.raises(InvalidCallback) as refused:
        post(harness, SUCCESS)

    assert str(refused.value) == "the callback breaks the contract of this channel"
    assert refused.value.violations == (Violation("/task_output", "is bad"),)
    assert harness.record() == pending()


@pytest.mark.parametrize(("of_url", "of_body"), [("attempt-1", None), (None, "attempt-1")])
def test_the_callback_id_may_be_given_in_either_place(
    of_url: str | None, of_body: str | None, harness: Harness
) -> None:
    harness.given(pending(callback_id_required=True))
    body = SUCCESS if of_body is None else {**SUCCESS, "callback_id": of_body}

    assert post(harness, body, callback_id=of_url) is Result.DELIVERED


def test_the_callback_id_may_be_given_twice(harness: Harness) -> None:
    body = {**SUCCESS, "callback_id": "attempt-1"}

    assert post(harness, body, callback_id="attempt-1") is Result.DELIVERED


@pytest.mark.parametrize("of_url", ["attempt-2", ""])
def test_two_callback_ids_are_refused(of_url: str, harness: Harness) -> None:
    with pytest.raises(InvalidCallback) as refused:
        post(harness, {**SUCCESS, "callback_id": "attempt-1"}, callback_id=of_url)

    assert str(refused.value) == "callback_id in the body and in the URL differ"
    assert refused.value.violations == (
        Violation("/callback_id", "is not the callback_id of the URL"),
    )
    assert harness.record() == pending()


def test_the_callback_id_of_the_url_is_held_to_the_contract_too(harness: Harness) -> None:
    post(harness, SUCCESS, callback_id="attempt-1")

    assert harness.contracts.documents == [{**SUCCESS, "callback_id": "attempt-1"}]


@pytest.mark.parametrize("room", [0, -1])
@pytest.mark.parametrize(
    ("max_output_bytes", "limit"),
    [(1, 64 * 1024 + 1), (65_536, 128 * 1024), (131_072, 192 * 1024), (10**6, 256 * 1024)],
)
def test_a_body_is_limited_by_what_is_posted(
    max_output_bytes: int, limit: int, room: int, harness: Harness
) -> None:
    channel = shipping_channel(max_output_bytes=max_output_bytes)
    harness.channels.channels[SHIPPING] = channel
    posted = json.dumps(HEARTBEAT).replace("SHIPPING", "\\u0053HIPPING").ljust(limit - room)

    if room == 0:
        assert post(harness, posted) is Result.HEARTBEAT
    else:
        with pytest.raises(BodyTooLarge, match=str(limit)):
            post(harness, posted)
        assert harness.contracts.asked == []


def test_a_body_is_measured_in_bytes(harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(max_output_bytes=1)

    with pytest.raises(BodyTooLarge):
        post(harness, f'"{"\N{EURO SIGN}" * 30_000}"')


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("shipped", "Expecting value"),
        ("\ufeff{}", "BOM"),
        ('{"a": 1, "a": 1}', "given twice"),
        ('{"\\ud800": 1}', "surrogate"),
        ('"\ud800"', "surrogates"),
    ],
)
def test_a_body_that_is_no_json_is_refused(body: str, why: str, harness: Harness) -> None:
    with pytest.raises(InvalidCallback, match=f"not JSON.*{why}"):
        post(harness, body)


@pytest.mark.parametrize("room", [0, -1])
def test_an_output_is_limited_by_its_size_in_canonical_json(room: int, harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(max_output_bytes=OUTPUT_BYTES + room)

    if room == 0:
        assert post(harness, SUCCESS) is Result.DELIVERED
    else:
        with pytest.raises(OutputTooLarge, match=rf"has {OUTPUT_BYTES} .* {OUTPUT_BYTES - 1}$"):
            post(harness, SUCCESS)
        assert harness.record().status is Status.PENDING


def test_a_channel_that_is_disabled_still_takes_callbacks(harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(enabled=False)

    assert post(harness, SUCCESS) is Result.DELIVERED


def test_a_version_that_is_not_live_is_not_found(harness: Harness) -> None:
    with pytest.raises(TaskNotFound, match="no ORDER_SHIPPING_SERVICE task"):
        post(harness, SUCCESS, version="v2")


def test_a_channel_that_is_not_registered_is_not_found(harness: Harness) -> None:
    harness.channels.channels.clear()

    with pytest.raises(TaskNotFound):
        post(harness, SUCCESS)


def test_a_registration_that_cannot_be_read_leaves_it_open(harness: Harness) -> None:
    failing(harness.channels, "get", DependencyUnavailable("GetItem: throttled"))

    with pytest.raises(NotKnownToBeAccepted) as refused:
        post(harness, SUCCESS)

    assert isinstance(refused.value, CallbackRefused)
