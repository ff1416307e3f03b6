"""Measurer: how much is open, by task type and in all."""

from dataclasses import replace
from math import inf

import pytest
from callbacks.domain.errors import DependencyUnavailable
from callbacks.domain.task import CallbackTask, TaskKey, expired, queued
from callbacks.usecases.measure import ON_ITS_WAY_SECONDS, Gauges

from tests.support.channels import SHIPPING, shipping_channel
from tests.support.harness import Harness, before, failing
from tests.support.tasks import (
    EXECUTION,
    KEY,
    NOW,
    TIMEOUT_SECONDS,
    completing,
    done,
    pending,
    unsettled,
)

REVIEW = "ORDER_REVIEW"
OTHER = TaskKey("order-2", SHIPPING)
NOTHING = Gauges()


@pytest.fixture
def harness() -> Harness:
    """Two channels."""
    harness = Harness()
    harness.channels.channels[REVIEW] = replace(shipping_channel(), task_type=REVIEW)
    return harness


def measured(harness: Harness, at: int = NOW) -> dict[str | None, Gauges]:
    harness.clock.seconds = at
    return dict(harness.measurer.measure(inf))


def test_nothing_is_zero_everywhere(harness: Harness) -> None:
    harness.given(done())
    harness.given(expired(pending(key=OTHER), NOW))

    assert measured(harness) == {SHIPPING: NOTHING, REVIEW: NOTHING, None: NOTHING}


def test_the_oldest_wait_is_the_one_whose_deadline_is_nearest(harness: Harness) -> None:
    harness.given(pending())
    harness.given(pending(key=OTHER, requested_at=(NOW + 60) * 1000, timeout_seconds=600))
    span = 600 + 1 + 5

    found = measured(harness, NOW + 60 + span // 2)[SHIPPING]

    assert found == Gauges(open_tasks=2, oldest_open_seconds=303, oldest_wait_percent=50)


def test_a_wait_in_vain_is_open_overdue_and_beyond_its_whole_time(harness: Harness) -> None:
    deadline = harness.given(pending()).deadline

    assert measured(harness, deadline)[SHIPPING].overdue_tasks == 0
    found = measured(harness, deadline + 864)[SHIPPING]

    assert (found.open_tasks, found.overdue_tasks, found.oldest_wait_percent) == (1, 1, 101)


@pytest.mark.parametrize(
    "task",
    [completing(), queued(completing(), "attempt-1", NOW), completing(requested_at=1000)],
    ids=["recorded", "queued", "long after it was asked for"],
)
def test_an_outcome_is_held_since_it_was_claimed(task: CallbackTask, harness: Harness) -> None:
    harness.given(task)

    found = measured(harness, NOW + 90)[SHIPPING]

    assert found == Gauges(held_outcomes=1, oldest_held_seconds=90)


def test_an_outcome_that_was_claimed_just_now_is_on_its_way(harness: Harness) -> None:
    harness.given(completing())
    long_held = harness.given(
        replace(queued(completing(key=OTHER), "attempt-1", NOW), claimed_at=NOW - 3600)
    )

    for seconds in (-5, 0, ON_ITS_WAY_SECONDS - 1):
        found = measured(harness, NOW + seconds)[SHIPPING]
        assert (found.held_outcomes, found.oldest_held_seconds) == (1, 3600 + seconds)
    assert measured(harness, NOW + ON_ITS_WAY_SECONDS)[SHIPPING].held_outcomes == 2
    assert long_held.claimed_at == NOW - 3600


def test_the_oldest_outcome_is_the_one_that_is_due_first(harness: Harness) -> None:
    harness.given(completing())
    harness.given(replace(completing(key=OTHER), claimed_at=NOW - 500, due_at=NOW - 440))

    found = measured(harness, NOW + 300)[SHIPPING]

    assert found == Gauges(held_outcomes=2, oldest_held_seconds=800)


def test_an_earlier_attempts_outcome_is_held_since_it_was_replaced(harness: Harness) -> None:
    harness.given(unsettled())

    found = measured(harness, NOW + 120)[SHIPPING]

    assert found == Gauges(held_outcomes=1, oldest_held_seconds=119)


def test_of_the_platform_counts_are_added_up_and_the_oldest_is_taken(harness: Harness) -> None:
    harness.given(pending())
    harness.given(pending(key=TaskKey("order-2", REVIEW), requested_at=(NOW - 100) * 1000))
    harness.given(completing(key=TaskKey("order-3", REVIEW)))

    found = measured(harness, NOW + 100)

    assert found[None] == Gauges(
        open_tasks=2,
        held_outcomes=1,
        oldest_open_seconds=200,
        oldest_wait_percent=round(100 * 200 / (TIMEOUT_SECONDS + 6), 1),
        oldest_held_seconds=100,
    )
    assert found[SHIPPING].open_tasks == found[REVIEW].open_tasks == 1


def test_what_is_overdue_is_added_up_too(harness: Harness) -> None:
    deadline = harness.given(pending()).deadline
    harness.given(pending(key=TaskKey("order-2", REVIEW)))

    assert measured(harness, deadline + 60)[None].overdue_tasks == 2


def test_each_task_type_has_its_own_oldest_outcome(harness: Harness) -> None:
    harness.given(replace(completing(), claimed_at=NOW - 500, due_at=NOW - 440))
    harness.given(completing(key=TaskKey("order-2", REVIEW)))

    found = measured(harness, NOW + 300)

    assert found[SHIPPING].oldest_held_seconds == 800
    assert found[REVIEW].oldest_held_seconds == 300


def test_an_age_is_in_whole_seconds(harness: Harness) -> None:
    harness.given(unsettled(requested_at=NOW * 1000 + 999))

    held_for = measured(harness, NOW + 120)[SHIPPING].oldest_held_seconds

    assert (held_for, type(held_for)) == (120, int)


def test_an_outcome_of_a_channel_that_is_gone_is_held_all_the_same(harness: Harness) -> None:
    harness.given(completing(key=TaskKey("order-2", "GIFTS")))

    assert measured(harness, NOW + 60)["GIFTS"].held_outcomes == 1


@pytest.mark.parametrize(
    ("task", "then"),
    [(pending(), expired(pending(), NOW)), (completing(), done())],
    ids=["a wait", "an outcome"],
)
def test_what_ends_while_it_is_counted_has_no_age(
    task: CallbackTask, then: CallbackTask, harness: Harness
) -> None:
    harness.given(task)
    before(harness.tasks, "peek", lambda: harness.given(then))

    found = measured(harness, NOW + 60)[SHIPPING]

    assert (found.open_tasks + found.held_outcomes, found.oldest_open_seconds) == (1, 0)
    assert found.oldest_held_seconds == 0


def test_what_is_measured_before_a_failure_is_told(harness: Harness) -> None:
    harness.given(pending())
    harness.given(pending(key=TaskKey("order-2", REVIEW), execution_arn=EXECUTION))
    found = harness.measurer.measure(inf)

    assert next(found)[0] == REVIEW
    failing(harness.tasks, "peek", DependencyUnavailable("Query: InternalError"))
    with pytest.raises(DependencyUnavailable):
        next(found)


def test_nothing_is_measured_once_the_time_is_over(harness: Harness) -> None:
    harness.given(pending(key=KEY))

    with pytest.raises(DependencyUnavailable, match=REVIEW):
        list(harness.measurer.measure(NOW))
