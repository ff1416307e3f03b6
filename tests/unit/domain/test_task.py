"""Transitions: what each makes of a record, spelled out."""

from dataclasses import fields, replace
from typing import Any

import pytest
from callbacks.domain.outcome import Success, Undeliverable, digest
from callbacks.domain.task import (
    Attempt,
    CallbackTask,
    OutcomeStatus,
    PastAttempt,
    Settlement,
    Status,
    TaskKey,
    claimed,
    completed,
    dead_lettered,
    expired,
    joined,
    leased,
    may_claim,
    queued,
    registered,
    settled,
    taken_over,
    undelivered,
)

from tests.support.tasks import BUSY, LOST

KEY = TaskKey("order-1", "ORDER_SHIPPING_SERVICE")
NOW = 1_800_000_000
DEADLINE = 1_800_000_306
RETENTION = 1000
SHIPPED = Success({"tracking_number": "1Z"})
TOKEN_DIGEST = "a86c94fd07916c5910b339ade804abb56c180a0c4877295b5055de2fe86892d4"


def new(callback_id: str = "attempt-1", **changes: Any) -> CallbackTask:
    known: dict[str, Any] = {
        "key": KEY,
        "callback_id": callback_id,
        "task_token": f"token of {callback_id}",
        "execution_arn": "execution-1",
        "requested_at": NOW * 1000 + 250,
        "timeout_seconds": 300,
        "callback_id_required": True,
        "retention_seconds": RETENTION,
    }
    return registered(**known | changes)


def later(callback_id: str = "attempt-2", **changes: Any) -> CallbackTask:
    return new(callback_id, requested_at=(NOW + 100) * 1000, **changes)


CLAIMED = claimed(new(), SHIPPED, "acme", NOW + 10)


def changes(before: CallbackTask, after: CallbackTask) -> dict[str, Any]:
    """The fields that differ."""
    pairs = (
        (one.name, getattr(before, one.name), getattr(after, one.name)) for one in fields(after)
    )
    return {name: value for name, old, value in pairs if old != value}


def test_a_registration() -> None:
    assert new() == CallbackTask(
        key=KEY,
        status=Status.PENDING,
        callback_id="attempt-1",
        work_id="attempt-1",
        task_token="token of attempt-1",
        execution_arn="execution-1",
        requested_at=1_800_000_000_250,
        deadline=DEADLINE,
        callback_id_required=True,
        retention_seconds=RETENTION,
        ttl=DEADLINE + RETENTION,
        due_at=DEADLINE,
        version=1,
    )


@pytest.mark.parametrize(
    ("outcome", "is_final", "reported"),
    [
        (SHIPPED, True, {"reported_status": "SUCCESS"}),
        (LOST, True, {"reported_status": "FAILURE", "reported_code": "LOST"}),
        (BUSY, False, {"reported_status": "FAILURE", "reported_code": "BUSY"}),
        (
            Undeliverable("it is gone"),
            False,
            {"reported_status": "UNDELIVERABLE", "reported_code": "Undeliverable"},
        ),
    ],
)
def test_a_claim(outcome: Any, is_final: bool, reported: dict[str, str]) -> None:
    assert changes(new(), claimed(new(), outcome, "acme", NOW + 10)) == reported | {
        "status": Status.COMPLETING,
        "outcome": outcome,
        "outcome_digest": digest(outcome),
        "outcome_is_final": is_final,
        "outcome_status": OutcomeStatus.RECORDED,
        "claimed_at": NOW + 10,
        "principal": "acme",
        "sends": 1,
        "due_at": NOW + 70,
        "ttl": None,
        "version": 2,
    }


@pytest.mark.parametrize(
    ("task", "callback_id", "now", "may"),
    [
        (new(), "attempt-1", DEADLINE, True),
        (new(), "attempt-1", DEADLINE + 1, False),
        (new(), "attempt-2", NOW, False),
        (new(), None, NOW, False),
        (new(callback_id_required=False), None, NOW, True),
        (new(callback_id_required=False), "attempt-2", NOW, False),
        (replace(new(callback_id_required=False), prior_digests=("d",)), None, NOW, False),
        (replace(new(), prior_digests=("d",)), "attempt-1", NOW, True),
        (CLAIMED, "attempt-1", NOW, False),
        (expired(new(), NOW), "attempt-1", NOW, False),
    ],
)
def test_what_may_be_claimed(
    task: CallbackTask, callback_id: str | None, now: int, may: bool
) -> None:
    assert may_claim(task, callback_id, "d", now) is may


def test_a_join() -> None:
    assert changes(CLAIMED, joined(CLAIMED, NOW + 500)) == {
        "sends": 2,
        "due_at": NOW + 500,
        "version": 3,
    }


