"""The one word that is said of a task."""

import pytest
from callbacks.domain.outcome import Undeliverable
from callbacks.domain.task import CallbackTask, completed, dead_lettered, expired, queued

from tests.support.tasks import (
    LOST,
    NOW,
    TIMEOUT_SECONDS,
    completing,
    done,
    pending,
    unsettled,
)
from tools.ops.tasks import state_of


@pytest.mark.parametrize(
    ("task", "word"),
    [
        (pending(), "waiting"),
        (completing(), "held"),
        (queued(completing(), "attempt-1", NOW), "held"),
        (unsettled(), "held"),
        (dead_lettered(completing(), NOW), "dead-lettered"),
        (done(), "completed"),
        (done(outcome=LOST), "failed"),
        (completed(completing(outcome=Undeliverable("410")), NOW), "undeliverable"),
        (expired(pending(), NOW), "expired"),
    ],
)
def test_a_task_is_in_one_state(task: CallbackTask, word: str) -> None:
    assert state_of(task, NOW) == word


def test_a_wait_that_has_timed_out_is_overdue() -> None:
    assert state_of(pending(), NOW + TIMEOUT_SECONDS + 60) == "overdue"
