"""Pauses double, with jitter, up to a quarter of an hour."""

import pytest
from callbacks.usecases.backoff import backoff_seconds


@pytest.mark.parametrize(("tries", "most"), [(1, 2), (2, 4), (5, 32), (10, 900), (1000, 900)])
def test_a_pause_is_in_the_upper_half_of_its_range(tries: int, most: int) -> None:
    pauses = {backoff_seconds(tries) for _ in range(50)}

    assert most // 2 <= min(pauses) < max(pauses) <= most
