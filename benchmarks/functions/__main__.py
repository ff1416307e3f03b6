"""Measures each function, from the built package, beside a bare boto3 handler.

Both make the same AWS calls, to a stand-in for AWS, and take turns in one run.
"""

import argparse
import math
import os
import platform
import statistics
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.functions import worst
from benchmarks.functions.cases import CASES
from benchmarks.functions.measuring import MeasuringError, Pair, Sample, measure
from tools import markdown
from tools.deploy import package
from tools.devenv import ENGINE_PYTHON

WORST_ROUNDS = 5  # A round has some sixty bodies.
COLD_START_AIM, MEMORY_AIM, PACKAGE_AIM_MB = 1.1, 1.2, 8


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
boto3 handler that makes the same AWS calls. Both get their replies from a stand-in for AWS on the
same machine, take turns in one run, and start in a fresh process that has boto3, as Lambda's
runtime has. Cold start is the time from the start of the process to its first result.

A cell is the function's median / the bare handler's: the median of the rounds' ratios (and their
quartiles). Rounds: {rounds}. Python {python}, boto3 {boto3}, {cpus} CPUs ({machine}).

{table}

{summary}
"""

WORST = """
## The worst callbacks

`external_callback` gets the largest callbacks that each live contract lets through, and {refused}
that it does not, most as large as the channel takes: nested, numbers only, names only, megabytes.
`tests/support/hostile.py` has all of them. The table has those that cost most: medians, and the
ratio to a good callback that is as large as the channel takes. Rounds: {rounds}.

{table}

Largest ratio: {largest:.1f} (aim {aim}). 1,769 MB of memory come with one CPU of Lambda, so the
worst takes {wall_ms:.0f} ms with the {memory_mb} MB that `external_callback` has unless
set otherwise. At 100 requests a second a route keeps {busy} executions busy with it, and 200
with a burst of as many; 250 are set aside.
"""


def compare(samples: Sequence[Pair], quantity: str) -> Comparison:
    pairs = [(getattr(own, quantity), getattr(bare, quantity)) for own, bare in samples]
    own, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Comparison(own, bare, statistics.quantiles([own / bare for own, bare in pairs], n=4))


def report(samples: Mapping[str, list[Pair]], package_mb: float, rounds: int) -> tuple[Table, str]:
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
        boto3=_boto3_version(),
        cpus=os.cpu_count(),
        machine=platform.machine(),
        table=markdown.table(columns, rows).rstrip(),
        summary=summary,
    )
    return table, page


def _boto3_version() -> str:
    command = [str(ENGINE_PYTHON), "-c", "import boto3; print(boto3.__version__)"]
    return str(subprocess.check_output(command, text=True)).strip()


def _of_worst(
    bodies: Sequence[worst.Worst], task: Path, warm_calls: int, rounds: int
) -> Mapping[tuple[str, str], list[Sample]]:
    costs: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    with closing(worst.measure(bodies, task, ENGINE_PYTHON, warm_calls)) as measured:
        for each in track(islice(measured, rounds), "Worst", rounds, transient=True):
            for which, sample in each.items():
                costs[which].append(sample)
    return costs


def main() -> int:
    functions = [case.function for case in CASES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.functions", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--warm-calls", type=int, default=100)
    parser.add_argument("--report", type=Path, help="write the page there, too")
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="only these")
    arguments = parser.parse_args()
    if unknown := set(arguments.functions) - set(functions):
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(functions)}")
    if arguments.rounds < 2 or arguments.warm_calls < 1:
        parser.error("a spread needs --rounds of 2 or more and --warm-calls of 1 or more")

    cases = [case for case in CASES if case.function in (arguments.functions or functions)]
    bodies = [] if arguments.functions else worst.bodies()
    costs: Mapping[tuple[str, str], list[Sample]] = {}
    worst_rounds = min(arguments.rounds, WORST_ROUNDS) if bodies else 0
    archive = package.build(package.host_architecture(), package.PYTHONS[0])
    samples: dict[str, list[Pair]] = defaultdict(list)
    with TemporaryDirectory() as task:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(task)
        with closing(measure(cases, Path(task), ENGINE_PYTHON, arguments.warm_calls)) as rounds:
            counted = islice(rounds, 1, arguments.rounds + 1)
            try:
                for measured in track(counted, "Rounds", arguments.rounds, transient=True):
                    for function, pair in measured.items():
                        samples[function].append(pair)
                costs = _of_worst(bodies, Path(task), arguments.warm_calls, worst_rounds)
            except MeasuringError as error:
                sys.stderr.write(f"{error}\n")
                return 1
    table, page = report(samples, archive.stat().st_size / 1_000_000, arguments.rounds)
    Console().print(table)
    if bodies:
        listed, largest = worst.report(bodies, costs)
        page += WORST.format(
            refused=len({body.name for body in bodies if not body.taken}),
            rounds=worst_rounds,
            table=listed,
            largest=largest,
            aim=worst.AIM,
            memory_mb=worst.MEMORY_MB,
            wall_ms=(wall_ms := worst.wall_ms(costs)),
            busy=math.ceil(wall_ms / 1000 * 100),
        )
        Console().print(f"Worst callbacks: largest ratio {largest:.1f} (aim {worst.AIM}).")
    if arguments.report:
        arguments.report.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
