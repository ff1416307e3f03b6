"""callbacks console: the same as pages, for the operator's own browser."""

from __future__ import annotations

import webbrowser

import click

from tools.ops.cli.shared import Operations, pass_operations
from tools.ops.console.app import Console
from tools.ops.console.serve import listening, serve


@click.command()
@click.option("--port", default=0, type=click.IntRange(0, 65_535), help="Default: a free one.")
@click.option("--open", "open_", is_flag=True, help="Open it in your browser.")
@pass_operations
def console(operations: Operations, port: int, *, open_: bool) -> None:
    """Show it all as pages in your browser, on this machine only, until interrupted."""
    shown = Console(operations.place, operations.acting)
    shown.warm()
    listener = listening(port)
    guard = shown.guarded(listener.getsockname()[1])
    operations.emit(
        {"environment": operations.place.name, "url": guard.start_url},
        f"The console of {operations.place.name}, which opens once: {guard.start_url}",
        "Ctrl-C ends it.",
    )
    if open_:
        webbrowser.open(guard.start_url)
    serve(guard, listener)
