"""callbacks execution: see which executions failed, and redrive those that stalled."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any

import click
from callbacks.domain.ports import End

from tools.ops.acting import RefusedError
from tools.ops.cli.shared import (
    DURATION,
    SOME_NOT_DONE,
    Operations,
    pass_operations,
    reason_option,
    table,
    yes_option,
)
from tools.ops.executions import Wanted, ended, redrivable

COLUMNS = ("order_id", "workflow", "end", "error", "ended_at", "redrives", "execution_arn")


def _filters(command: Any) -> Any:
    for option in (
        click.option("--since", type=DURATION, help="Ended within this, such as 24h."),
        click.option("--error", help="That ended with this error."),
        click.option("--workflow", help="Of one workflow, such as order-processing."),
    ):
        command = option(command)
    return command


@click.group()
def execution() -> None:
    """See which executions ended without success, and redrive them."""


@execution.command("list")
@click.option("--failed", is_flag=True, help="Whose order has come to its end.")
@click.option("--stalled", is_flag=True, help="That a redrive resumes.")
@_filters
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@pass_operations
def list_(
    operations: Operations,
    workflow: str | None,
    error: str | None,
    since: int | None,
    limit: int,
    *,
    failed: bool,
    stalled: bool,
) -> None:
    """List executions that ended without success, those that began last first."""
    ends = {End.FAILED: failed, End.REFUSED: failed, End.STALLED: stalled}
    chosen = frozenset(end for end, asked in ends.items() if asked) or frozenset(End)
    wanted = Wanted(chosen, workflow, error, _instant(since))
    rows = list(islice(ended(operations.place, wanted), limit))
    operations.emit({"executions": rows}, table(rows, COLUMNS, "None ended without success."))


@execution.command()
@click.argument("arn", nargs=-1)
@_filters
@click.option("--dry-run", is_flag=True, help="Only say which would be redriven.")
@reason_option
@yes_option
@pass_operations
def redrive(
    operations: Operations,
    arn: tuple[str, ...],
    workflow: str | None,
    error: str | None,
    since: int | None,
    reason: str,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Run the Task on which executions stalled again: those named, or all that match."""
    given = any((workflow, error, since))
    if bool(arn) == given:
        raise click.UsageError("give ARNs, or say which by --workflow, --error or --since")
    if given:
        rows = redrivable(operations.place, Wanted(frozenset(), workflow, error, _instant(since)))
    else:
        rows = [{"execution_arn": each} for each in arn]
    if dry_run or not rows:
        operations.emit(
            {"dry_run": dry_run, "executions": rows},
            table(rows, COLUMNS if given else COLUMNS[-1:], "No execution matches."),
            f"\n{len(rows)} executions, nothing done.",
        )
        return
    operations.confirm(f"Redrive {len(rows)} executions?", yes=yes)
    became = []
    for row in rows:
        target = row["execution_arn"]
        try:
            said = operations.acting.act("redrive_execution", reason, execution_arn=target)
        except RefusedError as refused:
            said = f"REFUSED: {refused}"
        became.append({"execution_arn": target, "result": said})
        operations.say(f"{target}  {said}")
    operations.emit({"executions": became})
    if any(each["result"].startswith("REFUSED") for each in became):
        click.get_current_context().exit(SOME_NOT_DONE)


def _instant(since: int | None) -> int | None:
    return None if since is None else int(time.time()) - since
