"""How long to wait before the next try."""

import random

MAX_BACKOFF_SECONDS = 900


def backoff_seconds(tries: int) -> int:
    """Doubles from two seconds up to a quarter of an hour; the jitter spreads over the upper half.

    `tries` counts the one that has just failed.
    """
    longest = min(2**tries, MAX_BACKOFF_SECONDS)
    return random.randint(longest // 2, longest)
