"""Makes small changes to the domain and the use cases, and shows those that no test notices.

mutmut does it, as pyproject.toml says, in a copy; there `mutmut browse` shows all of it.
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from tools import REPOSITORY, command, show
from tools.errors import UserError

COPY = REPOSITORY / ".mutants"
JUDGEMENTS = REPOSITORY / "docs" / "mutants.md"
LEAST_PERCENT = 90
KILLED = ("killed", "timeout")
SUPPORT = ("conftest.py", "support")
TESTS = (*SUPPORT, "unit/domain", "unit/usecases")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change; `status` is mutmut's word for what became of it."""

    name: str
    status: str

    @property
    def module(self) -> str:
        return self.name.rpartition(".")[0].removeprefix("callbacks.")

    @property
    def function(self) -> str:
        mangled = self.name.rpartition(".")[2].partition("__mutmut_")[0]
        return re.sub("^x[_ǁ]", "", mangled).replace("ǁ", ".")

    @property
    def is_killed(self) -> bool:
        return self.status in KILLED


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant does to a function, as the page of judgements shows it."""

    function: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"@@ {self.function} @@", *self.lines])


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.set_defaults(run=lambda _: check())
    return command.run(parser)


def check() -> None:
    """Try all mutants, and show the survivors that nobody has judged.

    Raises:
        UserError: too many survived, or some of which the page of judgements says nothing.
    """
    mutants = run(COPY)
    show.out.print(table(mutants))
    judged = list(changes(JUDGEMENTS.read_text()))
    left = {change_of(one, COPY): one.status for one in mutants if not one.is_killed}
    for change in judged:
        if change not in left:
            show.out.print(f"\nJudged, and survives no more:\n{change}")
    unjudged = [change for change in left if change not in judged]
    for change in unjudged:
        show.out.print(f"\nNot judged ({left[change]}):\n{change}")
    killed = percent(mutants)
    if killed < LEAST_PERCENT:
        raise UserError(f"{killed:.1f} % of the mutants are killed; {LEAST_PERCENT} % must be.")
    if unjudged:
        raise UserError(
            f"Write tests that notice {len(unjudged)} more, or judge them in {JUDGEMENTS}."
        )


def run(copy: Path, *names: str) -> list[Mutant]:
    """Make the copy and try the mutants in it: all, or those whose names match a pattern.

    Raises:
        UserError: mutmut cannot begin, such as when a test fails without any change.
    """
    _make(copy)
    printed = []
    with (
        show.progress("trying mutants") as tell,
        subprocess.Popen(
            [_mutmut(), "run", "--max-children", "1", *names],
            cwd=copy,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running,
    ):
        for line in running.stdout or ():
            printed.append(line)
            if tried := re.search(r"\d+/\d+", line):
                tell(tried.group())
    if running.returncode:
        raise UserError("mutmut could not try the mutants.", "".join(printed))
    listed = _ask(copy, "results", "--all", "true").splitlines()
    mutants = [Mutant(*line.strip().split(": ")) for line in listed]
    return [one for one in mutants if one.status != "not checked"] if names else mutants


def table(mutants: Sequence[Mutant]) -> Table:
    """A row for each module, and one for all."""
    shown = Table("module", box=box.MARKDOWN)
    for heading in ("mutants", "killed", "survived", "no tests", "% killed"):
        shown.add_column(heading, justify="right")
    for module in [*sorted({one.module for one in mutants}), "all"]:
        among = [one for one in mutants if module in (one.module, "all")]
        killed = sum(one.is_killed for one in among)
        untested = sum(one.status == "no tests" for one in among)
        counts = (len(among), killed, len(among) - killed - untested, untested)
        shown.add_row(module, *map(str, counts), f"{percent(among):.1f}")
    return shown


def percent(mutants: Sequence[Mutant]) -> float:
    """How many of a hundred are killed; one that no test reaches is not."""
    return 100 * sum(one.is_killed for one in mutants) / len(mutants)


def changes(page: str) -> Iterator[Change]:
    """The changes in the blocks of `diff` of a Markdown file."""
    for block in re.findall(r"^```diff\n(.*?)^```", page, re.M | re.S):
        for function, lines in re.findall(r"^@@ (\S+) @@\n((?:[-+].*\n)+)", block, re.M):
            yield Change(function, tuple(lines.splitlines()))


def change_of(mutant: Mutant, copy: Path) -> Change:
    diff = re.findall(r"^([-+])(?!--|\+\+) *(.*)$", _ask(copy, "show", mutant.name), re.M)
    return Change(mutant.function, tuple(f"{sign} {text}" for sign, text in diff))


def with_plain_properties(source: str) -> str:
    """The same module, with properties that are methods first: mutmut leaves what is decorated."""
    lines = source.split("\n")
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda node: node.lineno, reverse=True):
        if [ast.unparse(one) for one in node.decorator_list] == ["property"]:
            indent = " " * node.col_offset
            lines.insert(node.end_lineno or 0, f"{indent}{node.name} = property({node.name})")
            del lines[node.decorator_list[0].lineno - 1]
    return "\n".join(lines)


def _make(copy: Path) -> None:
    """In `src`, of which mutmut knows that it is no part of a module's name."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(REPOSITORY / "lambdas" / "callbacks", copy / "src" / "callbacks")
    for path in (copy / "src").rglob("*.py"):
        path.write_text(with_plain_properties(path.read_text()))
    for name in TESTS:
        source, target = REPOSITORY / "tests" / name, copy / "tests" / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    shutil.copy(REPOSITORY / "pyproject.toml", copy)


def _ask(copy: Path, *arguments: str) -> str:
    return subprocess.run(
        [_mutmut(), *arguments],
        cwd=copy,
        env=_environment(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def _mutmut() -> Path:
    return Path(sys.executable).with_name("mutmut")


def _environment() -> dict[str, str]:
    """For the tests, which import tools that know where the repository is."""
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


if __name__ == "__main__":
    sys.exit(main())
