"""public_http: which hosts and addresses are posted to, as whom they prove themselves, how long."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from callbacks.adapters import public_http
from callbacks.adapters.public_http import (
    Destination,
    RefusedDestinationError,
    UnreachableError,
    destination,
    exchange,
    is_public,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example.com"
RESPONSE = b"HTTP/1.1 204 No Content\r\nRetry-After: 7\r\n\r\n"


@pytest.fixture(autouse=True)
def _no_network() -> None:
    """The endpoints are servers on loopback."""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://{HOST}", Destination(HOST, 443, "/")),
        (f"https://{HOST.upper()}:443/tasks", Destination(HOST, 443, "/tasks")),
        (f"https://{HOST}:8443/tasks?a=b&c", Destination(HOST, 8443, "/tasks?a=b&c")),
        ("https://xn--bcher-kva.example/", Destination("xn--bcher-kva.example", 443, "/")),
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_a_public_host_is_taken(url: str, expected: Destination, loopback: bool) -> None:
    assert destination(url, loopback=loopback) == expected


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/tasks",
        f"ftp://{HOST}/tasks",
        f"https://{HOST}:80/tasks",
        f"https://{HOST}:99999/tasks",
        f"https://user@{HOST}/tasks",
        f"https://{HOST}/tasks#here",
        "https://",
        "https://[::1",
        HOST,
        "https://hooks/tasks",
        "https://localhost/tasks",
        "https://hooks.localhost/tasks",
        "https://hooks.corp.internal/tasks",
        "https://printer.local/tasks",
        "https://router.home.arpa/tasks",
        "https://hooks..example.com/tasks",
        "https://hooks.example.com./tasks",
        "https://93.184.216.34/tasks",
        "https://[2606:2800:220:1::1]/tasks",
        "https://2130706433/tasks",
        "https://0x7f.1/tasks",
        "https://0x7f.0.0.0x1/tasks",
        "https://127.0.0.1/tasks",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://localhost:8080",
    ],
)
@pytest.mark.parametrize("loopback", [False, True])
def test_anything_else_is_refused(url: str, loopback: bool) -> None:
    with pytest.raises(RefusedDestinationError):
        destination(url, loopback=loopback)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/tasks", "http://[::1]:8080/tasks"])
def test_this_machine_is_taken_only_where_it_is_asked_for(url: str) -> None:
    assert destination(url, loopback=True).loopback

    with pytest.raises(RefusedDestinationError):
        destination(url)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "2606:2800:220:1::1",
        "::ffff:93.184.216.34",
        "64:ff9b::5db8:d822",  # 93.184.216.34
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",  # 10.0.0.1
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2001:0:a00:1::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_of_a_network_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1"])
def test_one_address_that_is_not_public_is_enough_to_refuse_a_host(address: str) -> None:
    with (
        resolved("93.184.216.34", address),
        patch("socket.create_connection") as connect,
        pytest.raises(RefusedDestinationError, match="not public"),
    ):
        exchange(Destination(HOST, 443, "/"), b"", {})

    connect.assert_not_called()


def test_the_address_that_was_checked_is_connected_to_and_no_name(tls: "Identity") -> None:
    asked: list[Any] = []
    connect = socket.create_connection

    def note(address: tuple[str, int], **options: Any) -> socket.socket:
        asked.append(address[0])
        return connect(address, **options)

    with (
        serving(RESPONSE, tls) as server,
        resolved("127.0.0.1"),
        patch.object(public_http, "is_public", lambda _: True),
        patch("socket.create_connection", note),
    ):
        response = exchange(Destination(HOST, server.port, "/tasks?a=b"), b"{}", {"X-A": "b"})

    assert asked == ["127.0.0.1"]
    assert server.names == [HOST]
    assert (response.status, response.retry_after) == (204, "7")
    [request] = server.requests
    assert request.startswith(b"POST /tasks?a=b HTTP/1.1\r\nHost: hooks.example.com:")
    assert request.endswith(b"X-A: b\r\n\r\n{}")


def test_the_next_address_is_tried_where_one_takes_no_connection(tls: "Identity") -> None:
    with (
        serving(RESPONSE, tls) as server,
        resolved("127.0.0.9", "127.0.0.1"),
        patch.object(public_http, "is_public", lambda _: True),
    ):
        assert exchange(Destination(HOST, server.port, "/"), b"", {}).status == 204


def test_a_certificate_of_another_host_is_not_taken(tls: "Identity") -> None:
    with (
        serving(RESPONSE, tls) as server,
        resolved("127.0.0.1"),
        patch.object(public_http, "is_public", lambda _: True),
        pytest.raises(UnreachableError, match="SSLCertVerificationError"),
    ):
        exchange(Destination("other.example.com", server.port, "/"), b"", {})

    assert not server.requests


def test_a_host_without_an_address_is_unreachable() -> None:
    with (
        patch("socket.getaddrinfo", side_effect=socket.gaierror("unknown")),
        pytest.raises(UnreachableError),
    ):
        exchange(Destination(HOST, 443, "/"), b"", {})


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX-Drip: "])
def test_a_response_that_comes_a_byte_at_a_time_ends_at_the_deadline(start: bytes) -> None:
    with (
        serving(start, drip=b"H") as server,
        patch.object(public_http, "DEADLINE_SECONDS", 0.5),
        pytest.raises(UnreachableError),
    ):
        exchange(Destination("127.0.0.1", server.port, "/", loopback=True), b"", {})

    assert len(server.requests) == 1


@dataclass
class Server:
    """What it was sent: the name in each handshake, and each request."""

    port: int
    names: list[str | None]
    requests: list[bytes]


@dataclass
class Identity:
    """Files of a certificate for HOST and of its key."""

    certificate: Path
    key: Path


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Identity]:
    """An identity that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    identity = Identity(tmp_path / "certificate.pem", tmp_path / "key.pem")
    identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    identity.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    trusting = ssl.create_default_context(cafile=str(identity.certificate))
    with patch.object(public_http, "_tls", lambda: trusting):
        yield identity


@contextmanager
def serving(response: bytes, tls: Identity | None = None, drip: bytes = b"") -> Iterator[Server]:
    """Responds to each connection, and then drips for as long as the client stays."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1], [], [])
    wrap: Callable[[socket.socket], socket.socket] = lambda sock: sock  # noqa: E731
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)
        context.sni_callback = lambda _sock, name, _context: server.names.append(name)
        wrap = lambda sock: context.wrap_socket(sock, server_side=True)  # noqa: E731
    done = threading.Event()

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), accepted, wrap(accepted) as sock:
                sock.settimeout(10)
                server.requests.append(_request(sock))
                sock.sendall(response)
                while drip and not done.wait(0.01):
                    sock.sendall(drip)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server
    finally:
        done.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _request(sock: socket.socket) -> bytes:
    request, length = b"", 0
    with sock.makefile("rb") as stream:
        while not request.endswith(b"\r\n\r\n") and (line := stream.readline()):
            request += line
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return request + stream.read(length)


@contextmanager
def resolved(*addresses: str) -> Iterator[None]:
    """HOST's addresses; what is an address already is itself."""
    lookup = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host in addresses:
            return lookup(host, port, *args, **options)
        return [
            entry for each in addresses for entry in lookup(each, port, type=socket.SOCK_STREAM)
        ]

    with patch("socket.getaddrinfo", getaddrinfo):
        yield
