"""callbacks channel: see and switch channels."""

from __future__ import annotations

from dataclasses import asdict

import click

from tools.ops import durations
from tools.ops.channels import registration, registrations
from tools.ops.cli.shared import Operations, cell, pass_operations, reason_option, table, yes_option
from tools.ops.health import health, healths

COLUMNS = (
    "task_type",
    "enabled",
    "auth",
    "partners",
    "waiting",
    "oldest",
    "overdue",
    "held",
    "dead_letters",
)
WITHIN = "within a minute"


@click.group()
def channel() -> None:
    """See the channels, and stop or start one."""


@channel.command("list")
@pass_operations
def list_(operations: Operations) -> None:
    """List the channels with what waits on each."""
    rows = healths(operations.place, registrations(operations.place))
    spoken = [row | {"oldest": _spoken(row["oldest_seconds"])} for row in rows]
    operations.emit({"channels": rows}, table(spoken, COLUMNS, "There is no channel."))


@channel.command()
@click.argument("type")
@pass_operations
def show(operations: Operations, type: str) -> None:  # noqa: A002
    """Show one channel: its health, contract versions, partners and limits."""
    found = registration(operations.place, type)
    document = {**asdict(found), **health(operations.place, found)}
    if operations.as_json:
        operations.emit(document)
        return
    for name, value in document.items():
        if name == "partners":
            operations.say("partners")
            for partner, facts in found.partners.items():
                operations.say(f"  {partner}  {facts.get('account_id') or facts['webhook_url']}")
        else:
            operations.say(f"{name.replace('_', ' ')}  {cell(value)}")


@channel.command()
@click.argument("type")
@reason_option
@yes_option
@pass_operations
def disable(operations: Operations, type: str, reason: str, *, yes: bool) -> None:  # noqa: A002
    """Let a channel take no new tasks. Callbacks for open ones are still taken."""
    operations.confirm(f"Disable {type}: new tasks are refused?", yes=yes)
    _switch(operations, type, reason, enabled=False)


@channel.command()
@click.argument("type")
@reason_option
@yes_option
@pass_operations
def enable(operations: Operations, type: str, reason: str, *, yes: bool) -> None:  # noqa: A002
    """Let a channel take new tasks again."""
    operations.confirm(f"Enable {type}?", yes=yes)
    _switch(operations, type, reason, enabled=True)


def _switch(operations: Operations, task_type: str, reason: str, *, enabled: bool) -> None:
    registration(operations.place, task_type)
    result = operations.acting.act("switch_channel", reason, task_type=task_type, enabled=enabled)
    operations.emit(
        {"task_type": task_type, "result": result, "takes_effect": WITHIN},
        f"{task_type} is {result.lower()}; its dispatcher notices {WITHIN}.",
        "Set it in the type's channel.json too: the next apply writes what that says.",
    )
    if enabled:
        operations.say(
            "Orders that stalled meanwhile: callbacks execution redrive --error ChannelDisabled "
            "--since 24h --reason WHY"
        )


def _spoken(seconds: int | None) -> str | None:
    return None if seconds is None else durations.spoken(seconds)
