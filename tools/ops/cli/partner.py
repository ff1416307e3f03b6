"""callbacks partner: what partners are told."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tools.ops import sheet as sheets
from tools.ops.channels import registration
from tools.ops.cli.shared import Operations, pass_operations


@click.group()
def partner() -> None:
    """See what a partner needs to work for a channel."""


@partner.command()
@click.argument("name")
@click.argument("type")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file instead."
)
@pass_operations
def sheet(operations: Operations, name: str, type: str, out: Path | None) -> None:  # noqa: A002
    """Print all that a partner needs, in one document: Markdown, or JSON with --json.

    NAME is the partner's, TYPE the task type's. It has no secret, only the ARNs of secrets.
    """
    place = operations.place
    document = sheets.sheet(place.name, registration(place, type), name)
    text = (
        f"{json.dumps(document, indent=2)}\n" if operations.as_json else sheets.markdown(document)
    )
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text)
    operations.say(f"{out} is written.")
