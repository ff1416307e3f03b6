"""A stand-in for Lambda's runtime: one process, one function.

Reports to a file descriptor: a line at the first result, then JSON with `cpu_ms` a warm call,
`peak_mb` and the first result's `status`. Imports as little as it can, since what it imports is
measured with the function.
"""

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace

CONTEXT = SimpleNamespace(
    aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    function_name="bench",
    function_version="$LATEST",
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:bench",  # moto's account
    memory_limit_in_mb="256",
    get_remaining_time_in_millis=lambda: 29_000,
)


def main(module: str, warm_calls: int, report: int) -> None:
    with open(os.environ["BENCH_EVENT"], encoding="utf-8") as file:  # noqa: PTH123
        event = json.load(file)
    handler = importlib.import_module(module).handler
    result = handler(event, CONTEXT)
    os.write(report, b"returned\n")
    status = result.get("statusCode") if isinstance(result, dict) else None
    unmeasured = warm_calls // 10
    for _ in range(unmeasured):
        handler(event, CONTEXT)
    start = time.process_time()
    for _ in range(warm_calls - unmeasured):
        handler(event, CONTEXT)
    cpu_ms = (time.process_time() - start) * 1000 / (warm_calls - unmeasured)
    measured = {"cpu_ms": cpu_ms, "peak_mb": peak_mb(), "status": status}
    os.write(report, json.dumps(measured).encode())


def peak_mb() -> float:
    """Of this program: ru_maxrss would count what the parent had before it started this one."""
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
