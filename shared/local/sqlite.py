"""SQLite files that threads and processes of one machine share."""

import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.errors import Problem
from shared.per_process import PerProcess

WAIT: Final = 10.0
"""Seconds that a writer waits for others."""
_PRIMARY: Final = 0xFF
"""The bits of an extended error code that say what kind of error it is."""
_CACHE_KIB: Final = 256
"""Of pages a connection keeps. There is one for each call at once, and the system keeps them."""


def create(path: Path, schema: str) -> None:
    """Make the file whole before it has its name, so that processes never race over its schema."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder, "draft")
        with closing(sqlite3.connect(draft)) as database:
            database.executescript(f"PRAGMA journal_mode = WAL;\n{schema}")
        with suppress(FileExistsError):
            path.hardlink_to(draft)


def connect(path: Path, wait: float = WAIT) -> sqlite3.Connection:
    """A connection without implicit transactions, which any one thread at a time may use."""
    database = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    except sqlite3.Error:
        database.close()
        raise
    return database


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing. Raises `unavailable` when others keep the file too long."""
    try:
        database.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise Problem("unavailable", "The database is busy. Try again in a moment.") from error
    with database:
        yield


def refused(path: Path, error: BaseException | None) -> None:
    """Raise `unavailable` where an error says that the file or its disk is at fault."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        message = f"{path.name} is not a database, or is damaged. Put it back from a copy."
        raise Problem("unavailable", message) from error
    if code == sqlite3.SQLITE_FULL:
        message = f"There is no room left on the disk for {path.name}. Make room and try again."
        raise Problem("unavailable", message) from error


@dataclass(frozen=True, slots=True)
class _Open:
    database: sqlite3.Connection
    lock: threading.Lock = field(default_factory=threading.Lock)


class Database:
    """The file at `path`, made with `schema` when missing; one connection for each process."""

    def __init__(self, path: Path, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._opened = PerProcess(self._open)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection, for all of the block or nothing. Raises `unavailable`."""
        try:
            opened = self._opened.get()
            with opened.lock, transaction(opened.database):
                yield opened.database
        except sqlite3.DatabaseError as error:
            refused(self._path, error)
            raise

    def close(self) -> None:
        """Close this process's connection. The next transaction opens a new one."""
        opened = self._opened.take()
        if opened is not None:
            opened.database.close()

    def _open(self) -> _Open:
        create(self._path, self._schema)
        return _Open(connect(self._path))
