"""Bodies that cost as much as a partner can make them cost, for any channel."""

import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

EMOJI = "\N{GRINNING FACE}"


def taken(success: Json, most_bytes: int) -> Mapping[str, str]:
    """What a contract lets through; `success` is a callback that meets it."""
    heartbeat = {name: success[name] for name in ("order_id", "task_type")}
    error = {"code": "C" * 256, "message": EMOJI * 4096, "retryable": False}
    failure = {**heartbeat, "task_status": "FAILURE", "task_error": error}
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in success["task_type"])
    return {
        "white space": json.dumps(success).ljust(most_bytes),
        "white space within": json.dumps(success).replace(" ", " " * (most_bytes // 20)),
        "escapes": json.dumps(success).replace(success["task_type"], escaped).ljust(most_bytes),
        "the longest message": json.dumps(failure).ljust(most_bytes),
    }


def refused(success: Json, most_bytes: int) -> Mapping[str, str]:
    """What no contract with bounds lets through, and what is not even read."""
    body = json.dumps({**success, "task_output": 0})
    assert body.endswith("0}")
    output = body.removesuffix("0}")

    def full(part: str, before: str = "[", after: str = "]") -> str:
        return before + part * ((most_bytes - len(before) - len(after)) // len(part)) + after

    names = (most_bytes - len(body)) // 20
    return {
        "a byte too much": json.dumps(success).ljust(most_bytes + 1),
        "megabytes": json.dumps(success).ljust(5 * 2**20),
        "megabytes of brackets": "[" * 5 * 2**20,
        "brackets": "[" * most_bytes,
        "200,000 levels": "[" * 100_000 + "]" * 100_000,
        "levels": "[" * (most_bytes // 2) + "]" * (most_bytes // 2),
        "levels of objects": full('{"a":', "", ""),
        "numbers": full("0,", after="0]"),
        "numbers with exponents": full("1e0,", after="0]"),
        "numbers with fractions": full("1.5,", after="0]"),
        "long numbers": full(f"1.{'3' * 30},", after="0]"),
        "the longest numbers": full(f"1.{'3' * 398},", after="0]"),
        "a number of 100,000 digits": "9" * 100_000,
        "a number that no double has": output + '{"n": 1e400}}',
        "empty objects": full("{},", after="{}]"),
        "arrays of a number": full("[0],", after="[0]]"),
        "objects in the output": full('{"a":0},', output + "[", "0]}"),
        "arrays in the output": full("[],", output + '{"a": [', "[]]}}"),
        "nulls in the output": full("null,", output + "[", "null]}"),
        "unknown names": json.dumps({**success, **{f"name-{n:05}": 0 for n in range(names)}}),
        "unknown names in the output": output
        + json.dumps({f"name-{n:05}": 0 for n in range(names)})
        + "}",
        "a long name": json.dumps({**success, "n" * (most_bytes // 2): 0}),
        "a long name in the output": output + json.dumps({EMOJI * (most_bytes // 16): 0}) + "}",
        "one name again and again": full('"a":0,', "{", '"a":0}'),
        "a long text": full("x", output + '"', '"}'),
        "a byte order mark": "\ufeff" + json.dumps(success),
        "half a surrogate pair": full("0,", output + '["\\ud800",', "0]}"),
    }
