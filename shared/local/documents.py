"""Documents in one SQLite file, for a laptop and for tests: the same promises as Firestore."""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from shared.documents import (
    Decoded,
    checked_path,
    checked_query,
    checked_writes,
    cursor_after,
    place_of_cursor,
)
from shared.errors import Conflict
from shared.local.ordering import LAST, descending, key, types_end
from shared.local.sqlite import WAIT, connect, create, refused, transaction
from shared.per_process import PerProcess
from shared.ports.documents import (
    ABSENT,
    ID,
    Add,
    Check,
    Delete,
    Page,
    Put,
    Query,
    Shape,
    Snapshot,
    Write,
)
from shared.queries import SHAPES
from shared.values import INT64, dumps, loads

_SCHEMA: Final = """
CREATE TABLE documents (path TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE entries (key BLOB PRIMARY KEY, path TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX entries_of_document ON entries (path);
CREATE TABLE last_version (version INTEGER NOT NULL);
INSERT INTO last_version VALUES (0);
CREATE TABLE shapes (name TEXT PRIMARY KEY);
"""
_GET: Final = "SELECT path, body, version FROM documents WHERE path = ?"
MOST_IN_A_ROW: Final = 32
"""Documents that one row holds; SQLite joins at most 64 tables."""
_QUERY: Final = (
    "SELECT path, body, version FROM entries JOIN documents USING (path)"
    " WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
)


@dataclass(slots=True)
class _Open:
    """What one process holds open: connections nobody uses now, and the turn to write."""

    idle: list[sqlite3.Connection] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)


class _Connection:
    """A connection that nobody else uses meanwhile."""

    def __init__(self, path: Path, wait: float, idle: list[sqlite3.Connection]) -> None:
        self._path = path
        self._wait = wait
        self._idle = idle

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._database = self._idle.pop()
        except IndexError:
            self._database = connect(self._path, self._wait)
        return self._database

    def __exit__(self, kind: object, error: BaseException | None, where: object) -> None:
        self._idle.append(self._database)
        if error is not None:
            refused(self._path, error)


class SqliteDocuments:
    """`Documents` in the SQLite file at `path`, made when missing.

    Threads and processes may share the file. A commit that returned survives `kill -9`: the pages
    are then in the kernel's hands, which is why `synchronous=NORMAL` is enough. A power cut may
    take the last commits back (whole, in order); it never leaves half of one.

    Every write of one commit gets the same new number as its version, from one counter for the
    whole file. A Put or Add that changes nothing keeps the version, as on Firestore.

    Args:
        path: the file.
        wait: seconds that a commit waits for others before it is `unavailable`.
    """

    def __init__(self, path: Path, wait: float = WAIT) -> None:
        self._path = path
        self._wait = wait
        self._open = PerProcess(self._prepare)
        self._decoded = Decoded(loads)

    def get(self, path: str) -> Snapshot | None:
        """The document, or None."""
        return self.get_many([path]).get(path)

    def get_many(self, paths: Sequence[str]) -> dict[str, Snapshot]:
        """The documents that exist, by path, all as of one moment."""
        wanted = tuple({checked_path(path) for path in paths})
        known = self._decoded.snapshot
        return {
            path: known(path, str(version), body, len(body))
            for path, body, version in self._rows(wanted)
            if version is not None
        }

    def _rows(self, paths: tuple[str, ...]) -> Iterable[tuple[str, bytes, int]]:
        """Path, body and version of each document; of one that is not there no row, or a None."""
        with self._connection() as database:
            if 0 < len(paths) <= MOST_IN_A_ROW:
                row = database.execute(_in_a_row(len(paths)), paths).fetchone()
                return zip(paths, row[::2], row[1::2], strict=True)
            return database.execute(_row_by_row(len(paths)), paths).fetchall()

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none. Raises Conflict, or `unavailable` when the file stays busy."""
        checked_writes(writes)
        with self._connection() as database, self._open.get().writing, transaction(database):
            database.execute("UPDATE last_version SET version = version + 1")
            (version,) = database.execute("SELECT version FROM last_version").fetchone()
            for write in writes:
                _apply(database, write, version)

    def query(self, query: Query) -> Page:
        """One page of a declared shape. Raises ValueError for any other question."""
        checked_query(query)
        low, high = _bounds(query)
        with self._connection() as database:
            rows = database.execute(_QUERY, (low, high, query.limit + 1)).fetchall()
        found = tuple(_snapshot(*row) for row in rows[: query.limit])
        more = len(rows) > query.limit
        return Page(found, cursor_after(query, found[-1]) if more else None)

    def close(self) -> None:
        """Close this process's connections. The object opens new ones when it is used again."""
        opened = self._open.take()
        while opened and opened.idle:
            opened.idle.pop().close()

    def _connection(self) -> "_Connection":
        return _Connection(self._path, self._wait, self._open.get().idle)

    def _prepare(self) -> _Open:
        create(self._path, _SCHEMA)
        try:
            with closing(connect(self._path)) as database:
                _index(database)
        except sqlite3.DatabaseError as error:
            refused(self._path, error)
            raise
        return _Open()


@cache
def _in_a_row(number: int) -> str:
    """Documents side by side: half the work of SQLite's IN, which first sorts a table of paths.

    The interpreter's lock is given up for every row and column, so fewer are better.
    """
    columns = ",".join(f"d{at}.body, d{at}.version" for at in range(number))
    joins = " ".join(f"LEFT JOIN documents d{at} ON d{at}.path = ?" for at in range(number))
    return f"SELECT {columns} FROM (SELECT 1) {joins}"  # noqa: S608  only numbers


