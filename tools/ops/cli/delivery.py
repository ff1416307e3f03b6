"""callbacks delivery: see what webhooks made of their messages."""

from __future__ import annotations

import time

import click

from tools.ops import deliveries
from tools.ops.channels import registrations
from tools.ops.cli.shared import DURATION, Operations, pass_operations, table
from tools.ops.tasks import selected

COLUMNS = (
    "at",
    "task_type",
    "partner",
    "order_id",
    "result",
    "status",
    "milliseconds",
    "tries",
    "why",
)


@click.group()
def delivery() -> None:
    """See each try to bring a message to a webhook. Bodies are never kept."""


@delivery.command("list")
@click.option("--channel", metavar="TYPE", help="Of one task type.")
@click.option("--partner", help="To one partner.")
@click.option("--since", type=DURATION, default="1h", show_default=True)
@click.option("--failed", is_flag=True, help="Only those that the endpoint did not take.")
@pass_operations
def list_(
    operations: Operations, channel: str | None, partner: str | None, since: int, *, failed: bool
) -> None:
    """List tries, the oldest first: status, latency, and why one failed."""
    chosen = selected(registrations(operations.place), channel, partner)
    rows = [
        row
        for row in deliveries.since(operations.place, chosen, partner, int(time.time()) - since)
        if not (failed and row["result"] == "TAKEN")
    ]
    operations.emit({"deliveries": rows}, table(rows, COLUMNS, "No webhook was tried."))
