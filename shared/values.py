"""What a document may hold, the same on every adapter, and its form as JSON text."""

import math
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

MAX_DEPTH: Final = 20
"""Levels of maps and arrays below a document (Firestore's limit)."""

INT64: Final = range(-(2**63), 2**63)
"""The integers a document can hold."""

_AROUND: Final = 10
"""Two tags and two lengths, of up to four bytes, as protobuf writes them."""


def checked_size(value: Any, depth: int = 0) -> int:  # noqa: PLR0911  one line per type
    """The bytes a value counts for by Firestore's rule (firestore/docs/storage-size).

    Raises ValueError for anything that would not come back as it went in: NaN and infinities,
    integers past 64 bits, naive times, arrays directly inside arrays, keys that are empty or
    `__reserved__`, other types, or more than MAX_DEPTH levels.
    """
    match value:
        case str():
            return len(value.encode()) + 1
        case None | bool():
            return 1
        case int() if value in INT64:
            return 8
        case float() if math.isfinite(value):
            return 8
        case datetime() if value.tzinfo is not None and _in_range(value):
            return 8
        case bytes():
            return len(value)
        case Mapping() if depth <= MAX_DEPTH:
            return sum(key_size(key) + checked_size(value[key], depth + 1) for key in value)
        case list() | tuple() if depth <= MAX_DEPTH:
            if any(isinstance(item, (list, tuple)) for item in value):
                raise ValueError("a document cannot hold an array directly inside an array")
            return sum(checked_size(item, depth + 1) for item in value)
    raise ValueError(f"a document cannot hold this {type(value).__name__} at depth {depth}")


def sent_size(value: Any) -> int:  # noqa: PLR0911  one line per type
    """The most bytes a checked value takes in a request to Firestore.

    There each value has tags and lengths around it: a list of a million booleans is stored as
    1 MB and sent as 4.
    """
    match value:
        case str():
            return _AROUND + len(value.encode())
        case None | bool():
            return 4
        case int() | float():
            return 13
        case datetime():
            return 21
        case bytes():
            return _AROUND + len(value)
        case Mapping():
            return _AROUND + sum(8 + len(key.encode()) + sent_size(value[key]) for key in value)
    return _AROUND + sum(map(sent_size, value))


def dumps(value: Any) -> bytes:
    """A checked value as canonical JSON: sorted keys, so equal values are equal bytes.

    Beyond JSON: bytes are `{"$bytes": base64}`, times `{"$time": "2026-01-31T08:00:00.000000Z"}`,
    and a key that begins with `$` gets a second one.
    """
    return orjson.dumps(_tagged(value), option=orjson.OPT_SORT_KEYS)


def loads(text: bytes) -> Any:
    """The value `dumps` wrote. Raises ValueError for text it did not write."""
    value = orjson.loads(text)
    return _untagged(value) if b'"$' in text else value


def _in_range(time: datetime) -> bool:
    """Whether a time can be kept as UTC: its zone may take it past the first or last year."""
    try:
        time.astimezone(UTC)
    except OverflowError:
        return False
    return True


def key_size(key: object) -> int:
    """The bytes a field's name counts for. Raises ValueError for no text, none, `__reserved__`."""
    if not isinstance(key, str) or not key or (key.startswith("__") and key.endswith("__")):
        raise ValueError("a document's keys are non-empty text, not __reserved__")
    return len(key.encode()) + 1


def _tagged(value: Any) -> Any:
    match value:
        case str() | None | int() | float():
            return value
        case Mapping():
            return {f"${k}" if k.startswith("$") else k: _tagged(v) for k, v in value.items()}
        case list() | tuple():
            return [_tagged(item) for item in value]
        case bytes():
            return {"$bytes": b64encode(value).decode()}
    text = value.astimezone(UTC).isoformat(timespec="microseconds")
    return {"$time": text.removesuffix("+00:00") + "Z"}


def _untagged(value: Any) -> Any:
    if type(value) is list:
        return [_untagged(item) for item in value]
    if type(value) is not dict:
        return value
    if "$time" in value:
        return datetime.fromisoformat(value["$time"])
    if "$bytes" in value:
        return b64decode(value["$bytes"])
    return {k.removeprefix("$"): _untagged(v) for k, v in value.items()}