@cache
def _row_by_row(number: int) -> str:
    marks = ",".join("?" * number)
    return f"SELECT path, body, version FROM documents WHERE path IN ({marks})"  # noqa: S608  only question marks


def _index(database: sqlite3.Connection) -> None:
    """Rebuild the index when the declared shapes are not those the file was written with."""
    declared = {_name(shape) for shape in SHAPES}
    if {name for (name,) in database.execute("SELECT name FROM shapes")} == declared:
        return
    with transaction(database):
        database.execute("DELETE FROM shapes")
        database.execute("DELETE FROM entries")
        database.executemany("INSERT INTO shapes VALUES (?)", [(name,) for name in declared])
        for path, body in database.execute("SELECT path, body FROM documents"):
            _add_entries(database, path, loads(body))


def _apply(database: sqlite3.Connection, write: Write, version: int) -> None:
    row = database.execute(_GET, (write.path,)).fetchone()
    before = row and _snapshot(*row)
    if not _holds(write, before):
        raise Conflict(write.path)
    match write:
        case Put(data=data):
            after = dict(data)
        case Add():
            after = _added(write, before.data if before else {})
        case Check():
            return
        case Delete():
            database.execute("DELETE FROM entries WHERE path = ?", (write.path,))
            database.execute("DELETE FROM documents WHERE path = ?", (write.path,))
            return
    body = dumps(after)
    if row and row[1] == body:
        return
    database.execute(
        "INSERT INTO documents (path, version, body) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body",
        (write.path, version, body),
    )
    database.execute("DELETE FROM entries WHERE path = ?", (write.path,))
    _add_entries(database, write.path, after)


def _holds(write: Write, before: Snapshot | None) -> bool:
    if isinstance(write, Add) or write.if_version is None:
        return True
    if write.if_version == ABSENT:
        return before is None
    return before is not None and before.version == write.if_version


def _added(write: Add, before: Mapping[str, Any]) -> dict[str, Any]:
    """The document after an Add. As Firestore's increment: it saturates, and replaces no number."""
    after = {**before, **write.data}
    for name, amount in write.amounts.items():
        old = before.get(name)
        total: float = amount
        if isinstance(old, (int, float)) and not isinstance(old, bool):
            total = old + amount
        if isinstance(total, int):
            total = max(INT64[0], min(INT64[-1], total))
        after[name] = total
    return after


def _snapshot(path: str, body: bytes, version: int) -> Snapshot:
    return Snapshot(path, loads(body), str(version))


def _name(shape: Shape) -> str:
    return f"{shape.collection} {shape.equal} {shape.order}"


def _add_entries(database: sqlite3.Connection, path: str, data: dict[str, Any]) -> None:
    collection, _, document_id = path.rpartition("/")
    for shape, stars in _shapes_of(collection):
        values = {**data, ID: document_id}
        names = [name.removeprefix("-") for name in shape.order]
        if all(name in values for name in (*shape.equal, *names)):
            entry = _prefix(shape, [*stars, *(data[name] for name in shape.equal)])
            entry += _place(shape, [*(data[n] for n in names if n != ID), document_id])
            database.execute("INSERT INTO entries VALUES (?, ?)", (entry, path))


@lru_cache(maxsize=1_024)  # a commit writes hundreds of documents into one collection
def _shapes_of(collection: str) -> tuple[tuple[Shape, tuple[str, ...]], ...]:
    """The shapes of this collection's documents, each with what stands for its stars."""
    parents = collection.split("/")
    found = []
    for shape in SHAPES:
        pattern = shape.collection.split("/")
        if len(pattern) == len(parents) and all(
            want in ("*", have) for want, have in zip(pattern, parents, strict=True)
        ):
            pairs = zip(pattern, parents, strict=True)
            found.append((shape, tuple(have for want, have in pairs if want == "*")))
    return tuple(found)


def _prefix(shape: Shape, values: Sequence[Any]) -> bytes:
    return key(_name(shape)) + b"".join(key(value) for value in values)


def _place(shape: Shape, values: Sequence[Any]) -> bytes:
    """Where a document stands in the order: its order fields' values, then its id."""
    order = [name for name in shape.order if name.removeprefix("-") != ID]
    signs = [*order, shape.order[-1]]
    return b"".join(
        descending(key(value)) if sign.startswith("-") else key(value)
        for sign, value in zip(signs, values, strict=True)
    )


def _bounds(query: Query) -> tuple[bytes, bytes]:
    """The range of index keys that answers the query: low inclusive, high exclusive."""
    shape = query.shape
    prefix = _prefix(shape, [*query.parents, *(query.equal[name] for name in shape.equal)])
    start = key(query.start) if query.start is not None else b""
    end = key(query.end) if query.end is not None else b""
    if shape.order[0].startswith("-"):
        low = descending(end) + LAST if end else descending(start[:1])
        high = descending(start) + LAST if start else types_end(descending(end))
    else:
        low = start or end[:1]
        high = end or types_end(start)
    place = place_of_cursor(query)
    if place is not None:
        low = max(low, _place(shape, place) + b"\x00")
    return prefix + low, prefix + high
