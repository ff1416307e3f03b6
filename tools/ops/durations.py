"""Lengths of time as people write and read them: 90s, 30m, 2h, 3d."""

import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: str) -> int:
    """Raises ValueError for anything but a whole number and one of s, m, h, d."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no length of time: write 90s, 30m, 2h or 3d")
    return int(found[1]) * _SECONDS[found[2]]


def spoken(length: float) -> str:
    """To two places, such as 2h 5m."""
    rest = int(length)
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, _SECONDS[unit])
        if count or (unit == "s" and not parts):
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])
