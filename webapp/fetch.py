"""Fetch a picture from an address that a catalogue names, without letting that address reach the local network.

Host names are resolved here, every address they have must be public, and the socket is opened to the very address
that was checked, so that a name that changes its answer in between gains nothing. Redirects are checked likewise.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

PORTS = {"http": 80, "https": 443}
MAX_REDIRECTS = 3
MAX_ADDRESS = 2000
REDIRECTS = (301, 302, 303, 307, 308)
# Networks that Python calls global, but that lead to an IPv4 address written inside.
_TRANSLATED = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "::ffff:0:0/96", "fec0::/10"))  # fmt: skip

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float], socket.socket]


class FetchError(Exception):
    """A picture is not fetched; the message says why and names the address or the limit."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def dial(address: str, port: int, timeout: float) -> socket.socket:
    """Open a connection to an address (never a name)."""
    return socket.create_connection((address, port), timeout=timeout)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """The limits of a fetch; `resolve` and `dial` are the system's, tests hand in their own."""

    max_bytes: int = 4_000_000
    timeout: float = 5.0
    deadline: float = 12.0
    resolve: Resolve = resolve
    dial: Dial = dial

    def get(self, url: str) -> bytes:
        """Return what `url` holds; raise FetchError where it may not be asked, fails or is too large."""
        ends = time.monotonic() + self.deadline
        for _ in range(MAX_REDIRECTS + 1):
            parts = checked(url)
            with self._answer(parts, ends) as answer:
                if answer.status not in REDIRECTS:
                    return self._read(answer, url, ends)
                location = answer.getheader("Location")
            if not location:
                raise FetchError(f"{url} redirects to nowhere.")
            url = urljoin(url, location)
        raise FetchError(f"{url}: more than {MAX_REDIRECTS} redirects.")

    @contextlib.contextmanager
    def _answer(self, parts: SplitResult, ends: float) -> Iterator[http.client.HTTPResponse]:
        host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
        address = self._public(host, port)
        connection = http.client.HTTPConnection(host, port, timeout=self._left(ends))
        # A server that sends a byte now and then keeps every single read within its time.
        watch = threading.Timer(max(ends - time.monotonic(), 0), _hang_up, (connection,))
        watch.daemon = True
        try:
            connection.sock = self.dial(address, port, self._left(ends))
            watch.start()
            if parts.scheme == "https":
                # The handshake is a step of its own, so that the watch has the very socket that it waits on.
                connection.sock = secured = ssl.create_default_context().wrap_socket(
                    connection.sock, server_hostname=host, do_handshake_on_connect=False
                )
                secured.do_handshake()
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {"Accept": "image/webp,image/png,image/jpeg", "Accept-Encoding": "identity", "User-Agent": "Nextep", "Connection": "close"}  # fmt: skip
            connection.request("GET", target, headers=headers)
            yield connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(f"{parts.scheme}://{host}:{port}: {error or type(error).__name__}") from error
        finally:
            watch.cancel()
            connection.close()

    def _public(self, host: str, port: int) -> str:
        """Return an address of `host`; raise FetchError unless all that it has are public."""
        try:
            found = list(self.resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise FetchError(f"{host} can't be resolved: {error}") from error
        for address in found:
            if not public(address):
                raise FetchError(f"{host} leads to {address}, which is not a public address.")
        if not found:
            raise FetchError(f"{host} has no address.")
        return found[0]

    def _read(self, answer: http.client.HTTPResponse, url: str, ends: float) -> bytes:
        if answer.status != 200:
            raise FetchError(f"{url} answers {answer.status}.")
        if answer.getheader("Content-Encoding", "identity").lower() != "identity":
            raise FetchError(f"{url} answers compressed, which was not asked for.")
        told = answer.getheader("Content-Length", "")
        if told.isdigit() and int(told) > self.max_bytes:
            raise FetchError(f"{url} has {int(told):,} bytes; allowed are {self.max_bytes:,}.")
        got = bytearray()
        while chunk := answer.read1(65536):
            got += chunk
            if len(got) > self.max_bytes:
                raise FetchError(f"{url} has more than {self.max_bytes:,} bytes.")
            self._left(ends)
        self._left(ends)
        if told.isdigit() and len(got) != int(told):
            raise FetchError(f"{url} breaks off after {len(got):,} of {int(told):,} bytes.")
        return bytes(got)

    def _left(self, ends: float) -> float:
        """Return the seconds that the next step may take; raise FetchError when there are none."""
        left = ends - time.monotonic()
        if left <= 0:
            raise FetchError(f"not fetched within {self.deadline:g} seconds.")
        return min(left, self.timeout)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Break off what a connection waits for."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def checked(url: str) -> SplitResult:
    """Return the parts of an address; raise FetchError unless it is plain http or https on its usual port."""
    if len(url) > MAX_ADDRESS or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise FetchError("The address is too long or holds spaces or control characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError(f"{url}: {error}") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise FetchError(f"{url}: only http and https are fetched.")
    if port not in (None, *PORTS.values()):
        raise FetchError(f"{url}: port {port}; allowed are 80 and 443.")
    if "@" in parts.netloc:
        raise FetchError(f"{parts.hostname}: addresses with a user name are not fetched.")
    return parts


def public(address: str) -> bool:
    """Tell whether an address is one of the open internet: not private, local, multicast or translated to another."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and any(found in network for network in _TRANSLATED):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved and not found.is_unspecified
