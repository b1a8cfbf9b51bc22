"""How often a code is mailed: counted for an address and whoever asks together.

So strangers who ask for somebody's codes use up their own share and not that person's. A browser
in which a person has signed in before holds a cookie that says so, and has a share of its own. Past
a cap for the whole address, mail is slowed and never stopped.
"""

import re
import secrets
from datetime import timedelta
from typing import Final

from functions.auth import limits
from functions.auth.server import AuthServer
from shared.serve.pages.web import Incoming, Pair

MAILS: Final = 5
"""Codes one requester has sent to one address in a quarter of an hour."""
SECONDS: Final = 900
CAP: Final = 15
"""Codes all strangers together have sent to one address in a quarter of an hour."""
SLOW_SECONDS: Final = 60
"""Past that, one in this time."""
REMEMBERED: Final = timedelta(days=90)
_COOKIE: Final = "known"
_PURPOSE: Final = "known-browser"
_KNOWN: Final = re.compile(r"([0-9a-f]{32})\.([0-9]{1,12})\.([A-Za-z0-9_-]{22})")


def count_mail(server: AuthServer, request: Incoming, address: str, person: str | None) -> None:
    """Count a code before it is mailed to an address, which may be a person's. Raises TooMany."""
    known = _known(server, request, person) if person is not None else None
    requester = known or limits.network(request.address)
    limits.count(server, "mail", f"{address} {requester}", most=MAILS, seconds=SECONDS)
    if known is None:
        try:
            limits.count(server, "mail", address, most=CAP, seconds=SECONDS)
        except limits.TooMany:
            limits.count(server, "slow mail", address, most=1, seconds=SLOW_SECONDS)


def known_browser(server: AuthServer, person: str) -> Pair:
    """The header that lets a browser be known again as one a person signed in with."""
    name, until = secrets.token_hex(16), _now(server) + int(REMEMBERED.total_seconds())
    tag = server.proof(_PURPOSE, name, str(until), person)
    return server.set_cookie(_COOKIE, f"{name}.{until}.{tag}", REMEMBERED)


def _known(server: AuthServer, request: Incoming, person: str) -> str | None:
    """The name of a browser that this person signed in with lately."""
    match = _KNOWN.fullmatch(request.cookies.get(server.cookie(_COOKIE), ""))
    if match is None or int(match[2]) <= _now(server):
        return None
    return match[1] if server.proves(match[3], _PURPOSE, match[1], match[2], person) else None


def _now(server: AuthServer) -> int:
    return int(server.app.clock.time())
