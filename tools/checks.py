"""Runs make's targets side by side and shows what those printed that failed, or left out."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from tools import command, show
from tools.errors import UserError

SKIPPED = "SKIPPED"  # As pytest begins the line of a test that was left out, with -rs.
YIELDS = 10  # The first target takes longest and waits most: the others use what it leaves.


def main() -> int:
    """Run the targets that are named as arguments and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks", description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    parser.set_defaults(run=lambda arguments: check(arguments.targets))
    return command.run(parser)


def check(targets: Sequence[str]) -> None:
    """Run all targets to their end, whatever becomes of the others, and say last what was left out.

    Raises:
        UserError: some failed; it names them.
    """
    failed, skipped = [], []
    with (
        show.progress("checking") as tell,
        ThreadPoolExecutor(len(targets)) as pool,
    ):
        running = {
            pool.submit(_passes, target, YIELDS if number else 0): target
            for number, target in enumerate(targets)
        }
        while running:
            ended, _ = wait(running, show.QUIET_SECONDS, FIRST_COMPLETED)
            for check in ended:
                target = running.pop(check)
                passed, left_out = check.result()
                skipped += left_out
                if not passed:
                    failed.append(target)
            tell(", ".join(running.values()))
    for line in skipped:
        show.out.print(line)
    if failed:
        raise UserError(f"Failed: {', '.join(failed)}.")


def _passes(target: str, niceness: int) -> tuple[bool, list[str]]:
    """Whether it does, and the lines that say what it left out."""
    began = time.perf_counter()
    # The flags of the make that started this are not meant for the target.
    environ = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    made = subprocess.run(
        ["nice", "-n", str(niceness), "make", "--no-print-directory", target],
        env=environ,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    passed, printed = made.returncode == 0, made.stdout.rstrip()
    if not passed:
        show.out.print(printed)
    seconds = time.perf_counter() - began
    show.out.print(f"{target} {'passed' if passed else 'FAILED'}  {seconds:.0f} s")
    show.out.print(printed.rpartition("\n")[2].strip("= "))
    return passed, [line for line in printed.splitlines() if line.startswith(SKIPPED)]


if __name__ == "__main__":
    sys.exit(main())
