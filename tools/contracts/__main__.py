"""The contracts: lint them, compare them, publish them, add one."""

import argparse
import json
import sys
from collections.abc import Sequence

from rich.text import Text

from tools import REPOSITORY, command, markdown, show
from tools.contracts import new_task_type, pages, promise, tfvars
from tools.contracts.acknowledgements import acknowledgements, expired, unacknowledged
from tools.contracts.documents import Finding
from tools.contracts.evolution import compare
from tools.contracts.lint import lint
from tools.contracts.revisions import NoBaseError, Revision, bases
from tools.errors import UserError


def main() -> int:
    """Run one command and return the exit status."""
    return command.run(_parser())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.contracts", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    linting = commands.add_parser("lint", help="refuse what AWS or Terraform would, or misread")
    linting.set_defaults(run=_lint)

    check = commands.add_parser("check", help="refuse changes that break a partner")
    check.add_argument("--base", help="git revision that partners use; else what is deployed")
    check.set_defaults(run=_check)

    made = commands.add_parser("promise", help="print what partners can see, as JSON")
    made.set_defaults(run=_promise)

    docs = commands.add_parser("docs", help="write what is composed and published of the contracts")
    docs.set_defaults(run=_docs)

    new = commands.add_parser("new-task-type", help="write the channel of a new task type")
    new.add_argument("name", help="UPPER_SNAKE_CASE")
    new.add_argument("--auth", choices=tfvars.NEEDED, default="AWS_IAM")
    new.add_argument("--partner", help="who does the work; the only one if there is but one")
    new.set_defaults(run=_new_task_type)
    return parser


def _lint(_: argparse.Namespace) -> None:
    _refuse(lint(REPOSITORY))


def _check(arguments: argparse.Namespace) -> None:
    _refuse(lint(REPOSITORY))
    try:
        named = [Revision(REPOSITORY, arguments.base)] if arguments.base else bases(REPOSITORY)
    except NoBaseError as error:
        show.out.print(f"Skipped: {error}.")
        return
    compared = [compare(REPOSITORY, base) for base in named]
    acknowledged = acknowledgements(REPOSITORY)
    for base, comparison in zip(named, compared, strict=True):
        if comparison.notes:
            show.err.print("Partners who move to a new version have this to change:")
            _print(comparison.notes)
        if left := unacknowledged(comparison.findings, acknowledged):
            show.err.print(f"Partners who use {base.name} would break:")
            _print(left)
    changes = list(dict.fromkeys(found for one in compared for found in one.findings))
    remarks = [remark for one in compared for remark in one.remarks]
    # What was not compared may be what is acknowledged.
    stale = [] if remarks else expired(changes, acknowledged)
    _print(stale)
    _count([*unacknowledged(changes, acknowledged), *stale])
    names = ", ".join(base.name for base in named)
    show.out.print(Text(" ".join([f"No partner who uses {names} breaks.", *remarks])))


def _promise(_: argparse.Namespace) -> None:
    json.dump(promise.document(REPOSITORY), sys.stdout, indent=2)


def _docs(_: argparse.Namespace) -> None:
    _refuse(lint(REPOSITORY, composed=False))
    for path in [*pages.write(REPOSITORY), *markdown.write(REPOSITORY)]:
        show.out.print(Text(str(path)))


def _new_task_type(arguments: argparse.Namespace) -> None:
    _refuse(lint(REPOSITORY))
    new_task_type.add(REPOSITORY, arguments.name, arguments.auth, arguments.partner)
    pages.write(REPOSITORY)
    show.out.print(Text(new_task_type.next_steps(arguments.name)))


def _refuse(findings: Sequence[Finding]) -> None:
    _print(findings)
    _count(findings)


def _count(findings: Sequence[Finding]) -> None:
    if findings:
        raise UserError(f"{len(findings)} to correct." if len(findings) > 1 else "1 to correct.")


def _print(findings: Sequence[Finding]) -> None:
    for found in findings:
        show.err.print(Text(str(found)))


if __name__ == "__main__":
    sys.exit(main())
