"""The table of problems: every kind of error that the API responds with (RFC 9457).

`problems.json` is the one list. This package, Terraform's gateway responses and the published
documents read it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A kind of error; `type` is what code looks at, the rest is for people.

    `then` is what a partner does next: correct the request, renew the credentials and send it
    again, repeat it as it is, or drop it, since nobody waits for it.
    """

    type: str
    slug: str
    status: int
    title: str
    when: str
    action: str
    then: Literal["correct", "drop", "renew", "repeat"]
    retry_after_seconds: int | None = None


@cache
def problems() -> Mapping[str, Problem]:
    """The table by slug."""
    table = json.loads(Path(__file__).with_suffix(".json").read_bytes())
    return {
        slug: Problem(type=table["type_prefix"] + slug, slug=slug, **row)
        for slug, row in table["kinds"].items()
    }
