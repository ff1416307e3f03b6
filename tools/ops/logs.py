"""What the functions have logged, each line a document with a code as its message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from tools import Json
from tools.ops.place import Place

MOST_LINES = 1000  # Of one group.


def lines(
    place: Place, functions: Iterable[str], since: int, wanted: dict[str, Sequence[str]]
) -> list[Json]:
    """The lines since an instant, in seconds, whose members have one of the wanted values.

    The oldest come first, and at most MOST_LINES of each function.
    """
    pattern = _pattern(wanted)
    with ThreadPoolExecutor(8) as pool:
        groups = pool.map(lambda name: _of_function(place, name, since, pattern), functions)
        # The local engine filters nothing.
        found = [line for group in groups for line in group if _is_wanted(line, wanted)]
    return sorted(found, key=lambda line: int(line["at"]))


def _of_function(place: Place, function: str, since: int, pattern: str) -> list[Json]:
    pages = (
        place.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{function}",
            startTime=since * 1000,
            filterPattern=pattern,
        )
    )
    try:
        found = (
            {**document, "at": event["timestamp"], "function": function}
            for page in pages
            for event in page.get("events", [])
            if (document := _document(event["message"])) is not None
        )
        return list(islice(found, MOST_LINES))
    except ClientError as error:
        # A function that never ran has no group yet on some engines.
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return []
        raise


def _pattern(wanted: dict[str, Sequence[str]]) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""
    terms = [
        "(" + " || ".join(f"$.{name} = {json.dumps(value)}" for value in values) + ")"
        for name, values in wanted.items()
    ]
    return "{ " + " && ".join(terms) + " }"


def _is_wanted(line: Json, wanted: dict[str, Sequence[str]]) -> bool:
    return all(line.get(name) in values for name, values in wanted.items())


def _document(message: str) -> dict[str, Any] | None:
    """A line of the functions' own; None for what Lambda itself writes."""
    try:
        document = json.loads(message)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "message" in document else None
