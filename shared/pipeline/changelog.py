"""What changed in a source: pages of its log, by what is asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shared.engine.history import Event, commits_of_import, first_at, of_range
from shared.pipeline.sources import Source, invalid
from shared.pipeline.workspace import Workspace
from shared.query.kinds import parsed_key

MOST_SCANNED: Final = 50
"""Commits that one page looks at."""
LARGE: Final = 50_000
"""Entries from which on a question has to name a time, an entry or an import."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What changes are asked for; what is empty does not count."""

    entry: str
    property: str
    kinds: frozenset[str]
    author: str
    client: str
    import_id: str
    start: datetime | None
    end: datetime | None
    newest_first: bool

    def matches(self, event: Event) -> bool:
        """Whether a change is one of them."""
        return (
            self.entry in ("", event.row.key)
            and (not self.kinds or event.row.kind in self.kinds)
            and self.author in ("", event.entry.by)
            and self.client in ("", event.entry.client)
            and (not self.property or is_about(event, self.property))
        )


class Page(NamedTuple):
    """Some changes, and where to go on."""

    events: list[Event]
    cursor: str | None


def is_about(event: Event, property_: str) -> bool:
    """Whether a change is one of this property."""
    return any(parsed_key(key)[1] == property_ for key, _, _ in event.row.changes)


def page(events: Iterable[Event], property_: str, limit: int, cursor: str) -> Page:
    """A page of one entry's changes, newest first; the cursor is the last version shown."""
    before = _number(cursor)
    found: list[Event] = []
    for event in events:
        if before is not None and event.row.version >= before:
            continue
        if property_ and not is_about(event, property_):
            continue
        if len(found) == limit:
            return Page(found, str(found[-1].row.version))
        found.append(event)
    return Page(found, None)


def query(space: Workspace, source: Source, asked: Asked, limit: int, cursor: str) -> Page:
    """A page of a source's changes."""
    narrow = asked.entry or asked.import_id or asked.start or asked.end
    if not narrow and space.head(source.entries).count > LARGE:
        raise invalid("from", "This source is large: name an entry, an import or a time.")
    seqs = list(_seqs(space, source, asked))
    if not asked.newest_first:
        seqs.reverse()
    at, skip = _place(cursor)
    if cursor:
        left = [seq for seq in seqs if (seq <= at if asked.newest_first else seq >= at)]
    else:
        left = seqs
    return _scanned(space, source, asked, left, skip, limit)


def _scanned(
    space: Workspace, source: Source, asked: Asked, left: Sequence[int], skip: int, limit: int
) -> Page:
    found: list[Event] = []
    name, documents = space.name(source.entries), space.call.app.bulk_documents
    for seq in left[:MOST_SCANNED]:
        for number, event in enumerate(of_range(documents, name, (seq,))):
            if number < skip or not asked.matches(event):
                continue
            if len(found) == limit:
                return Page(found, f"{seq}.{number}")
            found.append(event)
        skip = 0
    return Page(found, f"{left[MOST_SCANNED]}.0" if len(left) > MOST_SCANNED else None)


def _seqs(space: Workspace, source: Source, asked: Asked) -> Iterator[int]:
    """The commits that may have what is asked for, newest first."""
    name, documents = space.name(source.entries), space.call.app.bulk_documents
    head = space.head(source.entries)
    if asked.import_id:
        yield from reversed(commits_of_import(documents, name, asked.import_id))
        return
    first = first_at(documents, name, head, asked.start) if asked.start else 1
    last = first_at(documents, name, head, asked.end) - 1 if asked.end else head.seq
    if asked.entry:
        record = space.collections.get(name, [asked.entry]).get(asked.entry)
        own = record.seqs if record else ()
        yield from (seq for seq in own if first <= seq <= last)
        return
    yield from range(last, first - 1, -1)


def _place(cursor: str) -> tuple[int, int]:
    if not cursor:
        return 0, 0
    seq, dot, number = cursor.partition(".")
    if not (dot and seq.isdecimal() and number.isdecimal()):
        raise invalid("cursor", "This is not a cursor of this list.")
    return int(seq), int(number)


def _number(cursor: str) -> int | None:
    if not cursor:
        return None
    if not cursor.isdecimal():
        raise invalid("cursor", "This is not a cursor of this list.")
    return int(cursor)
