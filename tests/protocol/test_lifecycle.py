"""The protocol keeps its invariants in any interleaving."""

import pytest
from callbacks.domain import task

from tests.support.protocol import invariants
from tests.support.protocol.machine import run

STEPS = 10_000


def test_a_callback_is_never_lost_and_never_completes_the_wrong_attempt() -> None:
    run(STEPS, random_seed=1)


def test_so_too_where_few_past_attempts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (task, invariants):
        monkeypatch.setattr(module, "PAST_ATTEMPTS_KEPT", 1)

    run(STEPS // 5, random_seed=1)
