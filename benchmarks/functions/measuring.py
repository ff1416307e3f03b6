"""Runs functions and bare handlers, each in a process of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.functions.aws import serving
from benchmarks.functions.cases import Case
from benchmarks.functions.recording import Recording, recorded
from tests.support.cloud import REGION

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """One process: milliseconds to its first result, CPU milliseconds a warm call, peak MiB.

    `status` is the HTTP status of the first result, if it has one.
    """

    cold_ms: float
    cpu_ms: float
    peak_mb: float
    status: int | None = None


# The function's own, and the bare handler's.
type Pair = tuple[Sample, Sample]


class MeasuringError(Exception):
    """A process failed, or did not do what is measured."""


def measure(
    cases: Sequence[Case], task: Path, python: Path, warm_calls: int
) -> Generator[Mapping[str, Pair]]:
    """Rounds without end, each by function. The first also warms the machine's caches.

    `task` is the package, unpacked; `python` is an interpreter that has boto3.

    Raises:
        MeasuringError: a handler fails, or does not make the calls that were recorded.
    """
    recordings = {case.function: recorded(case) for case in cases}
    with TemporaryDirectory() as scratch, serving(recordings) as (aws, called):
        bare = Path(scratch, "bare")
        bare.mkdir()
        shutil.copy(HERE / "bare.py", bare)

        def sample(case: Case, module: str, directory: Path) -> Sample:
            recording, endpoint = recordings[case.function], f"{aws}/{case.function}"
            called.clear()
            measured = sample_process(
                [python, "-P", HERE / "runtime.py", module, str(warm_calls)],
                {
                    **environment(recording, endpoint),
                    "BENCH_CALLS": _calls(recording, endpoint),
                    "PYTHONPATH": str(directory),
                },
                case.event,
            )
            if called != recording.methods(1 + warm_calls):
                raise MeasuringError(f"{case.function}: {module} made other calls: {called}")
            return measured

        while True:
            yield {
                case.function: (
                    sample(case, f"functions.{case.function}.handler", task),
                    sample(case, "bare", bare),
                )
                for case in cases
            }


def environment(recording: Recording, endpoint: str) -> dict[str, str]:
    return {
        **recording.environment,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        # /var/task is read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
        "WEBHOOK_ADDRESSES": "LOOPBACK",
        "WEBHOOK_URL": endpoint,
    }


def _calls(recording: Recording, endpoint: str) -> str:
    calls = json.dumps([recording.first, recording.later])
    return calls.replace(recording.environment["WEBHOOK_URL"], endpoint)


def sample_process(
    command: Sequence[str | Path], environment: Mapping[str, str], event: Mapping[str, Any]
) -> Sample:
    """Runs `runtime.py` once. Raises MeasuringError if the function fails."""
    with NamedTemporaryFile("w", encoding="utf-8") as file:  # One variable holds 128 KiB at most.
        json.dump(event, file)
        file.flush()
        start = perf_counter()
        readable, writable = os.pipe()
        process = subprocess.Popen(
            [*command, str(writable)],
            env={**environment, "BENCH_EVENT": file.name},
            stdout=subprocess.DEVNULL,
            pass_fds=[writable],
        )
        os.close(writable)
        with os.fdopen(readable, "rb") as report:
            report.readline()
            cold_ms = (perf_counter() - start) * 1000
            rest = report.read()
    if process.wait() != 0:
        raise MeasuringError(f"{' '.join(map(str, command))} failed; its error stands above.")
    return Sample(cold_ms, **json.loads(rest))
