"""Receiver: a callback is held to its channel's contract before anything is recorded."""

from typing import Any

import pytest
from callbacks.domain.errors import (
    CallbackRefused,
    DependencyUnavailable,
    InvalidCallback,
    NotKnownToBeAccepted,
    OutputTooLarge,
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
    harness: Harness, body: Any, *, callback_id: str | None = None, version: str = "v1"
) -> Result:
    """As the function does."""
    receiver: Receiver = harness.receiver
    received = receiver.read(SHIPPING, version, body)
    return receiver.take(received, callback_id, "partner")


def test_an_outcome_completes_the_task(harness: Harness) -> None:
    assert post(harness, SUCCESS) is Result.DELIVERED

    assert harness.workflow.waits[token()].closed_by == SHIPPED
    assert harness.record().principal == "partner"


def test_a_heartbeat_keeps_the_task_alive(harness: Harness) -> None:
    assert post(harness, HEARTBEAT) is Result.HEARTBEAT

    assert harness.record() == pending()


def test_a_body_is_held_to_the_contract_of_its_route(harness: Harness) -> None:
    post(harness, SUCCESS)

    assert harness.contracts.asked == [shipping_channel().versions["v1"].callback]


def test_a_body_that_breaks_the_contract_is_refused_with_every_reason(harness: Harness) -> None:
    harness.contracts.found = [Violation("/task_output", "is bad")]

    with pytest.raises(InvalidCallback) as refused:
        post(harness, SUCCESS)

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
    with pytest.raises(InvalidCallback, match="differ"):
        post(harness, {**SUCCESS, "callback_id": "attempt-1"}, callback_id=of_url)

    assert harness.record() == pending()


@pytest.mark.parametrize("room", [0, -1])
def test_an_output_is_limited_by_its_size_in_canonical_json(room: int, harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(max_output_bytes=OUTPUT_BYTES + room)

    if room == 0:
        assert post(harness, SUCCESS) is Result.DELIVERED
    else:
        with pytest.raises(OutputTooLarge, match=str(OUTPUT_BYTES)):
            post(harness, SUCCESS)
        assert harness.record().status is Status.PENDING


def test_a_channel_that_is_disabled_still_takes_callbacks(harness: Harness) -> None:
    harness.channels.channels[SHIPPING] = shipping_channel(enabled=False)

    assert post(harness, SUCCESS) is Result.DELIVERED


def test_a_version_that_is_not_live_is_not_found(harness: Harness) -> None:
    with pytest.raises(TaskNotFound):
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
