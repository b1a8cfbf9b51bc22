"""Firestore's order of values as bytes: `key(a) < key(b)` exactly when a sorts before b.

A declared query is then one range of one index, as it is on Firestore. The order between types is
Firestore's (firestore/docs/concepts/data-types): null, booleans, numbers, times, text, bytes,
arrays, maps. Every key ends itself, so no key is the beginning of another and keys concatenate.
"""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

LAST: Final = b"\xff"
"""Sorts after everything a key can continue with, ascending or descending."""

_END: Final = b"\x00\x01"
_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)
_INVERTED: Final = bytes(255 - byte for byte in range(256))


def key(value: Any) -> bytes:  # noqa: PLR0911  one line per type
    """The value's place in Firestore's order."""
    match value:
        case None:
            return b"\x05"
        case bool():
            return b"\x0a\x01" if value else b"\x0a\x00"
        case int() | float():
            return b"\x0f" + _number(value)
        case datetime():
            return b"\x14" + ((value - _EPOCH) // timedelta(microseconds=1)).to_bytes(8, "big")
        case str():
            return b"\x19" + _ended(value.encode())
        case bytes():
            return b"\x1e" + _ended(value)
        case Mapping():
            pairs = (key(name) + key(value[name]) for name in sorted(value, key=str.encode))
            return b"\x28" + b"".join(pairs) + b"\x00"
        case _:
            return b"\x23" + b"".join(key(item) for item in value) + b"\x00"


def descending(ascending: bytes) -> bytes:
    """The key that sorts the other way round."""
    return ascending.translate(_INVERTED)


def types_end(some: bytes) -> bytes:
    """The bound behind every key of the same type, in the same direction. LAST without one."""
    return bytes([some[0] + 1]) if some else LAST


def _ended(raw: bytes) -> bytes:
    return raw.replace(b"\x00", b"\x00\xff") + _END


def _number(value: float) -> bytes:
    """Exact across int and float: the nearest double, then what the double is short of."""
    double = float(value) + 0.0
    bits = int.from_bytes(struct.pack(">d", double), "big")
    bits = bits ^ (2**64 - 1) if bits >> 63 else bits | 2**63
    rest = value - int(double) if isinstance(value, int) else 0
    return bits.to_bytes(8, "big") + (rest + 2**15).to_bytes(2, "big")
