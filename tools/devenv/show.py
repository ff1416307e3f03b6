"""How the commands tell a person what they do."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from local.walkthrough import Step

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something takes a while, and how long it took."""
    began = time.perf_counter()
    with out.status(f"{what} ..."):
        yield
    seconds = time.perf_counter() - began
    if seconds >= 1:
        out.print(Text.assemble(what, (f"  {seconds:.0f} s", "dim")))


def step(number: int, taken: Step) -> None:
    """One step of the walk, with its data and its time."""
    out.print(
        Text.assemble(
            (f"{number}. {taken.title}", "bold green"), (f"  {taken.seconds * 1000:.0f} ms", "dim")
        )
    )
    data = Table.grid(padding=(0, 2))
    data.add_column(style="cyan")
    data.add_column(overflow="fold")
    for name, value in taken.data.items():
        data.add_row(name, _compact(value))
    out.print(Padding(data, (0, 0, 1, 3)))


def error(message: str, detail: str = "") -> None:
    """A failure, on standard error."""
    if detail:
        err.print(Text(detail.rstrip(), style="dim"))
    err.print(Text(message, style="bold red"), soft_wrap=True)


def _compact(value: Any) -> str | Text:
    if isinstance(value, str):
        return value
    return JSONHighlighter()(Text(json.dumps(value, default=_plain, ensure_ascii=False)))


def _plain(value: Any) -> Any:
    # DynamoDB's numbers are Decimals.
    return int(value) if value == int(value) else float(value)
