"""A derived collection's own records, and the commit that changes them."""

import secrets
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from shared import work
from shared.engine.collections import Collections
from shared.engine.deriving import Derived
from shared.engine.heads import CollectionName, FoundHead, Head, put_head
from shared.engine.later import PROJECTION, PUBLICATION, SNAPSHOT, needed_snapshot, work_id
from shared.engine.log import Entry, pack_rows, put_entry
from shared.engine.rows import Row
from shared.ports.documents import Delete, Documents, Query, Snapshot, Write
from shared.queries import FAILURES
from shared.query.answers import Item
from shared.records import Found, Record, Records

KEPT: Final = timedelta(days=30)
"""Commits of derived collections: they can be computed anew."""
_MOST_HELD: Final = 20_000
"""Records that a turn remembers having written, before its replica includes them."""
_TICK: Final = timedelta(microseconds=1)


class Failure(Record):
    """A record that could not be computed: `…/failures/={key}`.

    Attributes:
        error: why, in our words.
        attempts: how often in a row.
        cause: the change that made it necessary, as `input:seq`; or the definition's.
    """

    error: str
    attempts: int
    at: datetime
    cause: str


class Failures:
    """What could not be computed of one derived collection."""

    def __init__(self, documents: Documents, name: CollectionName) -> None:
        self._documents = documents
        self._name = name
        self.records: Records[Failure] = Records(f"{name.path}/failures", Failure, "failure")

    def of(self, keys: Sequence[str]) -> dict[str, Failure]:
        """Those of these keys that could not be computed."""
        paths = {self.records.path(f"={key}"): key for key in keys}
        found = self._documents.get_many(list(paths))
        return {paths[path]: self.records.read(each).value for path, each in found.items()}

    def after(self, key: str, most: int) -> list[Found[Failure]]:
        """The next ones in order of key."""
        start = f"={key}" if key else None
        query = Query(FAILURES, tuple(self._name), start=start, limit=most + 1)
        found = self.records.page(self._documents, query)[0]
        return [each for each in found if each.id[1:] > key][:most]

    def keys_after(self, key: str, most: int) -> Iterator[str]:
        """Their keys."""
        return (found.id[1:] for found in self.after(key, most))


class OwnRecords:
    """The records as of the head: a replica, and over it what this turn wrote.

    So a long walk does not wait for what it wrote to be indexed.
    """

    def __init__(self, of: Collections, name: CollectionName) -> None:
        self._of = of
        self._name = name
        self._base: Head | None = None
        self._seq = 0
        self._written: dict[str, Item | None] = {}
        self._keys: list[str] | None = None

    def at(self, head: Head) -> None:
        """Be at this head. Raises `Gap` where there is neither a snapshot nor the whole log."""
        base = self._base
        stale = base is None or head.seq != self._seq or head.epoch != base.epoch
        if stale or len(self._written) > _MOST_HELD:
            self.forget()
            with self._of.whole(self._name, head):
                self._base, self._seq = head, head.seq

    def items(self, keys: Sequence[str]) -> dict[str, Item]:
        """The records of these keys."""
        asked = [key for key in keys if key not in self._written]
        with self._of.whole(self._name, self._held) as replica:
            found = replica.bodies(asked)
        mine = {key: self._written[key] for key in keys if key in self._written}
        return found | {key: item for key, item in mine.items() if item is not None}

    def keys_after(self, key: str) -> list[str]:
        """The keys behind one, in order, of all that were there when a walk came to them."""
        if self._keys is None:
            with self._of.whole(self._name, self._held) as replica:
                self._keys = replica.keys()
        return self._keys[bisect_right(self._keys, key) :]

    def wrote(self, head: Head, rows: Iterable[Row]) -> None:
        """Include a commit of this turn, after which the head is this."""
        self._seq = head.seq
        for row in rows:
            gone = row.deletes
            item = None if gone else Item(row.key, row.body, head.at, head.seq, row.version)
            self._written[row.key] = item

    def forget(self) -> None:
        """Read everything anew."""
        self._base, self._written, self._keys = None, {}, None

    @property
    def _held(self) -> Head:
        if self._base is None:
            raise LookupError("not at a head")
        return self._base


