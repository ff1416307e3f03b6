"""How a walk is told to a person."""

import json
from typing import Any

from rich.highlighter import JSONHighlighter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tools.devenv.walkthrough import Step
from tools.show import out


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


def _compact(value: Any) -> str | Text:
    if isinstance(value, str):
        return value
    return JSONHighlighter()(Text(json.dumps(value, default=_plain, ensure_ascii=False)))


def _plain(value: Any) -> Any:
    # DynamoDB's numbers are Decimals.
    return int(value) if value == int(value) else float(value)
