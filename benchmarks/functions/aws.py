"""A stand-in for AWS, and for a webhook, in a process of its own: only clients are measured.

The first segment of the path says whose answers are meant.
"""

import json
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from benchmarks.functions.cases import CASES

ANSWERS = {case.function: case.answers for case in CASES}


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
            operation = "Webhook"
        else:
            operation = target.rpartition(".")[2] if target else parse_qs(body)["Action"][0]
        answer = ANSWERS[self.path.split("/")[1]][operation]
        content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0" if target else "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


def main() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
