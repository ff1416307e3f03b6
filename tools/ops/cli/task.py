"""callbacks task: see what waits, and report on it by hand."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from tools import Json
from tools.errors import UserError
from tools.ops import bulk, durations, tasks
from tools.ops.channels import registrations
from tools.ops.cli.shared import (
    DURATION,
    SOME_NOT_DONE,
    Operations,
    pass_operations,
    table,
    yes_option,
)
from tools.ops.dead_letters import dead_lettered
from tools.ops.open_tasks import OpenTasks, State

DEAD_LETTERED = "dead-lettered"
STATES = [*(state.value for state in State), DEAD_LETTERED]
COLUMNS = ("order_id", "task_type", "state", "age", "deadline", "reported_status")
WATCH_SECONDS = 2


def _filters(command: Any) -> Any:
    for option in (
        click.option("--older-than", type=DURATION, help="Asked for longer ago, such as 2h."),
        click.option("--state", type=click.Choice(STATES), help="Default: all that are open."),
        click.option("--partner", help="Of the channels that a partner works for."),
        click.option("--channel", metavar="TYPE", help="Of one task type."),
    ):
        command = option(command)
    return command


@click.group()
def task() -> None:
    """See what waits, and complete or fail it by hand."""


@task.command("list")
@_filters
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--cursor", help="Go on from here, as the page before printed it.")
@click.option(
    "--sort",
    type=click.Choice(["deadline", "age"]),
    default="deadline",
    help="By age reads all that match before it shows the oldest.",
)
@pass_operations
def list_(
    operations: Operations,
    channel: str | None,
    partner: str | None,
    state: str | None,
    older_than: int | None,
    limit: int,
    cursor: str | None,
    sort: str,
) -> None:
    """List the tasks that are open, in pages: what is due next comes first."""
    chosen = tasks.selected(registrations(operations.place), channel, partner)
    task_types = [each.task_type for each in chosen]
    asked = OpenTasks(operations.place, task_types)
    if state == DEAD_LETTERED:
        found = dead_lettered(operations.place, asked, older_than)[:limit]
        next_cursor = None
    else:
        wanted = State(state) if state else None
        matches = tasks.matching(wanted, older_than)
        if sort == "age":
            everything = sorted(asked.all(wanted, matches), key=lambda one: one.requested_at)
            found, next_cursor = everything[:limit], None
        else:
            page = asked.page(limit, cursor, wanted, matches)
            found, next_cursor = list(page.tasks), page.cursor
    rows = [tasks.as_json(one) for one in found]
    document = {"tasks": rows, "cursor": next_cursor, "calls": asked.calls}
    spoken = [row | {"age": durations.spoken(row["age_seconds"])} for row in rows]
    operations.emit(document, table(spoken, COLUMNS, "No task is open that matches."))
    if next_cursor:
        operations.say(f"\nThere are more: --cursor {next_cursor}")


@task.command()
@click.argument("order")
@click.argument("type", required=False)
@pass_operations
def show(operations: Operations, order: str, type: str | None) -> None:  # noqa: A002
    """Tell the whole story of an order's tasks: asked, sent, tried, called back, delivered."""
    _show(operations, order, type)


@task.command()
@click.argument("order")
@click.argument("type", required=False)
@pass_operations
def watch(operations: Operations, order: str, type: str | None) -> None:  # noqa: A002
    """Tell the story again whenever it goes on, until nothing more is to come."""
    told = None
    while True:
        found = tasks.of_order(operations.place, order, type)
        versions = [one.version for one in found]
        if versions != told:
            _show(operations, order, type)
            told = versions
        if all(not one.has_deliveries and one.closed_at for one in found):
            return
        time.sleep(WATCH_SECONDS)


def _show(operations: Operations, order: str, task_type: str | None) -> None:
    stories = tasks.story(operations.place, tasks.of_order(operations.place, order, task_type))
    if operations.as_json:
        operations.emit({"tasks": stories})
        return
    for each in stories:
        operations.say(f"{each['task_type']} of order {each['order_id']}: {each['state']}")
        operations.say(f"  execution  {each['execution_arn']}")
        operations.say(f"  attempt    {each['callback_id']}, work {each['work_id']}")
        for happening in each["timeline"]:
            by = f"  ({happening['by']})" if happening["by"] else ""
            operations.say(f"  {happening['at']}  {happening['what']}{by}")
        operations.say(f"  next: {each['next']}\n")


def _reporting(command: Any) -> Any:
    for option in (
        yes_option,
        click.option(
            "--apply",
            "apply_",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Carry out a plan; the same again goes on where it was interrupted.",
        ),
        click.option(
            "--plan",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Only write down which tasks match: a dry run.",
        ),
    ):
        command = option(command)
    return _filters(command)


