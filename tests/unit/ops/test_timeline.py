"""A task's story: what its record says, what was logged, in order, and what comes next."""

from dataclasses import replace
from typing import Any

import pytest
from callbacks.domain.task import (
    CallbackTask,
    Settlement,
    completed,
    dead_lettered,
    expired,
    queued,
    undelivered,
)

from tests.support.tasks import (
    BUSY,
    KEY,
    NOW,
    PRINCIPAL,
    TIMEOUT_SECONDS,
    completing,
    done,
    pending,
    settled_as,
    unsettled,
)
from tools import REPOSITORY
from tools.ops.timeline import SENTENCES, timeline, what_next

LAMBDAS = REPOSITORY / "lambdas"


def told(task: CallbackTask, *lines: dict[str, Any]) -> list[str]:
    return [happening.what for happening in timeline(task, lines)]


def test_a_record_by_itself_tells_what_was_asked_recorded_and_delivered() -> None:
    assert told(done()) == [
        "asked for by the workflow",
        "outcome recorded (SUCCESS)",
        "outcome delivered to the workflow",
    ]
    assert told(expired(pending(), NOW))[-1] == "expired: nobody called back in time"
    assert told(undelivered(completing(), NOW))[-1] == "expired: the outcome came too late"
    assert "queued for redelivery" in told(queued(completing(), "attempt-1", NOW))


def test_who_reported_stands_beside_the_outcome_with_its_code() -> None:
    [recorded] = [
        happening
        for happening in timeline(completing(outcome=BUSY), [])
        if happening.what == "outcome recorded (FAILURE BUSY)"
    ]

    assert recorded.by == PRINCIPAL


@pytest.mark.parametrize(
    ("settlement", "fate"),
    [
        (Settlement.DELIVERED, "its outcome delivered"),
        (Settlement.UNSETTLED, "its outcome unsettled"),
        (Settlement.DEAD_LETTERED, "its outcome dead-lettered"),
    ],
)
def test_an_attempt_that_was_replaced_is_told_before_the_one_that_replaced_it(
    settlement: Settlement, fate: str
) -> None:
    story = told(settled_as(settlement))

    assert story[0] == "asked for by the workflow"
    assert story[1].endswith(fate)
    assert story[-1] == "asked for by the workflow"


def test_lines_of_the_orders_other_tasks_are_left_out() -> None:
    line = {"message": "TASK_DISPATCHED", "at": NOW * 1000 + 5}

    assert "sent to the partners" in told(pending(), {**line, "task_type": KEY.task_type})
    assert "sent to the partners" not in told(pending(), {**line, "task_type": "ANOTHER"})


def test_a_code_that_has_no_sentence_is_told_as_it_is() -> None:
    assert (
        told(pending(), {"message": "SOMETHING_NEW", "at": NOW * 1000 + 5})[-1] == "SOMETHING_NEW"
    )


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_of_a_code_that_is_logged_and_stands_without_its_members(code: str) -> None:
    sources = "".join(path.read_text() for path in LAMBDAS.rglob("*.py"))

    assert f'"{code}"' in sources
    assert told(pending(), {"message": code, "at": NOW * 1000 + 5})


LATE = NOW + TIMEOUT_SECONDS + 60


@pytest.mark.parametrize(
    ("task", "now", "said"),
    [
        (pending(), NOW, "the partner calls back, or the wait times out at 2027-01-16"),
        (pending(), LATE, "reconcile_tasks closes it"),
        (completing(), NOW, "the sweep takes it up within two minutes"),
        (queued(completing(), "attempt-1", NOW), NOW, "redelivery brings the outcome"),
        (dead_lettered(completing(), NOW), NOW, "dead-letter redrive redelivery"),
        (unsettled(), NOW, "an earlier attempt"),
        (completed(completing(), NOW), NOW, "nothing: the workflow has the outcome"),
        (expired(pending(), NOW), NOW, "nothing: the workflow no longer waits"),
        (replace(undelivered(completing(), NOW)), NOW, "nothing: the workflow no longer waits"),
    ],
)
def test_what_comes_next_is_said_for_every_state(task: CallbackTask, now: int, said: str) -> None:
    assert said in what_next(task, now)
