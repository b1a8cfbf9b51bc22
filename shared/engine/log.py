"""A collection's log: every commit, in order, as one packed document or several parts.

A commit's document is `…/log/{seq}`, twelve digits; what does not fit into it follows as
`{seq}.{part}`. Rows hold records after the change and the values before it, so that replicas,
history and undo need nothing else.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from shared.engine.heads import CollectionName
from shared.engine.rows import Row
from shared.engine.searchable import Commit, ReadTail
from shared.engine.values import packed, unpacked
from shared.ports.documents import ABSENT, Documents, Put, Snapshot
from shared.records import Record, stored

PART: Final = 900_000
"""Bytes of rows in one document, which may hold 1 MiB."""
AT_ONCE: Final = 20
"""Commits that are read in one round trip."""
KEPT: Final = timedelta(days=90)


class Entry(Record):
    """One commit, but for its rows' further parts.

    Attributes:
        n: how many records it changed.
        changes, bytes: the head's, after it.
        client: what the client that acted for `by` calls itself; None where none is known.
        import_id: all that one call or job wrote; `correlation_id` the caller's own name of it.
        causes: of a derived collection: of how many rows in a row which change is the cause, as
            `12 input:seq` or `12 definition:seq`.
    """

    rows: bytes
    parts: int
    causes: tuple[str, ...] | None = None
    at: datetime
    by: str
    surface: str
    request_id: str
    client: str | None = None
    import_id: str
    correlation_id: str | None = None
    n: int
    changes: int
    bytes: int
    nonce: str
    expires_at: datetime


class Part(Record):
    """A further piece of a commit's rows."""

    rows: bytes
    expires_at: datetime


class Logged(NamedTuple):
    """A commit as it was read: its sequence number, what is said of it, its rows."""

    seq: int
    entry: Entry
    rows: tuple[Row, ...]

    @property
    def caused(self) -> list[tuple[Row, str]]:
        """The rows of a derived collection, each with its cause; empty where nobody noted it."""
        runs = (each.split(" ", 1) for each in self.entry.causes or ())
        causes = [cause for count, cause in runs for _ in range(int(count))]
        causes += [""] * (len(self.rows) - len(causes))
        return list(zip(self.rows, causes, strict=False))


def entry_path(name: CollectionName, seq: int, part: int = 0) -> str:
    """Where a commit, or a further part of its rows, is kept."""
    return f"{name.path}/log/{seq:012d}" + (f".{part}" if part else "")


def entry_seq(snapshot: Snapshot) -> int:
    """Which commit a document of the log is, or belongs to."""
    return int(snapshot.id.partition(".")[0])


def pack_rows(rows: Iterable[Row]) -> bytes:
    """A commit's rows as bytes."""
    return packed(
        [[row.key, row.version, row.kind, row.previous, row.changes, row.body] for row in rows]
    )


def unpack_rows(data: bytes) -> tuple[Row, ...]:
    """A commit's rows."""
    return tuple(
        Row(
            key=key,
            version=version,
            kind=kind,
            previous=previous,
            changes=tuple((at, language, tuple(was)) for at, language, was in changes),
            body=body,
        )
        for key, version, kind, previous, changes, body in unpacked(data)
    )


def put_entry(name: CollectionName, seq: int, entry: Entry) -> list[Put]:
    """The writes that store a commit, its rows cut into parts. They only create."""
    pieces = [entry.rows[at : at + PART] for at in range(0, len(entry.rows), PART)]
    first = entry.model_copy(update={"rows": pieces[0], "parts": len(pieces)})
    return [
        Put(entry_path(name, seq), stored(first), if_version=ABSENT),
        *(
            Put(
                entry_path(name, seq, number),
                stored(Part(rows=piece, expires_at=entry.expires_at)),
                if_version=ABSENT,
            )
            for number, piece in enumerate(pieces[1:], 1)
        ),
    ]


def read_entries(
    documents: Documents, name: CollectionName, seqs: Sequence[int], most: int | None = None
) -> dict[int, Logged]:
    """These commits by their sequence numbers, as far as they are kept; of at most so many rows.

    One round trip for each AT_ONCE, and one more where a commit has further parts.
    """
    found: dict[int, Logged] = {}
    for begin in range(0, len(seqs), AT_ONCE):
        stored_ = _stored(documents, name, seqs[begin : begin + AT_ONCE], most)
        found |= {seq: each.unpacked() for seq, each in stored_.items()}
    return found


def read_tail(
    documents: Documents, name: CollectionName, after: int, until: int
) -> Iterator[Logged]:
    """The commits after one and up to another, in order, read and unpacked as they are taken.

    Ends early at a gap: what came then was cut off by time.
    """
    for begin in range(after + 1, until + 1, AT_ONCE):
        seqs = range(begin, min(begin + AT_ONCE, until + 1))
        found = _stored(documents, name, seqs)
        for seq in seqs:
            if seq not in found:
                return
            yield found[seq].unpacked()


class _Stored(NamedTuple):
    """A commit as it is kept: its rows as bytes."""

    seq: int
    entry: Entry
    rows: bytes

    def unpacked(self) -> Logged:
        return Logged(self.seq, self.entry, unpack_rows(self.rows))


def _stored(
    documents: Documents, name: CollectionName, seqs: Sequence[int], most: int | None = None
) -> dict[int, _Stored]:
    """These commits, but for those with a part that is gone, and with more than so many rows."""
    read = documents.get_many([entry_path(name, seq) for seq in seqs])
    entries = {entry_seq(each): Entry.model_validate(each.data) for each in read.values()}
    entries = {seq: each for seq, each in entries.items() if most is None or each.n <= most}
    more = {
        (seq, part): entry_path(name, seq, part)
        for seq, entry in entries.items()
        for part in range(1, entry.parts)
    }
    read = documents.get_many(list(more.values())) if more else {}
    found = {}
    for seq, entry in entries.items():
        pieces = [read.get(more[seq, part]) for part in range(1, entry.parts)]
        if None not in pieces:
            rest: list[Any] = [piece.data["rows"] for piece in pieces if piece is not None]
            found[seq] = _Stored(seq, entry, b"".join([entry.rows, *rest]))
    return found


def tail_of(documents: Documents, name: CollectionName) -> ReadTail:
    """Reads a collection's log as replicas take it."""

    def tail(after: int, most: int) -> Sequence[Commit]:
        return [
            Commit(logged.seq, logged.entry.at, logged.rows, len(logged.entry.rows))
            for logged in read_tail(documents, name, after, after + most)
        ]

    return tail