def test_queueing() -> None:
    assert changes(CLAIMED, queued(CLAIMED, "attempt-1", NOW + 20)) == {
        "outcome_status": OutcomeStatus.QUEUED,
        "queued_at": NOW + 20,
        "due_at": NOW + 1820,
        "version": 3,
    }


@pytest.mark.parametrize(("now", "ends"), [(DEADLINE - 5, DEADLINE), (DEADLINE + 9, DEADLINE + 9)])
def test_giving_up_and_taking_up_again(now: int, ends: int) -> None:
    task = queued(CLAIMED, "attempt-1", NOW + 20)
    given_up = dead_lettered(task, now)

    assert changes(task, given_up) == {
        "outcome_status": OutcomeStatus.DEAD_LETTERED,
        "queued_at": None,
        "due_at": None,
        "ttl": ends + RETENTION,
        "version": 4,
    }
    assert changes(given_up, joined(given_up, now + 60)) == {
        "outcome_status": OutcomeStatus.RECORDED,
        "sends": 2,
        "due_at": now + 60,
        "ttl": None,
        "version": 5,
    }


@pytest.mark.parametrize(
    ("close", "status", "outcome_status"),
    [
        (completed, Status.COMPLETED, OutcomeStatus.DELIVERED),
        (undelivered, Status.EXPIRED, OutcomeStatus.UNDELIVERED),
    ],
)
def test_a_close(close: Any, status: Status, outcome_status: OutcomeStatus) -> None:
    task = queued(CLAIMED, "attempt-1", NOW + 20)

    assert changes(task, close(task, NOW + 30)) == {
        "status": status,
        "task_token": None,
        "outcome": None,
        "outcome_status": outcome_status,
        "queued_at": None,
        "closed_at": NOW + 30,
        "due_at": None,
        "ttl": NOW + 30 + RETENTION,
        "version": 4,
    }


def test_an_expiry() -> None:
    assert changes(new(), expired(new(), NOW + 30)) == {
        "status": Status.EXPIRED,
        "task_token": None,
        "closed_at": NOW + 30,
        "due_at": None,
        "ttl": NOW + 30 + RETENTION,
        "version": 2,
    }


def test_a_lease() -> None:
    assert changes(CLAIMED, leased(CLAIMED, NOW + 300)) == {"due_at": NOW + 300, "version": 3}
    idle = replace(new(), due_at=NOW)
    assert changes(idle, leased(idle, NOW + 300)) == {"due_at": DEADLINE, "version": 2}
    closed = replace(completed(CLAIMED, NOW), due_at=NOW)
    assert changes(closed, leased(closed, NOW + 300)) == {"due_at": None, "version": 4}


def test_taking_over_what_is_on_its_way() -> None:
    found = queued(CLAIMED, "attempt-1", NOW + 20)
    outcome_digest = digest(SHIPPED)

    task = taken_over(found, later())

    assert changes(later(), task) == {
        "work_id": "attempt-1",
        "attempts": {
            "attempt-1": PastAttempt(
                requested_at=NOW * 1000 + 250,
                outcome_digest=outcome_digest,
                settlement=Settlement.UNSETTLED,
                attempt=found.attempt,
                queued_at=NOW + 20,
                principal="acme",
                reported_status="SUCCESS",
            )
        },
        "prior_digests": (outcome_digest,),
        "due_at": NOW + 1820,
        "ttl": None,
        "version": 4,
    }
    assert found.attempt == Attempt(
        callback_id="attempt-1",
        execution_arn="execution-1",
        requested_at=NOW * 1000 + 250,
        token_digest=TOKEN_DIGEST,
        outcome=SHIPPED,
    )


@pytest.mark.parametrize(
    ("found", "settlement"),
    [
        (completed(CLAIMED, NOW), Settlement.DELIVERED),
        (undelivered(CLAIMED, NOW), Settlement.UNDELIVERED),
    ],
)
def test_taking_over_what_is_closed(found: CallbackTask, settlement: Settlement) -> None:
    task = taken_over(found, later())

    past = PastAttempt(
        requested_at=NOW * 1000 + 250,
        outcome_digest=digest(SHIPPED),
        settlement=settlement,
        principal="acme",
        reported_status="SUCCESS",
    )
    assert (task.attempts, task.version) == ({"attempt-1": past}, 4)
    assert (task.due_at, task.ttl) == (NOW + 100 + 306, NOW + 100 + 306 + RETENTION)


def test_a_past_attempt_keeps_the_code_of_its_failure() -> None:
    found = claimed(new(), BUSY, "acme", NOW + 10)

    past = taken_over(found, later()).attempts["attempt-1"]

    assert (past.reported_status, past.reported_code) == ("FAILURE", "BUSY")