@task.command()
@click.argument("order", required=False)
@click.argument("type", required=False)
@click.option("--output", type=click.File(), help="The task_output, a file with JSON; - for stdin.")
@click.option("--reason", help="Why: it is logged with your name.")
@_reporting
@pass_operations
def complete(operations: Operations, /, output: Any, **given: Any) -> None:
    """Complete a task by hand, as its partner would; it is held to the same contract."""
    report: Json = {}
    if output is not None:
        try:
            report = {"task_status": "SUCCESS", "task_output": json.load(output)}
        except ValueError as error:
            raise click.UsageError(f"--output is not JSON: {error}") from None
    _report(operations, report, "--output", **given)


@task.command()
@click.argument("order", required=False)
@click.argument("type", required=False)
@click.option("--code", help="The task_error's code, such as LOST.")
@click.option("--message", default="", help="The task_error's message.")
@click.option("--retryable", is_flag=True, help="The workflow may ask for the work again.")
@click.option("--reason", help="Why: it is logged with your name.")
@_reporting
@pass_operations
def fail(
    operations: Operations,
    /,
    code: str | None,
    message: str,
    *,
    retryable: bool,
    **given: Any,
) -> None:
    """Fail a task by hand, as its partner would; or many, by a plan."""
    report: Json = {}
    if code is not None:
        error = {"code": code, "message": message, "retryable": retryable}
        report = {"task_status": "FAILURE", "task_error": error}
    _report(operations, report, "--code", **given)


def _report(
    operations: Operations,
    report: Json,
    needed: str,
    *,
    order: str | None,
    type: str | None,  # noqa: A002
    reason: str | None,
    plan: Path | None,
    apply_: Path | None,
    yes: bool,
    **filters: Any,
) -> None:
    if apply_ is not None:
        _carry_out(operations, apply_, yes=yes)
        return
    if not report or not reason:
        raise click.UsageError(f"{needed} and --reason are missing")
    if plan is not None:
        if order is not None:
            raise click.UsageError("give ORDER and TYPE, or a filter with --plan")
        _write_plan(operations, bulk.Plan(operations.place.name, reason, report, []), plan, filters)
        return
    if order is None or type is None or any(filters.values()):
        raise click.UsageError("give ORDER and TYPE, or a filter with --plan FILE")
    [found] = tasks.of_order(operations.place, order, type)
    operations.confirm(
        f"{report['task_status']} for {type} of order {order}, attempt {found.callback_id}?",
        yes=yes,
    )
    key = {"order_id": order, "task_type": type, "callback_id": found.callback_id}
    result = operations.acting.act("report", reason, callback={**key, **report})
    operations.emit({**key, "result": result}, f"{result}: {type} of order {order}")


def _write_plan(operations: Operations, empty: bulk.Plan, file: Path, filters: Json) -> None:
    state = State.WAITING if filters["state"] is None else filters["state"]
    if state not in (State.WAITING, State.OVERDUE):
        raise click.UsageError("a plan takes tasks that are waiting or overdue")
    channels = registrations(operations.place)
    chosen = tasks.selected(channels, filters["channel"], filters["partner"])
    asked = OpenTasks(operations.place, [each.task_type for each in chosen])
    matches = tasks.matching(State(state), filters["older_than"])
    keys = [
        {
            "order_id": one.key.order_id,
            "task_type": one.key.task_type,
            "callback_id": one.callback_id,
        }
        for one in asked.all(State(state), matches)
    ]
    made = bulk.Plan(empty.environment, empty.reason, empty.report, keys)
    made.write(file)
    operations.emit(
        {"plan": str(file), "tasks": keys},
        table(keys, ("order_id", "task_type", "callback_id"), "No task matches."),
        f"\n{len(keys)} tasks, nothing done yet. Carry it out: "
        f"callbacks --env {operations.place.name} task "
        f"{'fail' if 'task_error' in made.report else 'complete'} --apply {file}",
    )


def _carry_out(operations: Operations, file: Path, *, yes: bool) -> None:
    plan = bulk.read(file, operations.place.name)
    status = plan.report.get("task_status")
    operations.confirm(f"{status} for {len(plan.tasks)} tasks of {file}?", yes=yes)
    became = []
    try:
        for each in bulk.carry_out(plan, file, operations.acting):
            became.append(each)
            said = each.get("result") or f"{each['refused']}: {each['detail']}"
            operations.say(f"{each['order_id']}  {each['task_type']}  {said}")
    except UserError as error:
        left = len(plan.tasks) - len(became)
        raise UserError(f"{error} {left} tasks are left: say the same again.") from None
    refused = [each for each in became if "refused" in each]
    operations.emit({"tasks": became})
    operations.say(f"{len(became) - len(refused)} done, {len(refused)} refused.")
    if refused:
        click.get_current_context().exit(SOME_NOT_DONE)
