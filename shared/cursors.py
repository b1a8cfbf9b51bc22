"""Cursors: where a walk through an answer stands, opaque and signed.

What stands in a cursor is for whoever gives it to say. It is bound to one question: for any other
it is no cursor.
"""

import base64
import binascii
import hmac
import zlib
from hashlib import blake2b
from typing import Any, Final

import orjson

_MAC_BYTES: Final = 16
_LONGEST_PLAIN: Final = 300
"""Bytes from which on compressing is worth its time."""
_LONGEST: Final = 65_536


def seal(place: Any, question: str, key: bytes) -> str:
    """The cursor that continues at this place, any JSON but null; `question`: its digest."""
    body = orjson.dumps([question, place])
    if len(body) > _LONGEST_PLAIN:
        body = zlib.compress(body)
    return base64.urlsafe_b64encode(_mac(body, key) + body).rstrip(b"=").decode()


def unseal(cursor: str | None, question: str, key: bytes) -> Any:
    """The place of a cursor of this question; None when it is absent or is none of ours."""
    if not cursor or len(cursor) > _LONGEST or not cursor.isascii():
        return None
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    mac, body = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        return None
    asked, place = orjson.loads(body if body.startswith(b"[") else zlib.decompress(body))
    return place if asked == question else None


def _mac(body: bytes, key: bytes) -> bytes:
    """Keyed BLAKE2b, a MAC by itself (RFC 7693 2.9)."""
    return blake2b(body, key=key, digest_size=_MAC_BYTES, person=b"search cursor").digest()
