"""Sweeper: what was recorded and never queued, and what was never settled, is queued."""

from dataclasses import replace

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.outcome import digest
from callbacks.domain.ports import Redelivery
from callbacks.domain.task import (
    CallbackTask,
    TaskKey,
    claimed,
    completed,
    dead_lettered,
    leased,
    queued,
)
from callbacks.usecases.sweep import LEASE_SECONDS

from tests.support.channels import SHIPPING
from tests.support.harness import Harness, before, failing
from tests.support.tasks import (
    DELIVERED_ELSEWHERE,
    KEY,
    NOW,
    PRINCIPAL,
    SHIPPED,
    completing,
    done,
    pending,
    unsettled,
)

FIRST = Redelivery(KEY, "attempt-1", digest(SHIPPED))
MINUTE = 60


@pytest.fixture
def harness() -> Harness:
    return Harness()


def sweep_after(harness: Harness, seconds: int) -> int:
    harness.clock.seconds = NOW + seconds
    return harness.sweeper.sweep().total()


def test_an_outcome_that_was_never_queued_is_queued(harness: Harness) -> None:
    harness.given(completing())

    assert sweep_after(harness, MINUTE - 1) == 0
    assert sweep_after(harness, MINUTE) == 1
    assert harness.queue.messages == [FIRST]


def test_an_attempt_that_was_never_settled_is_queued(harness: Harness) -> None:
    harness.given(unsettled())

    assert sweep_after(harness, MINUTE) == 1
    assert harness.queue.messages == [FIRST]


def test_a_past_attempt_and_the_current_one_are_both_queued(harness: Harness) -> None:
    harness.given(claimed(unsettled(), DELIVERED_ELSEWHERE, PRINCIPAL, NOW))

    assert sweep_after(harness, MINUTE) == 2
    assert harness.queue.messages == [
        FIRST,
        Redelivery(KEY, "attempt-2", digest(DELIVERED_ELSEWHERE)),
    ]


def test_a_lease_keeps_it_from_being_queued_each_minute(harness: Harness) -> None:
    harness.given(completing())
    seen: list[CallbackTask] = []
    before(harness.queue, "send", lambda: seen.append(harness.record()))

    sweep_after(harness, MINUTE)

    assert [task.due_at for task in seen] == [NOW + MINUTE + 300]
    assert harness.record().task_token == completing().task_token


def test_what_is_queued_is_queued_again_only_after_the_queue_has_forgotten_it(
    harness: Harness,
) -> None:
    harness.given(queued(completing(), "attempt-1", NOW))

    assert [sweep_after(harness, 30 * MINUTE * half) for half in range(1, 13)] == [0] * 11 + [1]
    assert harness.record().queued_at == NOW + 6 * 60 * MINUTE
    assert harness.queue.messages == [FIRST]


def test_what_the_sweep_queued_counts_as_queued(harness: Harness) -> None:
    harness.given(claimed(unsettled(), DELIVERED_ELSEWHERE, PRINCIPAL, NOW))

    assert sweep_after(harness, MINUTE) == 2
    assert harness.record().to_queue(NOW + MINUTE) == {}
    assert harness.record().due_at == NOW + 31 * MINUTE
    assert sum(sweep_after(harness, MINUTE * minute) for minute in range(2, 360)) == 0
    assert sweep_after(harness, MINUTE * 391) == 2


@pytest.mark.parametrize("task", [pending(), done(), dead_lettered(completing(), NOW)])
def test_nothing_else_is_queued(task: CallbackTask, harness: Harness) -> None:
    harness.given(task)

    assert sweep_after(harness, 10**9) == 0
    assert harness.record() == task


def test_what_the_index_shows_too_long_is_not_queued(harness: Harness) -> None:
    harness.given(completing())
    before(harness.tasks, "peek", lambda: harness.given(done()))

    assert sweep_after(harness, MINUTE) == 0
    assert harness.record() == done()


def test_what_another_sweep_took_up_meanwhile_is_not_queued(harness: Harness) -> None:
    harness.given(completing())
    taken_up = leased(completing(), NOW + MINUTE + LEASE_SECONDS)
    before(harness.tasks, "peek", lambda: harness.given(taken_up))

    assert sweep_after(harness, MINUTE) == 0
    assert harness.record() == taken_up


def test_what_was_deleted_meanwhile_is_not_queued(harness: Harness) -> None:
    harness.given(completing())
    before(harness.tasks, "peek", harness.tasks.records.clear)

    assert sweep_after(harness, MINUTE) == 0


def test_what_is_closed_meanwhile_is_not_queued(harness: Harness) -> None:
    harness.given(completing())
    before(harness.tasks, "replace", lambda: harness.given(completed(completing(), NOW)))

    assert sweep_after(harness, MINUTE) == 0
    assert harness.queue.messages == []


def test_what_cannot_be_queued_is_due_again_after_its_lease(harness: Harness) -> None:
    harness.given(completing())
    failing(harness.queue, "send", DependencyUnavailable("SendMessage"))

    with pytest.raises(DependencyUnavailable):
        sweep_after(harness, MINUTE)

    assert sweep_after(harness, MINUTE + LEASE_SECONDS) == 1


def test_what_was_given_up_is_not_queued_with_what_is_to_be_settled(harness: Harness) -> None:
    both = claimed(unsettled(), DELIVERED_ELSEWHERE, PRINCIPAL, NOW)
    harness.given(dead_lettered(both, NOW))

    assert sweep_after(harness, MINUTE) == 1
    assert harness.queue.messages == [FIRST]


def test_a_record_with_nothing_left_to_deliver_is_due_when_its_wait_ends(harness: Harness) -> None:
    harness.given(completing())
    before(harness.tasks, "peek", lambda: harness.given(replace(pending(), due_at=NOW)))

    assert sweep_after(harness, MINUTE) == 0
    assert harness.record().due_at == pending().deadline


OTHER = TaskKey("order-2", SHIPPING)
SECOND = Redelivery(OTHER, "attempt-1", digest(SHIPPED))


@pytest.mark.parametrize("port_call", ["peek", "replace"])
def test_what_needs_no_sweep_any_more_hides_nothing_else(port_call: str, harness: Harness) -> None:
    harness.given(completing())
    harness.given(completing(key=OTHER))
    before(harness.tasks, port_call, lambda: harness.given(done()))

    assert sweep_after(harness, MINUTE) == 1
    assert harness.queue.messages == [SECOND]


def test_what_is_queued_already_is_looked_at_again_in_half_an_hour(harness: Harness) -> None:
    harness.given(replace(queued(completing(), "attempt-1", NOW), due_at=NOW + MINUTE))

    assert sweep_after(harness, MINUTE) == 0
    assert harness.record().due_at == NOW + MINUTE + 1800


def test_what_is_delivered_as_it_is_queued_stays_closed(harness: Harness) -> None:
    harness.given(completing())
    closed = replace(done(), version=9)
    before(harness.queue, "send", lambda: harness.given(closed))

    assert sweep_after(harness, MINUTE) == 1
    assert harness.record() == closed


def test_all_that_is_due_is_queued(harness: Harness) -> None:
    for number in range(5):
        harness.given(completing(key=TaskKey(f"order-{number}", SHIPPING)))

    assert sweep_after(harness, MINUTE) == 5
