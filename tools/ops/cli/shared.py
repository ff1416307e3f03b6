"""What the commands have in common: the environment, the form of output, lengths of time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, override

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools import show
from tools.ops import durations
from tools.ops.acting import Acting
from tools.ops.place import Place, find

SOME_NOT_DONE = 5

# No cell is cut or folded: ids are copied. What is too long for the terminal goes on below.
_out = Console(highlight=False, markup=False, emoji=False, width=4096)


@dataclass
class Operations:
    """The options of the whole command, and the environment they name, found when needed."""

    env: str | None
    prefix: str | None
    profile: str | None
    region: str | None
    as_json: bool

    @cached_property
    def place(self) -> Place:
        return find(self.env, self.prefix, self.profile, self.region)

    @cached_property
    def acting(self) -> Acting:
        place = self.place
        return Acting(
            session=place.session,
            functions=place.client("lambda"),
            sts_url=place.client("sts").meta.endpoint_url,
            function=place.function("operate"),
        )

    def emit(self, document: Any, *shown: Any) -> None:
        """The document as JSON, or what is shown of it to a person."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2, default=str))
            return
        for each in shown:
            _out.print(each)

    def say(self, sentence: str) -> None:
        """To a person only."""
        if not self.as_json:
            show.out.print(sentence)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Asks before a deed. With --json nobody is there to be asked: --yes must be said."""
        if yes:
            return
        if self.as_json:
            raise click.UsageError("say --yes with --json: nobody is asked")
        click.confirm(f"{question} ({self.place.name})", abort=True, err=True)


pass_operations = click.make_pass_decorator(Operations)
reason_option = click.option("--reason", required=True, help="Why: it is logged with your name.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask first.")


class Duration(click.ParamType[int]):
    """A length of time, as seconds."""

    name = "duration"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return durations.seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = Duration()


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], empty: str) -> Table | Text:
    """Rows as they are in JSON, under the names of their members; what is not there is a dash."""
    rows = list(rows)
    if not rows:
        return Text(empty)
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column.replace("_", " "), no_wrap=True)
    for row in rows:
        made.add_row(*(cell(row.get(column)) for column in columns))
    return made


def cell(value: Any) -> Text:
    """A value as a person reads it."""
    match value:
        case None | "" | []:
            return Text("-", style="dim")
        case bool():
            return Text("yes" if value else "no")
        case list():
            return Text(", ".join(map(str, value)))
    return Text(str(value))
