"""Cursors: where a walk through an answer stands, opaque and signed.

A cursor names the version of each catalog it walks, so that any instance continues in the very
order the walk began in. Anything that is not a cursor of ours for this very question is no cursor:
the walk starts at page 1 (contract/partner.md, the one named exception to "nothing is silently
ignored"). That holds for a cursor of another question too: it says nothing about this one.
"""

import base64
import binascii
import hmac
import zlib
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from shared.catalog.search.order import Position
from shared.errors import Problem

_MAC_BYTES: Final = 16
_MOST_PLAIN: Final = 4
"""Catalogs whose places are short enough not to be compressed."""
_LONGEST: Final = 65_536


class Place(NamedTuple):
    """How far one catalog was walked.

    Attributes:
        version: the catalog's version, as its owner names it.
        position: where the order goes on; None for its start.
        only: digest of the caller's restriction when the walk began.
        revision: the order's, see `Order`.
    """

    version: str
    position: Position | None
    only: str
    revision: str = ""


def seal(places: Mapping[str, Place], question: str, key: bytes) -> str:
    """The cursor that continues at these places, by catalog; `question`: its digest."""
    body = orjson.dumps([question, {name: [*place] for name, place in places.items()}])
    if len(places) > _MOST_PLAIN:
        body = zlib.compress(body)
    return base64.urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def unseal(cursor: str | None, question: str, key: bytes) -> dict[str, Place] | None:
    """The places of a cursor of this question; None when it is absent or is none of ours."""
    if not cursor or len(cursor) > _LONGEST or not cursor.isascii():
        return None
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    mac, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        return None
    plain = body if body.startswith(b"[") else zlib.decompress(body)
    asked, places = orjson.loads(plain)
    if asked != question:
        return None
    return {
        catalog: Place(version, tuple(position) if position else None, *more)
        for catalog, (version, position, *more) in places.items()
    }


def expired() -> Problem:
    """`cursor_expired`: what a cursor of ours is answered with when its order cannot go on.

    That is when its version is no longer kept, or the caller's restriction on a catalog or how we
    order products changed.
    """
    return Problem(
        "cursor_expired",
        "The catalog, its order, or what you may see of it changed since this cursor was given. "
        "Search again without a cursor.",
    )


def _mac(body: bytes, key: bytes) -> bytes:
    """Keyed BLAKE2b, a MAC by itself (RFC 7693 2.9)."""
    return blake2b(body, key=key, digest_size=_MAC_BYTES, person=b"search cursor").digest()
