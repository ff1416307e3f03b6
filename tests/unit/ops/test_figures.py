"""How lengths of time are distributed."""

import pytest

from tools.ops.figures import Bar, failures, histogram, quantile


def test_a_histogram_spans_from_the_shortest_to_the_longest_with_the_gaps_between() -> None:
    assert histogram([61, 299, 3600]) == [
        Bar("1m to 5m", 2),
        Bar("5m to 15m", 0),
        Bar("15m to 1h", 0),
        Bar("1h to 4h", 1),
    ]


@pytest.mark.parametrize(
    ("length", "range_"),
    [
        (0, "under 10s"),
        (9, "under 10s"),
        (10, "10s to 1m"),
        (604_799, "3d to 7d"),
        (604_800, "7d or more"),
        (10**9, "7d or more"),
    ],
)
def test_each_length_is_in_one_range(length: int, range_: str) -> None:
    assert histogram([length]) == [Bar(range_, 1)]


def test_of_nothing_there_is_no_histogram() -> None:
    assert histogram([]) == []


@pytest.mark.parametrize(
    ("share", "length"), [(0.0, 1), (0.1, 1), (0.5, 5), (0.9, 9), (0.91, 10), (1.0, 10)]
)
def test_a_quantile_is_the_length_that_the_share_does_not_exceed(share: float, length: int) -> None:
    assert quantile(list(range(10, 0, -1)), share) == length


def test_a_failure_that_is_reported_twice_is_one() -> None:
    line = {"task_type": "A", "reported_status": "FAILURE", "result": "DELIVERED"}

    counted = failures(
        [
            line,
            {**line, "result": "DUPLICATE"},
            {**line, "task_type": "B", "result": "HELD"},
            {**line, "reported_status": "SUCCESS"},
        ]
    )

    assert counted == {"A": 1, "B": 1}
