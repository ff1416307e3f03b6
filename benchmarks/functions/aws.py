"""Stands in for AWS, and for a webhook, with replies that were recorded.

The first segment of the path says whose replies are meant.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from botocore import xform_name

from benchmarks.functions.recording import Recording, reply_key


@contextmanager
def serving(recordings: Mapping[str, Recording]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the methods that were called of it so far."""
    called: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise the second of its two writes waits for the client's delayed acknowledgement.
        disable_nagle_algorithm = True

        def handle(self) -> None:
            # A client may leave without reading what it was sent.
            with suppress(ConnectionResetError):
                super().handle()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            target = self.headers.get("X-Amz-Target")
            if "webhook-id" in self.headers:
                method = "request"
            else:
                method = xform_name(
                    target.rpartition(".")[2] if target else parse_qs(body)["Action"][0]
                )
            called.append(method)
            key = reply_key(method, json.loads(body) if target else {})
            content = recordings[self.path.split("/")[1]].replies.get(key, b"{}")
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0" if target else "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", called
        finally:
            server.shutdown()
            thread.join()
