"""Serves the console on 127.0.0.1, and nowhere else."""

from __future__ import annotations

import socket
from contextlib import suppress

import uvicorn

from tools.errors import UserError
from tools.ops.console.security import HOST, Guard

WAITING_CALLS = 64


def listening(port: int) -> socket.socket:
    """On that port, or a free one for 0. Raises UserError if it is taken."""
    listener = socket.socket()
    # A port that was just given back may be had again.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise UserError(f"Port {port} cannot be had: {error.strerror}.") from None
    listener.listen(WAITING_CALLS)
    return listener


def serve(guard: Guard, listener: socket.socket) -> None:
    """Until interrupted; what is in hand then is brought to its end. Logs no request."""
    config = uvicorn.Config(
        guard,
        access_log=False,
        date_header=False,
        lifespan="off",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        ws="none",
    )
    with suppress(KeyboardInterrupt), listener:
        uvicorn.Server(config).run(sockets=[listener])
