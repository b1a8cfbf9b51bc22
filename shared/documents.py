"""What every Documents adapter refuses alike, and the cursor they share."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from shared.errors import Problem
from shared.ports.documents import ABSENT, ID, Add, Check, Delete, Put, Query, Snapshot, Write
from shared.queries import SHAPES
from shared.values import INT64, checked_size, dumps, key_size, loads, sent_size

MAX_WRITES: Final = 1000
MAX_AMOUNTS: Final = 500
"""Of all Adds of a commit together (Firestore's, for those of one document)."""
MAX_COMMIT: Final = 9 << 20
"""Bytes all writes of a commit may take (`write_size`). Firestore's limit is 10 MiB a request: the
rest is for what surrounds 1000 writes, such as the database's name."""
MAX_PAGE: Final = 1000
MAX_DOCUMENT: Final = 1_048_576
"""Bytes a document may count for, its path and 48 bytes of overhead included (Firestore's)."""
MAX_FIELD: Final = MAX_DOCUMENT - 89
"""Bytes one field's value may count for (Firestore's)."""

MOST_DECODED: Final = 1 << 20
"""Encoded bytes of documents that are kept decoded, which take some times as many."""
MOST_DECODED_EACH: Final = 1 << 17

_MAX_ID: Final = 1500
_MAX_CURSOR: Final = 8192
_KINDS: Final[tuple[Any, ...]] = (bool, (int, float), str, bytes, datetime)
"""What documents are compared by; a range is of one kind."""


@lru_cache(maxsize=4096)
def checked_path(path: str) -> str:
    """The path, when it names a document: pairs of `collection/id`, each segment a valid id.

    Raises ValueError otherwise.
    """
    segments = path.split("/")
    if len(segments) % 2:
        raise ValueError("a document path is pairs of collection/id")
    checked_ids(segments)
    return path


def checked_ids(segments: Iterable[Any]) -> None:
    """Raise ValueError when a segment is no id: empty, `.`, `..`, `__x__`, a slash, 1500 bytes."""
    for segment in segments:
        if not isinstance(segment, str) or segment in {"", ".", ".."} or "/" in segment:
            raise ValueError("an id is not empty, not a dot or two, and has no slash")
        if segment[:2] == "__" and segment[-2:] == "__":
            raise ValueError("ids like __this__ are reserved")
        if 4 * len(segment) > _MAX_ID and len(segment.encode()) > _MAX_ID:
            raise ValueError(f"an id has at most {_MAX_ID} bytes")


def checked_writes(writes: Sequence[Write]) -> None:
    """Raise ValueError for writes no adapter takes, `too_large` past Firestore's sizes."""
    if len(writes) > MAX_WRITES:
        raise ValueError(f"one commit takes at most {MAX_WRITES} writes")
    if len({write.path for write in writes}) < len(writes):
        raise ValueError("one commit writes each document once")
    if sum(len(write.amounts) for write in writes if isinstance(write, Add)) > MAX_AMOUNTS:
        raise ValueError(f"one commit adds at most {MAX_AMOUNTS} amounts")
    for write in writes:
        _check(write)
    size = sum(map(write_size, writes))
    if size > MAX_COMMIT:
        raise Problem(
            "too_large",
            "This would change more than 9 MiB at once. Split it into smaller changes.",
            size=size,
            limit=MAX_COMMIT,
        )


def _check(write: Write) -> None:
    checked_path(write.path)
    match write:
        case Put(data=data):
            _checked_document(write.path, data)
        case Delete(if_version=version) if version == ABSENT:
            raise ValueError("a document that must be absent cannot be deleted")
        case Check(if_version=None):
            raise ValueError("a check is of a version, or of ABSENT")
        case Add(amounts=amounts, data=data):
            _checked_document(write.path, {**amounts, **data})
            if not amounts.keys().isdisjoint(data):
                raise ValueError("a field is either added to or set")
            if not all(type(n) is int and n in INT64 for n in amounts.values()):
                raise ValueError("amounts are 64-bit integers")


def write_size(write: Write) -> int:
    """The bytes a checked write counts for in its commit: what is sent of its path and values."""
    match write:
        case Put(data=data):
            size = sent_size(data)
        case Add(amounts=amounts, data=data):  # what is set is also listed by name
            size = sent_size(amounts) + sent_size(data) + sent_size(dict.fromkeys(data))
        case _:
            size = 0
    return len(write.path.encode()) + size


def _checked_document(path: str, data: Any) -> None:
    fields = {name: checked_size(value, 1) for name, value in data.items()}
    size = sum(map(key_size, fields)) + sum(fields.values()) + _path_size(path)
    if size > MAX_DOCUMENT or any(each > MAX_FIELD for each in fields.values()):
        raise Problem(
            "too_large",
            "This record would grow past 1 MiB. Split it, or remove something from it first.",
            limit=MAX_DOCUMENT,
        )


def _path_size(path: str) -> int:
    """The bytes a document's own name counts for, and what every document has besides."""
    return sum(len(part.encode()) + 1 for part in path.split("/")) + 48


def checked_query(query: Query) -> None:
    """Raise ValueError unless the query is a well-formed question of a declared shape."""
    shape = query.shape
    if shape not in SHAPES:
        raise ValueError("this query shape is not declared in shared/queries.py")
    if not 1 <= query.limit <= MAX_PAGE:
        raise ValueError(f"limit is 1..{MAX_PAGE}")
    if len(query.parents) != shape.collection.count("*"):
        raise ValueError("parents are one id for each * of the collection")
    checked_ids(query.parents)
    if set(query.equal) != set(shape.equal):
        raise ValueError("equal takes a value for each equal field of the shape, and no other")
    bounds = [bound for bound in (query.start, query.end) if bound is not None]
    for value in (*query.equal.values(), *bounds):
        _kind(value)
        checked_size(value)
    if len({_kind(bound) for bound in bounds}) > 1:
        raise ValueError("both bounds of a range are of one type")
    if shape.order[0].removeprefix("-") == ID:
        checked_ids(bounds)


def _kind(value: Any) -> int:
    for number, kind in enumerate(_KINDS):
        if isinstance(value, kind):
            return number
    raise ValueError("documents are compared with plain values: text, numbers, times")


def collection(query: Query) -> str:
    """The collection path a query asks, its parents filled in."""
    parents = iter(query.parents)
    segments = query.shape.collection.split("/")
    return "/".join(next(parents) if part == "*" else part for part in segments)


def cursor_after(query: Query, last: Snapshot) -> str:
    """The cursor that continues after a document: its place in the order, bound to the question."""
    place = [last.data[name] for name in _fields(query)]
    return urlsafe_b64encode(dumps([_question(query), *place, last.id])).decode()


def place_of_cursor(query: Query) -> tuple[Any, ...] | None:
    """Where the query's cursor stands: the order fields' values, then the id. None without one.

    Raises `invalid` for a cursor that is not of this question: cursors come back from clients.
    """
    if query.cursor is None:
        return None
    try:
        if len(query.cursor) > _MAX_CURSOR:
            raise ValueError("longer than any cursor")  # noqa: TRY301  one way to refuse
        question, *place = loads(urlsafe_b64decode(query.cursor))
        for value in place:
            checked_size(value)
        checked_ids(place[-1:])
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        question, place = None, []
    if question != _question(query) or len(place) != len(_fields(query)) + 1:
        raise Problem("invalid", "This cursor does not belong to this question. Start again.")
    return tuple(place)


def _fields(query: Query) -> list[str]:
    names = [name.removeprefix("-") for name in query.shape.order]
    return [name for name in names if name != ID]


def _question(query: Query) -> str:
    shape = query.shape
    asked = [shape.collection, "=", *shape.equal, "/", *shape.order, "*", *query.parents]
    asked += [query.equal[name] for name in shape.equal]
    return blake2b(dumps([*asked, query.start, query.end]), digest_size=8).hexdigest()


class Decoded:
    """What an adapter read lately, decoded, so that it decodes one version of a document once.

    It saves decoding, never reading: who asks has just read which version there is. Large
    documents are not kept, nor more than `MOST_DECODED` bytes of small ones. Thread-safe.

    Args:
        decode: from the adapter's own form of a document to its data.
    """

    def __init__(self, decode: Callable[[Any], Mapping[str, Any]]) -> None:
        self._decode = decode
        self._known: dict[str, Snapshot] = {}
        self._bytes = 0

    def snapshot(self, path: str, version: str, encoded: Any, size: int) -> Snapshot:
        """The document, `size` bytes of it encoded, as it was just read."""
        known = self._known.get(path)
        if known is not None and known.version == version:
            return known
        fresh = Snapshot(path, self._decode(encoded), version)
        if size <= MOST_DECODED_EACH:
            self._bytes += size
            if self._bytes > MOST_DECODED:
                self._known.clear()
                self._bytes = size
            self._known[path] = fresh
        return fresh
