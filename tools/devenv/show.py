"""How a walk is told to a person."""

import json
from typing import Any

from rich.highlighter import JSONHighlighter
from rich.text import Text

from tools.devenv.walkthrough import Step
from tools.show import out

COLUMNS = 80


def step(number: int, taken: Step) -> None:
    """One step of the walk, with its data and its time.

    What does not fit beside its name stands below it, whole, so that it can be copied.
    """
    _print((f"{number}. {taken.title}", "bold green"), (f"  {taken.seconds * 1000:.0f} ms", "dim"))
    for name, value in taken.data.items():
        beside = _text(value)
        if len(f"   {name}  {beside}") <= COLUMNS:
            _print("   ", (name, "cyan"), "  ", beside)
            continue
        _print("   ", (name, "cyan"))
        for line in _text(value, indent=2).split():
            _print("     ", line)
    _print()


def _text(value: Any, indent: int | None = None) -> Text:
    if isinstance(value, str):
        return Text(value)
    document = json.dumps(value, default=_plain, ensure_ascii=False, indent=indent)
    return JSONHighlighter()(Text(document))


def _plain(value: Any) -> Any:
    # DynamoDB's numbers are Decimals.
    return int(value) if value == int(value) else float(value)


def _print(*parts: str | Text | tuple[str, str]) -> None:
    out.print(Text.assemble(*parts))
