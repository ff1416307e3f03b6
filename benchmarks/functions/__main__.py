"""Measures each function, from the built package, beside a bare boto3 handler.

Both make the same AWS calls, to a stand-in for AWS, and take turns in one run.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import venv
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import IO

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.functions.cases import CASES, REGION, Case
from tools import REPOSITORY

HERE = Path(__file__).parent
REPORT = REPOSITORY / "docs" / "benchmarks.md"
COLD_START_AIM, MEMORY_AIM, PACKAGE_AIM_MB = 1.1, 1.2, 8


@dataclass(frozen=True, slots=True)
class Sample:
    """One process: milliseconds to its first answer, CPU milliseconds a warm call, peak MiB."""

    cold_ms: float
    cpu_ms: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Lambda:
    """Starts the interpreter as Lambda would: its own site-packages, and the task's directory."""

    python: Path
    runtime: Path
    endpoint: str

    def start(
        self, case: Case, task: Path, module: str, mode: str, **environment: str
    ) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        event = self.runtime.parent / f"{case.function}.event.json"
        event.write_text(json.dumps(case.event))
        endpoint = f"{self.endpoint}/{case.function}"
        own = {name: value.format(endpoint=endpoint) for name, value in case.environment.items()}
        readable, writable = os.pipe()
        process = subprocess.Popen(
            [self.python, "-P", self.runtime, module, event, str(writable), mode],
            env={
                "AWS_ACCESS_KEY_ID": "bench",
                "AWS_SECRET_ACCESS_KEY": "bench",
                "AWS_DEFAULT_REGION": REGION,
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_LAMBDA_FUNCTION_NAME": case.function,
                "ENVIRONMENT": "bench",
                "POWERTOOLS_LOG_LEVEL": "INFO",
                "POWERTOOLS_METRICS_NAMESPACE": "CallbackChannels",
                "POWERTOOLS_SERVICE_NAME": case.function,
                "PYDANTIC_DISABLE_PLUGINS": "__all__",
                # /var/task is read-only.
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": str(task),
                **own,
                **environment,
            },
            stdout=subprocess.DEVNULL,
            pass_fds=[writable],
        )
        os.close(writable)
        return process, os.fdopen(readable, "rb")

    def recorded_calls(self, case: Case, task: Path) -> str:
        process, report = self.start(case, task, _module(case), "record")
        with report:
            calls = report.read().decode()
        _check(process, case)
        return calls

    def sample(
        self, case: Case, task: Path, module: str, warm_calls: int, **environment: str
    ) -> Sample:
        start = perf_counter()
        process, report = self.start(case, task, module, str(warm_calls), **environment)
        with report:
            report.readline()
            cold_ms = (perf_counter() - start) * 1000
            rest = report.read()
        _check(process, case)
        return Sample(cold_ms, **json.loads(rest))


def _module(case: Case) -> str:
    return f"functions.{case.function}.handler"


def _check(process: subprocess.Popen[bytes], case: Case) -> None:
    if process.wait() != 0:
        raise SystemExit(f"{case.function} failed; its error stands above.")


def _python_with_boto3(directory: Path) -> Path:
    """The interpreter of an environment that has boto3 alone, as Lambda's runtime does."""
    python = directory / "bin" / "python"
    if not python.exists():
        venv.create(directory, with_pip=True)
        requirement = f"boto3=={version('boto3')}"
        subprocess.run([python, "-m", "pip", "install", "--quiet", requirement], check=True)
    return python


def _build() -> Path:
    """The package for this machine and this Python."""
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    script = REPOSITORY / "tools" / "deploy" / "package.py"
    subprocess.run([sys.executable, script, "--arch", architecture, "--python", python], check=True)
    return REPOSITORY / "dist" / architecture / "lambdas.zip"


