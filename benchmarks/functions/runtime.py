"""A stand-in for Lambda's runtime: one process, one function.

Reports to a file descriptor: a line at the first answer, then JSON with `cpu_ms` a warm call and
`peak_mb`. Imports as little as it can, since what it imports is measured with the function.
"""

import importlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

CONTEXT = SimpleNamespace(
    aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    function_name="bench",
    function_version="$LATEST",
    invoked_function_arn="arn:aws:lambda:eu-west-1:111111111111:function:bench",
    memory_limit_in_mb="256",
    get_remaining_time_in_millis=lambda: 29_000,
)


def main(module: str, event_path: str, report: int, warm_calls: int) -> None:
    with open(event_path, encoding="utf-8") as file:  # noqa: PTH123
        event = json.load(file)
    handler = importlib.import_module(module).handler
    handler(event, CONTEXT)
    os.write(report, b"answered\n")
    for _ in range(warm_calls // 10):
        handler(event, CONTEXT)
    start = time.process_time()
    for _ in range(warm_calls):
        handler(event, CONTEXT)
    cpu_ms = (time.process_time() - start) * 1000 / warm_calls
    os.write(report, json.dumps({"cpu_ms": cpu_ms, "peak_mb": peak_mb()}).encode())


def record(module: str, event_path: str, report: int) -> None:
    """Reports the calls of a first and a later invocation instead."""
    import urllib3
    from botocore.client import BaseClient

    made: list[tuple[str, str, Any]] = []
    make = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_and_note(self: Any, operation: str, arguments: Any) -> Any:
        methods = {name: method for method, name in self.meta.method_to_api_mapping.items()}
        made.append((self.meta.service_model.service_name, methods[operation], arguments))
        return make(self, operation, arguments)

    request = urllib3.request

    def request_and_note(method: str, url: str, **arguments: Any) -> Any:
        sent = {"body": arguments["body"].decode(), "headers": arguments["headers"]}
        made.append(("http", "request", {"method": method, "url": url, **sent}))
        return request(method, url, **arguments)

    BaseClient._make_api_call = make_and_note  # type: ignore[attr-defined]
    urllib3.request = request_and_note
    with open(event_path, encoding="utf-8") as file:  # noqa: PTH123
        event = json.load(file)
    handler = importlib.import_module(module).handler
    invocations = []
    for _ in range(2):
        made.clear()
        handler(event, CONTEXT)
        invocations.append(list(made))
    os.write(report, json.dumps(invocations).encode())


def peak_mb() -> float:
    """Of this program: ru_maxrss would count what the parent had before it started this one."""
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    if sys.argv[4] == "record":
        record(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
