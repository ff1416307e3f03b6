"""The token endpoint and the API as partners see them, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class PartnerApi:
    """Keeps the requests; each path's `responses` (status, headers) in turn, then 200."""

    url: str = ""
    lifetime: int = 900
    responses: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    called: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.called]


@contextmanager
def partner_api() -> Iterator[PartnerApi]:
    api = PartnerApi()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.called.append((self.path, dict(self.headers), body))
            responses = api.responses.get(self.path)
            status, headers = responses.pop(0) if responses else (200, {})
            number = api.paths().count("/oauth2/token")
            document = {"access_token": f"token-{number}", "expires_in": api.lifetime}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield api
        server.shutdown()
        thread.join()