@contextmanager
def _aws() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.functions.aws"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def measure(
    cases: Sequence[Case], archive: Path, rounds: int, warm_calls: int
) -> Mapping[str, list[tuple[Sample, Sample]]]:
    """By function, the samples of each round: the function's own and the bare handler's."""
    python = _python_with_boto3(REPOSITORY / "dist" / f"bench-boto3-{version('boto3')}")
    samples: dict[str, list[tuple[Sample, Sample]]] = defaultdict(list)
    with TemporaryDirectory() as scratch, _aws() as endpoint:
        task, bare = Path(scratch, "task"), Path(scratch, "bare")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(task)
        bare.mkdir()
        shutil.copy(HERE / "bare.py", bare)
        runtime = Path(shutil.copy(HERE / "runtime.py", scratch))
        lambda_ = Lambda(python, runtime, endpoint)
        calls = {case.function: Path(scratch, f"{case.function}.calls.json") for case in cases}
        for case in cases:
            calls[case.function].write_text(lambda_.recorded_calls(case, task))
        # The first round warms the machine's caches and is not counted.
        for turn in track(range(rounds + 1), description="Rounds", transient=True):
            for case in cases:
                path = str(calls[case.function])
                own = lambda_.sample(case, task, _module(case), warm_calls)
                other = lambda_.sample(case, bare, "bare", warm_calls, BENCH_CALLS=path)
                if turn:
                    samples[case.function].append((own, other))
    return samples


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians of the function and of the bare handler; quartiles of the rounds' ratios."""

    own: float
    bare: float
    ratios: Sequence[float]

    @property
    def ratio(self) -> float:
        return self.ratios[1]

    def cell(self, decimals: int) -> str:
        lower, median, upper = self.ratios
        return (
            f"{self.own:.{decimals}f} / {self.bare:.{decimals}f}: "
            f"{median:.2f} ({lower:.2f}-{upper:.2f})"
        )


QUANTITIES = {
    f"Cold start, ms (aim {COLD_START_AIM})": ("cold_ms", 0),
    "Warm call, CPU ms": ("cpu_ms", 2),
    f"Peak memory, MiB (aim {MEMORY_AIM})": ("peak_mb", 0),
}

PAGE = """\
# Benchmarks

`make bench` writes this page. It measures each function, from the built package, beside a bare
boto3 handler that makes the same AWS calls. Both get their answers from a stand-in for AWS on the
same machine, take turns in one run, and start in a fresh process that has the runtime's boto3.
Cold start is the time from the start of the process to its first answer.

A cell is the function's median / the bare handler's: the median of the rounds' ratios (and their
quartiles). Rounds: {rounds}. Python {python}, boto3 {boto3}, {cpus} CPUs ({machine}).

{table}

{summary}
"""


def compare(samples: Sequence[tuple[Sample, Sample]], quantity: str) -> Comparison:
    pairs = [(getattr(own, quantity), getattr(bare, quantity)) for own, bare in samples]
    own, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Comparison(own, bare, statistics.quantiles([own / bare for own, bare in pairs], n=4))


def report(
    samples: Mapping[str, list[tuple[Sample, Sample]]], package_mb: float, rounds: int
) -> tuple[Table, str]:
    """The table for the terminal, and the page."""
    columns = ("Function", *QUANTITIES)
    rows = [
        (name, *(compare(pairs, of).cell(decimals) for of, decimals in QUANTITIES.values()))
        for name, pairs in samples.items()
    ]
    cold, memory = (
        max(compare(pairs, of).ratio for pairs in samples.values()) for of in ("cold_ms", "peak_mb")
    )
    summary = (
        f"Package: {package_mb:.1f} MB zipped (aim {PACKAGE_AIM_MB}). "
        f"Largest ratios: cold start {cold:.2f}, memory {memory:.2f}."
    )

    table = Table(
        *columns, title="Function / bare boto3 handler: ratio (quartiles)", caption=summary
    )
    for row in rows:
        table.add_row(*row)
    page = PAGE.format(
        rounds=rounds,
        python=platform.python_version(),
        boto3=version("boto3"),
        cpus=os.cpu_count(),
        machine=platform.machine(),
        table="\n".join(_markdown(row) for row in (columns, ["---"] * len(columns), *rows)),
        summary=summary,
    )
    return table, page


def _markdown(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    functions = [case.function for case in CASES]
    parser = argparse.ArgumentParser(prog="benchmarks.functions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--warm-calls", type=int, default=100)
    parser.add_argument(
        "functions", nargs="*", metavar="FUNCTION", help="print these and leave docs/ as it is"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.functions) - set(functions):
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(functions)}")
    if arguments.rounds < 2 or arguments.warm_calls < 1:
        parser.error("a spread needs --rounds of 2 or more and --warm-calls of 1 or more")

    chosen = arguments.functions or functions
    cases = [case for case in CASES if case.function in chosen]
    archive = _build()
    samples = measure(cases, archive, arguments.rounds, arguments.warm_calls)
    table, page = report(samples, archive.stat().st_size / 1_000_000, arguments.rounds)
    Console().print(table)
    if not arguments.functions:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