def test_what_is_queued_and_what_is_not() -> None:
    both = claimed(taken_over(CLAIMED, later()), LOST, "acme", NOW + 110)
    first, second = digest(SHIPPED), digest(LOST)

    assert both.to_queue(NOW) == {"attempt-1": first, "attempt-2": second}
    one = queued(both, "attempt-1", NOW)
    assert changes(both, one).keys() == {"attempts", "version"}
    assert one.attempts["attempt-1"].queued_at == NOW
    assert one.to_queue(NOW + 21_599) == {"attempt-2": second}
    assert one.to_queue(NOW + 21_600) == {"attempt-1": first, "attempt-2": second}
    assert queued(one, "attempt-2", NOW).to_queue(NOW + 21_599) == {}
    assert dead_lettered(both, NOW).to_queue(NOW) == {"attempt-1": first}
    assert completed(CLAIMED, NOW).to_queue(NOW) == {}


@pytest.mark.parametrize(("now", "is_last"), [(DEADLINE + 900, False), (DEADLINE + 901, True)])
def test_the_last_try(now: int, is_last: bool) -> None:
    assert CLAIMED.is_last_try(now) is is_last


@pytest.mark.parametrize(
    ("settlement", "keeps_attempt", "is_due"),
    [
        (Settlement.DELIVERED, False, False),
        (Settlement.UNDELIVERED, False, False),
        (Settlement.DEAD_LETTERED, True, False),
        (Settlement.UNSETTLED, True, True),
    ],
)
def test_settling_a_past_attempt(settlement: Settlement, keeps_attempt: bool, is_due: bool) -> None:
    task = taken_over(CLAIMED, later())

    after = settled(task, "attempt-1", settlement, NOW + 200)

    past = after.attempts["attempt-1"]
    assert past.settlement is settlement
    assert (past.attempt is not None) is keeps_attempt
    assert after.version == 4
    ends = NOW + 100 + 306
    assert (after.due_at, after.ttl) == ((NOW + 70, None) if is_due else (ends, ends + RETENTION))


def test_a_past_attempt_that_is_taken_up_again_is_due_in_a_minute() -> None:
    given_up = settled(taken_over(CLAIMED, later()), "attempt-1", Settlement.DEAD_LETTERED, NOW)

    again = settled(given_up, "attempt-1", Settlement.UNSETTLED, NOW + 200)

    assert (again.due_at, again.ttl) == (NOW + 260, None)


def test_an_outcome_that_was_given_up_is_due_as_soon_as_its_attempt_is_replaced() -> None:
    newer = new("attempt-2", requested_at=NOW * 1000 + 100_250)

    assert taken_over(dead_lettered(CLAIMED, NOW), newer).due_at == NOW + 100


def test_a_past_attempt_that_is_queued_says_since_when_and_nothing_else() -> None:
    task = taken_over(CLAIMED, later())

    after = queued(task, "attempt-1", NOW + 30)

    past = replace(task.attempts["attempt-1"], queued_at=NOW + 30)
    assert changes(task, after) == {"attempts": {"attempt-1": past}, "version": 4}


def test_an_outcome_that_is_queued_after_it_was_given_up_is_kept() -> None:
    given_up = dead_lettered(CLAIMED, NOW)

    assert given_up.ttl is not None
    assert queued(given_up, "attempt-1", NOW).ttl is None


def test_a_past_attempt_that_is_settled_is_not_queued_whatever_its_record_said() -> None:
    found = replace(completed(CLAIMED, NOW), queued_at=NOW)

    assert taken_over(found, later()).attempts["attempt-1"].queued_at is None


@pytest.mark.parametrize("settlement", list(Settlement))
def test_an_attempt_that_is_settled_or_reported_is_queued_no_more(settlement: Settlement) -> None:
    task = queued(taken_over(CLAIMED, later()), "attempt-1", NOW)

    assert settled(task, "attempt-1", settlement, NOW).attempts["attempt-1"].queued_at is None


@pytest.mark.parametrize(("order_id", "is_task"), [("#CHANNEL", False), ("order#1", True)])
def test_a_registration_is_no_task(order_id: str, is_task: bool) -> None:
    assert TaskKey(order_id, "ORDER_SHIPPING_SERVICE").is_task is is_task


def test_ten_settled_attempts_are_kept_and_every_unsettled_one() -> None:
    task = CLAIMED
    for number in range(2, 14):
        newer = new(f"attempt-{number}", requested_at=(NOW + number) * 1000)
        task = taken_over(task, newer)
        task = completed(claimed(task, LOST, "acme", NOW), NOW)

    kept = taken_over(task, new("attempt-14", requested_at=(NOW + 14) * 1000))

    assert set(kept.attempts) == {"attempt-1", *(f"attempt-{number}" for number in range(4, 14))}


def test_only_a_task_with_token_and_outcome_has_an_attempt() -> None:
    for task in (new(), completed(CLAIMED, NOW), expired(new(), NOW)):
        with pytest.raises(ValueError, match="has no attempt to settle"):
            _ = task.attempt
