"""Digests tell outcomes apart by their values, those of older records among them."""

import hashlib

import pytest
from callbacks.domain.outcome import (
    Failure,
    Outcome,
    Success,
    Undeliverable,
    as_v1,
    digest,
    is_same,
    outcome_from_json,
)

from tests.support.tasks import BUSY, LOST, SHIPPED


def reported(number: str) -> Outcome:
    return outcome_from_json(f'{{"status": "SUCCESS", "output": {{"parcels": {number}}}}}')


def test_a_digest_is_of_the_canonical_json() -> None:
    text = '{"output":{"parcels":1},"status":"SUCCESS"}'

    assert digest(Success({"parcels": 1})) == f"v2:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("outcome", "error", "cause"),
    [
        (BUSY, "CallbackTask.Retryable", '{"code":"BUSY","message":"no van today"}'),
        (LOST, "CallbackTask.Failed", '{"code":"LOST","message":"the parcel was lost"}'),
        (
            Undeliverable("it is gone"),
            "CallbackTask.Undeliverable",
            '{"code":"Undeliverable","message":"it is gone"}',
        ),
    ],
)
def test_a_workflow_sees_an_error_and_its_cause(
    outcome: Failure | Undeliverable, error: str, cause: str
) -> None:
    assert (outcome.error, outcome.cause) == (error, cause)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (
            Success({"tracking_number": "1Z"}),
            '{"output":{"tracking_number":"1Z"},"status":"SUCCESS"}',
        ),
        (
            LOST,
            '{"error":{"code":"LOST","message":"the parcel was lost","retryable":false},'
            '"status":"FAILURE"}',
        ),
        (Undeliverable("it is gone"), '{"reason":"it is gone","status":"UNDELIVERABLE"}'),
    ],
)
def test_an_outcome_is_read_as_it_was_written(outcome: Outcome, text: str) -> None:
    assert outcome.as_json() == text
    assert outcome_from_json(text) == outcome


def test_a_number_is_the_same_however_it_is_spelled() -> None:
    assert digest(reported("1")) == digest(reported("1.0")) == digest(reported("1e0"))


def test_numbers_that_round_alike_are_not_the_same() -> None:
    assert digest(reported("0.1")) != digest(reported("0.1000000000000000055"))


@pytest.mark.parametrize("outcome", [SHIPPED, BUSY, LOST, reported("1"), reported("2.5")])
def test_a_record_of_the_first_version_holds_the_same_outcome(outcome: Outcome) -> None:
    of_v1 = f"v1:{hashlib.sha256(outcome.as_json().encode()).hexdigest()}"

    assert as_v1(digest(outcome)) == of_v1
    assert is_same(digest(outcome), of_v1)
    assert not is_same(digest(reported("7")), of_v1)


def test_an_outcome_that_is_recorded_is_compared_whatever_its_digest() -> None:
    """The first version told 1.0 from 1: its digest cannot be made of what is read now."""
    of_v1 = f"v1:{hashlib.sha256(b'{"output":{"parcels":1.0},"status":"SUCCESS"}').hexdigest()}"

    assert is_same(digest(reported("1.0")), of_v1, reported("1.0"))
    assert not is_same(digest(reported("2")), of_v1, reported("1.0"))
    assert not is_same(digest(reported("1.0")), None)