@dataclass(frozen=True)
class Derivation:
    """What a step came to.

    Attributes:
        causes: what made each key necessary.
        failed: those that could not be computed before.
        whole: nothing of it is left for another commit.
    """

    derived: Derived = field(default_factory=Derived)
    causes: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, Failure] = field(default_factory=dict)
    whole: bool = True

    @property
    def mended(self) -> list[str]:
        """Keys that could be computed after all."""
        done = self.derived.done
        return [key for key in done if key in self.failed and key not in self.derived.failures]

    @property
    def changes(self) -> bool:
        """Whether there is more to write than the checkpoint."""
        return bool(self.derived.rows or self.derived.failures or self.mended)


class Written(NamedTuple):
    """A commit of a derived collection: its writes, and what it asks for.

    `asks`: for a snapshot; `feeds`: for a publication.
    """

    writes: list[Write]
    consumers: tuple[str, ...]
    asks: bool
    feeds: bool


def writes(
    name: CollectionName,
    found: FoundHead,
    head: Head,
    made: Derivation,
    snapshot: Snapshot | None,
    now: datetime,
) -> tuple[Head, Written]:
    """The head afterwards, and the writes. `head`: what the step makes of the checkpoint."""
    rows, derived = made.derived.rows, made.derived
    packed = pack_rows(rows) if rows else b""
    after = head.model_copy(
        update={
            "seq": head.seq + bool(rows),
            "count": head.count + derived.added,
            "at": max(now, found.value.at + _TICK) if rows else head.at,
            "changes": head.changes + len(rows),
            "bytes": head.bytes + len(packed),
            "nonce": secrets.token_hex(8),
            "failed": head.failed
            + sum(key not in made.failed for key in derived.failures)
            - len(made.mended),
        }
    )
    asked = [] if not rows else [(PROJECTION, each, now) for each in _consumers(name, after)]
    due = needed_snapshot(after.changes, snapshot, now) if rows else None
    if due is not None:
        asked.append((SNAPSHOT, name, due))
    feeds = bool(rows and after.feeds)
    if feeds:
        asked.append((PUBLICATION, name, now))
    writes_ = [
        put_head(name, after, found),
        *(put_entry(name, after.seq, _entry(after, packed, rows, made.causes)) if rows else ()),
        *_failures(name, made, now),
        *(work.ask(kind, work_id(of), at) for kind, of, at in asked),
    ]
    return after, Written(writes_, after.consumers if rows else (), due is not None, feeds)


def _consumers(name: CollectionName, head: Head) -> Iterator[CollectionName]:
    return (CollectionName(name.tenant, each) for each in head.consumers)


def _entry(head: Head, packed: bytes, rows: Sequence[Row], causes: Mapping[str, str]) -> Entry:
    runs = groupby(causes.get(row.key, "") for row in rows)
    return Entry(
        rows=packed,
        parts=1,
        causes=tuple(f"{len(list(of))} {cause}" for cause, of in runs),
        at=head.at,
        by="projection",
        surface="engine",
        request_id="",
        import_id=head.nonce,
        n=len(rows),
        changes=head.changes,
        bytes=head.bytes,
        nonce=head.nonce,
        expires_at=head.at + KEPT,
    )


def _failures(name: CollectionName, made: Derivation, now: datetime) -> Iterator[Write]:
    """What is kept of records that could not be computed; nothing of those that could."""
    of: Records[Failure] = Records(f"{name.path}/failures", Failure, "failure")
    for key, error in made.derived.failures.items():
        before = made.failed.get(key)
        attempts = (before.attempts if before else 0) + 1
        failure = Failure(error=error, attempts=attempts, at=now, cause=made.causes[key])
        yield of.put(f"={key}", failure)
    yield from (Delete(of.path(f"={key}")) for key in made.mended)
