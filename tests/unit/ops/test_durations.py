"""Lengths of time, as people write and read them."""

import pytest

from tools.ops.durations import seconds, spoken


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("3d", 259_200), (" 1h ", 3600)]
)
def test_a_length_is_a_number_and_a_unit(text: str, length: int) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "5", "h", "-1h", "1.5h", "1w", "1h30m", "9999999999s", "²h"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="write 90s, 30m, 2h or 3d"):
        seconds(text)


@pytest.mark.parametrize(
    ("length", "said"),
    [(0, "0s"), (59.9, "59s"), (60, "1m"), (7505, "2h 5m"), (86_400, "1d"), (90_061, "1d 1h")],
)
def test_a_length_is_said_to_two_places(length: float, said: str) -> None:
    assert spoken(length) == said
