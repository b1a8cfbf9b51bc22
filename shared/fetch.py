"""The only way out: HTTP to public addresses.

Against server-side request forgery (OWASP SSRF Prevention Cheat Sheet; RFC 6890 special-purpose
addresses): one strict reading of the URL, one resolution of the name, every resolved address
checked, and the connection made to the address that was checked, so that no second answer of a name
server can lead elsewhere. No redirects, no proxies, no environment.
"""

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import httpcore

from shared.errors import Problem
from shared.ports.fetch import Answer
from shared.waits import check_may_wait

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_URL: Final = 2048
_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_-]{1,63}\.)*(?=.{1,63}$)[a-z0-9_-]*[a-z_-][a-z0-9_-]*"
)
_LIKE_A_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_PUBLIC_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC: Final[tuple[Network, ...]] = (
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    ipaddress.IPv6Network("2002::/16"),  # 6to4 carries an IPv4 address, RFC 3056
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637
)
T = TypeVar("T")
_FAILURES: Final = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError)


class GuardedFetch:
    """`Fetch` for public https URLs at port 443.

    Args:
        allow: networks that may be reached besides, over http and at any port: `127.0.0.0/8` while
            developing. Nothing in production.
        hosts: addresses of names, asked before the resolver, as in /etc/hosts.
        tls: certificates to trust; the common authorities when not given.
    """

    def __init__(
        self,
        allow: Sequence[Network] = (),
        hosts: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allow = tuple(allow)
        self._hosts = dict(hosts or {})
        self._given_tls = tls

    def get(self, url: str, *, timeout: float, max_bytes: int) -> Answer:
        """GET without following redirects, `timeout` seconds in all, from resolving to last byte.

        Raises `unsafe_url` for a URL or address that policy refuses, `too_large` past `max_bytes`
        of body, `unavailable` when nothing whole came back in time.
        """
        return self._exchange("GET", url, b"", (), timeout, lambda got: _read(got, max_bytes))

    def download(self, url: str, path: Path, *, timeout: float, max_bytes: int) -> int:
        """GET into a file, with the promises of `get`; the status."""
        return self._exchange(
            "GET", url, b"", (), timeout, lambda got: _written(got, path, max_bytes)
        )

    def post(self, url: str, form: Mapping[str, str], *, timeout: float, max_bytes: int) -> Answer:
        """POST a form, with the promises of `get`."""
        kind = (("Content-Type", "application/x-www-form-urlencoded"),)
        body = urlencode(form).encode()
        return self._exchange("POST", url, body, kind, timeout, lambda got: _read(got, max_bytes))

    def _exchange(
        self,
        method: str,
        url: str,
        body: bytes,
        more: Sequence[tuple[str, str]],
        timeout: float,
        read: Callable[[httpcore.Response], T],
    ) -> T:
        deadline = time.monotonic() + timeout
        target = _parse(url)
        headers = [*target.headers, *more]
        if target.plain and not self._allow:
            raise _unsafe("Only https URLs at port 443 are fetched.")
        check_may_wait(target.host)
        addresses = self._resolve(target, deadline)
        if not all(self._allowed(address) for address in addresses):
            if target.plain:
                raise _unsafe("Only https URLs at port 443 are fetched.")
            if target.literal or not all(map(is_public, addresses)):
                raise _unsafe("This URL does not lead to a public address by name.")
        connection = httpcore.HTTPConnection(
            target.origin, ssl_context=self._tls, network_backend=_Pinned(addresses, deadline)
        )
        try:
            with (
                connection,
                connection.stream(
                    method, target.url, headers=headers, content=body or None
                ) as answer,
            ):
                return read(answer)
        except _FAILURES as error:
            raise _unavailable("Nothing usable came back from this URL in time.") from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or httpcore.default_ssl_context()

    def _allowed(self, address: Address) -> bool:
        return any(address in network for network in self._allow)

    def _resolve(self, target: "_Target", deadline: float) -> list[Address]:
        known = target.literal or self._hosts.get(target.host)
        if known:
            return [ipaddress.ip_address(known)]
        found = _look_up(target.host, target.port, deadline - time.monotonic())
        return list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether anyone on the Internet has this address.

    No: private, shared (CGNAT), loopback, link-local with the metadata servers, multicast, reserved
    and documentation addresses, and IPv6 addresses that stand for an IPv4 one (mapped, NAT64, 6to4,
    Teredo): those could lead to any of the former.
    """
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str
    literal: str | None

    @property
    def plain(self) -> bool:
        return self.scheme != "https" or self.port != 443  # noqa: PLR2004  https's port

    @property
    def origin(self) -> httpcore.Origin:
        return httpcore.Origin(self.scheme.encode(), self.host.encode(), self.port)

    @property
    def url(self) -> httpcore.URL:
        return httpcore.URL(
            scheme=self.scheme, host=self.host, port=self.port, target=self.path.encode()
        )

    @property
    def headers(self) -> list[tuple[str, str]]:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"https": 443, "http": 80}[self.scheme]
        return [
            ("Host", host if self.port == default else f"{host}:{self.port}"),
            ("User-Agent", "catalog-mcp"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]


def _parse(url: str) -> _Target:
    """One strict reading: no userinfo, fragment, escape in the host, or creative address."""
    matched = _URL.fullmatch(url) if len(url) <= _MAX_URL else None
    if matched is None or "#" in url or "\\" in url:
        raise _unsafe("A URL is https://host/path in ASCII, without user name or fragment.")
    scheme, host = matched["scheme"].lower(), matched["host"].lower()
    port = int(matched["port"] or {"https": 443, "http": 80}[scheme])
    path = matched["target"] or "/"
    path = path if path.startswith("/") else f"/{path}"
    bare = host.strip("[]")
    literal = None
    if host != bare or _LIKE_A_NUMBER.fullmatch(host):
        try:
            literal = str(ipaddress.ip_address(bare))
        except ValueError as error:
            raise _unsafe("The host of this URL is not a name.") from error
    elif not _NAME.fullmatch(host):
        raise _unsafe("The host of this URL is not a name.")
    if not 0 < port < 65536:  # noqa: PLR2004  the range of ports
        raise _unsafe("The port of this URL is not a port.")
    return _Target(scheme, literal or host, port, path, literal)


def _look_up(host: str, port: int, seconds: float) -> list[Any]:
    """Resolve a name within a time: the resolver has none of its own, so a thread waits for it."""
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError:
            found.clear()

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if not found:
        raise _unavailable("The host of this URL was not found.")
    return list(found)


def _read(response: httpcore.Response, max_bytes: int) -> Answer:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if headers.get("content-encoding", "identity") != "identity":
        raise _unavailable("What came back is compressed, which was not asked for.")
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise Problem("too_large", f"More than {max_bytes} bytes came back.", limit=max_bytes)
    return Answer(response.status, headers, bytes(body))


def _written(response: httpcore.Response, path: Path, max_bytes: int) -> int:
    size = 0
    with path.open("wb") as file:
        for chunk in response.iter_stream():
            size += len(chunk)
            if size > max_bytes:
                raise Problem(
                    "too_large", f"More than {max_bytes} bytes came back.", limit=max_bytes
                )
            file.write(chunk)
    return response.status


class _Pinned(httpcore.NetworkBackend):
    """Connects to the given addresses only, whatever the host, and until the deadline only."""

    def __init__(self, addresses: Sequence[Address], deadline: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  the library's signature; the address was decided before
        port: int,
        timeout: float | None = None,  # noqa: ARG002  the deadline holds
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, _left(self._deadline), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self._deadline)
        raise failure


class _Timed(httpcore.NetworkStream):
    """A stream each of whose waits ends at the same deadline: slow drips do not extend it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  see above
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  see above
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002  see above
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the deadline passed")
    return seconds


def _unsafe(message: str) -> Problem:
    return Problem("unsafe_url", f"{message} Use a public https URL.")


def _unavailable(message: str) -> Problem:
    return Problem("unavailable", f"{message} Check it and try again.")
