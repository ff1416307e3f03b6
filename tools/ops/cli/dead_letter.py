"""callbacks dead-letter: see what could not be delivered, and try again or let go."""

from __future__ import annotations

from typing import Any

import click

from tools import Json
from tools.ops import dead_letters
from tools.ops.channels import registrations
from tools.ops.cli.shared import (
    SOME_NOT_DONE,
    Operations,
    pass_operations,
    reason_option,
    table,
    yes_option,
)

COLUMNS = ("id", "sent_at", "order_id", "task_type", "reason")


@click.group("dead-letter")
def dead_letter() -> None:
    """See what could not be delivered, and why; try it again, or let it go.

    QUEUE is close-execution, redelivery, reports, or TYPE/PARTNER for a webhook.
    """


@dead_letter.command("list")
@pass_operations
def list_(operations: Operations) -> None:
    """List the dead-letter queues, with how many letters each has."""
    names = dead_letters.queues(registrations(operations.place))
    rows = dead_letters.counts(operations.place, names)
    operations.emit({"queues": rows}, table(rows, ("queue", "letters"), "There is no queue."))


@dead_letter.command()
@click.argument("queue")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@pass_operations
def show(operations: Operations, queue: str, limit: int) -> None:
    """Show a queue's letters, each with its reason. Bodies are left out."""
    rows = [
        dead_letters.as_json(letter)
        for letter in dead_letters.letters(operations.place, queue, limit)
    ]
    operations.emit({"queue": queue, "letters": rows}, table(rows, COLUMNS, "It has no letter."))


def _which(command: Any) -> Any:
    for option in (
        yes_option,
        reason_option,
        click.option("--all", "everything", is_flag=True, help="All letters of the queue."),
        click.argument("id", nargs=-1),
        click.argument("queue"),
    ):
        command = option(command)
    return command


@dead_letter.command()
@_which
@pass_operations
def redrive(operations: Operations, /, **given: Any) -> None:
    """Try letters again: each goes where it was to go, and leaves the queue after that."""
    _work_off(operations, "redrive_letters", "Redrive", **given)


@dead_letter.command()
@_which
@pass_operations
def drop(operations: Operations, /, **given: Any) -> None:
    """Remove letters for good."""
    _work_off(operations, "drop_letters", "Drop for good", **given)


def _work_off(
    operations: Operations,
    action: str,
    verb: str,
    *,
    queue: str,
    id: tuple[str, ...],  # noqa: A002
    everything: bool,
    reason: str,
    yes: bool,
) -> None:
    if bool(id) == everything:
        raise click.UsageError("give the ids of letters, or --all")
    dead_letters.known(operations.place, queue)
    what = "all letters" if everything else f"{len(id)} letters"
    operations.confirm(f"{verb} {what} of {queue}?", yes=yes)
    wanted = None if everything else list(id)
    became: Json = {"done": [], "refused": {}, "missing": []}
    more = True
    while more:
        said = operations.acting.act(action, reason, queue=queue, message_ids=wanted)
        became["done"] += said["done"]
        became["refused"] |= said["refused"]
        became["missing"] = said["missing"]
        more = bool(said["more"] and said["done"])
    operations.emit({"queue": queue, **became})
    for id_, why in became["refused"].items():
        operations.say(f"{id_}  stays: {why}")
    for id_ in became["missing"]:
        operations.say(f"{id_}  was not found: it is gone, or in somebody's hands for two minutes")
    operations.say(f"{len(became['done'])} done, {len(became['refused'])} stay.")
    if became["refused"] or became["missing"]:
        click.get_current_context().exit(SOME_NOT_DONE)
