"""python -m tools.contracts lint | check --base REVISION | docs"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tools import REPOSITORY
from tools.contracts import pages
from tools.contracts.documents import Finding
from tools.contracts.evolution import Revision, UnknownRevisionError, compare
from tools.contracts.lint import lint
from tools.contracts.task_types import TerraformError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lint", help="refuse schemas that API Gateway would refuse or misread")
    check = commands.add_parser("check", help="refuse changes that break a partner")
    check.add_argument("--base", required=True, help="git revision that partners use")
    commands.add_parser("docs", help="write what is published of the contracts")
    parsed = parser.parse_args(arguments)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    match parsed.command:
        case "lint":
            return _report(console, lint(REPOSITORY))
        case "check":
            return _check(console, parsed.base)
        case "docs":
            return _docs(console)
    return 2


def _check(console: Console, base: str) -> int:
    try:
        comparison = compare(REPOSITORY, Revision(REPOSITORY, base))
    except (UnknownRevisionError, TerraformError) as error:
        console.print(Text(str(error)))
        return 2
    if comparison.notes:
        console.print("Partners who move to a new version have this to change:")
        _report(console, comparison.notes)
    if comparison.findings:
        console.print(f"Partners who use {base} would break:")
    return _report(console, comparison.findings)


def _docs(console: Console) -> int:
    try:
        written = pages.write(REPOSITORY)
    except TerraformError as error:
        console.print(Text(str(error)))
        return 2
    for path in written:
        console.print(Text(str(path)))
    return 0


def _report(console: Console, findings: list[Finding]) -> int:
    for found in findings:
        console.print(_line(found.path, found.line, found.what))
        console.print(Text(f"    write: {found.instead}", style="dim"))
    return 1 if findings else 0


def _line(path: Path, line: int, what: str) -> Text:
    return Text.assemble((f"{path}:{line}", "bold"), ": ", what)


if __name__ == "__main__":
    sys.exit(main())
