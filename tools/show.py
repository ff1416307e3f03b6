"""How the commands tell a person what they do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

QUIET_SECONDS = 30

# Takes how far something is.
type Tell = Callable[[str], None]

# No line is broken: ARNs and URLs are copied.
out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Show that something takes a while, how far it is as the block tells, and how long it took."""
    began = told = time.perf_counter()

    def so_far(state: str) -> Text:
        return Text.assemble(state, (f"  {time.perf_counter() - began:.0f} s", "dim"))

    def tell(state: str) -> None:
        nonlocal told
        status.update(so_far(f"{what}: {state}"))
        # Where nothing can be overwritten, a line now and then.
        if not out.is_terminal and time.perf_counter() - told >= QUIET_SECONDS:
            told = time.perf_counter()
            out.print(so_far(f"{what}: {state}"))

    with out.status(what) as status:
        yield tell
    if time.perf_counter() - began >= 1:
        out.print(so_far(what))


def error(message: str, detail: str = "") -> None:
    """A failure, on standard error."""
    if detail:
        err.print(Text(detail.rstrip(), style="dim"))
    err.print(Text(message, style="bold red"))
