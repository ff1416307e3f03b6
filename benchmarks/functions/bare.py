"""The bare handler: boto3, the recorded calls of a function, and nothing else."""

import json
import os
from typing import Any

import boto3
import urllib3

invocations = json.loads(os.environ["BENCH_CALLS"])
services = dict.fromkeys(call[0] for calls in invocations for call in calls)
clients: dict[str, Any] = {
    service: urllib3 if service == "http" else boto3.client(service) for service in services
}


def handler(_event: Any, _context: Any) -> None:
    """Makes the calls of a first invocation once, and then those of a later one."""
    calls = invocations.pop(0) if len(invocations) > 1 else invocations[0]
    for service, method, arguments in calls:
        getattr(clients[service], method)(**arguments)
