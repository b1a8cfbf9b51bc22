"""Limits on what nobody has signed in for yet.

Per address the limit is per instance and in memory: it protects our processor time, and such calls
write nothing. What could be guessed or would send mail is counted in documents, by all instances.
"""

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from functions.auth.server import AuthServer
from shared.app import App
from shared.identity.limits import counted
from shared.serve.pages.web import OAuthError

MOST_ADDRESSES: Final = 10_000
PER_MINUTE: Final = 120


@dataclass
class _Seen:
    lock: threading.Lock = field(default_factory=threading.Lock)
    calls: OrderedDict[str, tuple[int, int]] = field(default_factory=OrderedDict)


class TooMany(OAuthError):  # noqa: N818  an answer, not a failure
    """Come back later (RFC 6585 4)."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "temporarily_unavailable", f"Too many tries. Wait {seconds} seconds.", status=429
        )
        self.headers = (("retry-after", str(seconds)),)


def check_address(server: AuthServer, what: str, address: str, most: int = PER_MINUTE) -> None:
    """Count a call from an address. Raises TooMany past `most` in this minute."""
    seen = server.app.once(_make)
    now = server.app.clock.time()
    minute, name = int(now // 60), f"{what} {network(address)}"
    with seen.lock:
        last, count = seen.calls.pop(name, (minute, 0))
        count = count + 1 if last == minute else 1
        seen.calls[name] = (minute, count)
        while len(seen.calls) > MOST_ADDRESSES:
            seen.calls.popitem(last=False)
    if count > most:
        raise TooMany(60 - int(now) % 60)


def count(server: AuthServer, what: str, whom: str, *, most: int, seconds: int) -> None:
    """Count something about somebody, on all instances. Raises TooMany past `most` a window."""
    app = server.app
    wait = counted(app.documents, app.clock.now(), what, whom, most=most, seconds=seconds)
    if wait is not None:
        raise TooMany(wait)


def network(address: str) -> str:
    """Who is told apart by an address: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((known, 64), strict=False))


def _make(app: App) -> _Seen:
    del app
    return _Seen()
