"""Names that a person cannot tell from others by looking at them."""

import re

# What has no width, and is a letter or a mark all the same.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")


def is_legible(name: str) -> bool:
    """Whether it has no invisible sign, none that turns the direction, and no space at an end."""
    return name.isprintable() and name == name.strip() and not _BLANK.search(name)
