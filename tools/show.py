"""How the commands tell a person what they do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

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


def error(message: str, detail: str = "") -> None:
    """A failure, on standard error."""
    if detail:
        err.print(Text(detail.rstrip(), style="dim"), soft_wrap=True)
    err.print(Text(message, style="bold red"), soft_wrap=True)
