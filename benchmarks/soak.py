"""Runs the machine for as long as asked, and prints what it did."""

import argparse
import secrets
import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from tests.support.protocol.machine import Tally, run

GROUPS = ("step", "call")
STEPS_AT_ONCE = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--steps", type=_positive, default=100_000, help="how many (100000)")
    parser.add_argument("--seed", type=int, help="repeats a run (random unless given)")
    arguments = parser.parse_args()
    random_seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    console, began = Console(), time.monotonic()
    tally: Tally = Counter()
    console.print(f"{arguments.steps} steps, seed {random_seed}")
    try:
        while (left := arguments.steps - _total("step", tally)) > 0:
            run(min(left, STEPS_AT_ONCE), random_seed=random_seed, tally=tally)
            random_seed += 1
    finally:
        console.print(_counts("Steps", "step", tally))
        console.print(_counts("Calls of ports", "call", tally))
        console.print(_responses(tally))
    console.print(f"no invariant was violated, {time.monotonic() - began:.0f} s")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _total(group: str, tally: Tally) -> int:
    return sum(count for (of, _), count in tally.items() if of == group)


def _counts(title: str, group: str, tally: Tally) -> Table:
    table = Table(group, title=title, show_footer=True)
    table.columns[0].footer = "in all"
    table.add_column("times", str(_total(group, tally)), justify="right")
    for (of, name), count in sorted(tally.items()):
        if of == group:
            table.add_row(name, str(count))
    return table


def _responses(tally: Tally) -> Table:
    """A row for each kind of callback that a partner sent, a column for each response."""
    responses = {(of, name): count for (of, name), count in tally.items() if of not in GROUPS}
    columns = sorted({name for _, name in responses})
    table = Table("callback", title="Responses")
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    for kind in sorted({kind for kind, _ in responses}):
        table.add_row(
            kind.removeprefix("callback: "),
            *(str(responses.get((kind, column), "")) for column in columns),
        )
    return table


if __name__ == "__main__":
    main()
