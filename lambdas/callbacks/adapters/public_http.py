"""A POST to a host on the Internet: its address is checked, and the whole of it has a deadline."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Event, Timer
from time import monotonic
from urllib.parse import urlsplit

CONNECT_TIMEOUT_SECONDS = 5
DEADLINE_SECONDS = 20
PORTS = (443, 8443)

HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
# Names that are resolved within a network: RFC 6761, RFC 6762, RFC 8375, and ICANN for `internal`.
PRIVATE_HOST = re.compile(
    r".*\.(home\.arpa|corp|home|internal|intranet|lan|local|localdomain|localhost|private)"
)
NAT64 = IPv6Network("64:ff9b::/96")

type Address = IPv4Address | IPv6Address


class RefusedDestinationError(Exception):
    """Nothing is sent there; the text says why."""


class UnreachableError(Exception):
    """There was no response before the deadline."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to post; `target` is path and query. To loopback there is no TLS."""

    host: str
    port: int
    target: str
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """What an endpoint says, but for the body."""

    status: int
    retry_after: str | None = None


def destination(url: str, *, loopback: bool = False) -> Destination:
    """Of an https:// URL, or where `loopback` is allowed of an http:// one to this machine.

    Raises:
        RefusedDestinationError: it is neither, or names no public host, or another port.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise RefusedDestinationError("the URL of the endpoint is none") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.username is not None or parts.fragment:
        raise RefusedDestinationError("the endpoint's URL has a user name or a fragment")
    if loopback and parts.scheme == "http" and _is_loopback(host):
        return Destination(host, port or 80, target, loopback=True)
    if parts.scheme != "https":
        raise RefusedDestinationError("the endpoint's URL must start with https://")
    if not HOST.fullmatch(host) or PRIVATE_HOST.fullmatch(host):
        raise RefusedDestinationError("the endpoint's URL must have the name of a public host")
    if (port := port or PORTS[0]) not in PORTS:
        raise RefusedDestinationError("the endpoint's port must be 443 or 8443")
    return Destination(host, port, target)


def exchange(to: Destination, body: bytes, headers: Mapping[str, str]) -> Response:
    """Posts, and reads the response up to its body. A redirect is a response like any other.

    Raises:
        RefusedDestinationError: the host resolves to an address that is not public.
        UnreachableError: there was no response before the deadline.
    """
    deadline = monotonic() + DEADLINE_SECONDS
    try:
        with _cut_off_at(deadline, _connected(to, deadline)) as (sock, expired):
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            kind = HTTPConnection if to.loopback else HTTPSConnection
            connection = kind(to.host, to.port)
            connection.sock = sock
            connection.request("POST", to.target, body, dict(headers))
            with connection.getresponse() as response:
                # http.client takes the end of the stream for the end of the headers.
                if expired.is_set():
                    raise TimeoutError
                return Response(response.status, response.headers["Retry-After"])
    except (OSError, HTTPException) as error:
        raise UnreachableError(type(error).__name__) from None


def _connected(to: Destination, deadline: float) -> socket.socket:
    """To the first address that takes a connection, of those that were checked."""
    addresses = _addresses(to)
    for number, address in enumerate(addresses, 1):
        seconds = max(0.001, min(CONNECT_TIMEOUT_SECONDS, deadline - monotonic()))
        try:
            sock = socket.create_connection((str(address), to.port), timeout=seconds)
        except OSError:
            if number == len(addresses):
                raise
            continue
        sock.settimeout(DEADLINE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # As http.client's own.
        if to.loopback:
            return sock
        return _tls().wrap_socket(sock, server_hostname=to.host, do_handshake_on_connect=False)
    raise OSError("no address")


def _addresses(to: Destination) -> list[Address]:
    found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))
    for address in addresses:
        if not (address.is_loopback if to.loopback else is_public(address)):
            raise RefusedDestinationError(f"{to.host} has the address {address}: it is not public")
    return addresses


def is_public(address: Address) -> bool:
    """Whether it is a host of the Internet's, also through a gateway from IPv6 to IPv4."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


@contextmanager
def _cut_off_at(deadline: float, sock: socket.socket) -> Iterator[tuple[socket.socket, Event]]:
    """Ends what waits on the socket; a time-out of the socket's would start anew with each byte."""
    expired = Event()

    def cut() -> None:
        expired.set()
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = Timer(max(0.0, deadline - monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        with sock:
            yield sock, expired
    finally:
        timer.cancel()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
