"""Every collection of a process: changed, read by key, and asked.

An answer includes every commit that was acknowledged before the question, because the head is read
first and the replica catches up to it; or it says how far it is behind.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from shared import work
from shared.app import App
from shared.engine import snapshots
from shared.engine.catching_up import BUDGET, Budget, Following, Freshness, Gap
from shared.engine.commit import Writer
from shared.engine.heads import CollectionName, Head, head_of
from shared.engine.later import SNAPSHOT, work_id
from shared.engine.log import read_tail
from shared.engine.prepare import Stored
from shared.engine.records import item, read_records
from shared.engine.replica import Replica
from shared.engine.replicas import Replicas
from shared.engine.searchable import Commit, ReadTail, Sealing
from shared.engine.wanted import Committed, Wanted
from shared.indexes.folders import emptied, temporary_folder
from shared.ports.documents import Documents, Query
from shared.queries import RECORDS
from shared.query.answers import Answer, Item
from shared.query.ast import Question
from shared.records import every

LANGUAGE: Final = "en"
"""Of a collection's text, where its head names none."""
OPENING: Final = Budget(records=300_000, bytes=512 * 1024 * 1024, seconds=10.0)
"""What the first question to a collection may spend on it."""
_SCANNED: Final = 500

Open = Following[Replica]


class Asked(NamedTuple):
    """An answer, and which commits it includes."""

    answer: Answer
    freshness: Freshness


class Collections:
    """Thread-safe; one for each process: `collections(app)`.

    Args:
        app: what it stands on.
        replicas: which collections are open.
    """

    def __init__(self, app: App, replicas: Replicas[Open]) -> None:
        self._app = app
        self._documents = app.bulk_documents
        self._replicas = replicas
        self._writer = Writer(self._documents, app.clock)

    def commit(self, wanted: Wanted) -> Committed:
        """Change collections, whole or not at all; see `Writer.commit`.

        What the commit asks for is handed over before this returns.
        """
        committed = self._writer.commit(wanted)
        for name in committed.asked:
            work.hand_over(self._app, SNAPSHOT, work_id(name))
        return committed

    def head(self, name: CollectionName) -> Head:
        """What the newest commit left."""
        return head_of(self._documents.get(name.path), self._app.clock.now()).value

    def get(self, name: CollectionName, keys: Iterable[str]) -> dict[str, Stored]:
        """The records of these keys as they are now, deleted ones as well."""
        return read_records(self._documents, name, keys)

    def every(self, name: CollectionName) -> Iterator[Item]:
        """All living records in order of key, each as it is when it is read."""
        asked = Query(RECORDS, tuple(name), limit=_SCANNED)
        return (found for each in every(self._documents, asked) if (found := item(each)))

    def ask(self, name: CollectionName, question: Question, budget: Budget = BUDGET) -> Asked:
        """What matches, as of every commit that was acknowledged before.

        `budget`: what may be spent on including them. Where that is not enough, the answer says so,
        and the next question goes on from a newer snapshot if there is one.
        Raises `invalid`, `too_broad`, `cursor_expired`; `unavailable` where the log no longer goes
        back far enough, until a turn has built the replica anew.
        """
        head = self.head(name)
        try:
            with self._using(name, head, OPENING) as opened:
                freshness = opened.catch_up(head.seq, budget)
                sealing = Sealing(name.path, head.epoch, self._keys())
                asked = Asked(opened.replica.answer(question, sealing), freshness)
        except Gap:
            self._ask_for_snapshot(name)
            raise
        if freshness.behind and snapshots.newest(self._documents, name) > freshness.revision:
            self._replicas.drop(name.path)
        return asked

    @contextmanager
    def whole(self, name: CollectionName, head: Head) -> Iterator[Replica]:
        """A replica that includes everything up to `head`, however long that takes.

        Where the log does not go back far enough it is built anew from the records.
        """
        try:
            with self._using(name, head, None) as opened:
                opened.catch_up(head.seq, None)
                yield opened.replica
                return
        except Gap:
            self._replicas.drop(name.path)
        with self._replicas.using(name.path, partial(self._built_anew, name, head)) as opened:
            opened.catch_up(head.seq, None)
            yield opened.replica

    @contextmanager
    def fresh(self, name: CollectionName, head: Head) -> Iterator[Replica]:
        """A replica made of what is stored alone, for this block; nobody else uses it."""
        with temporary_folder() as folder:
            opened = self._opened(name, head, None, folder)
            opened.catch_up(head.seq, None)
            yield opened.replica

    def _using(
        self, name: CollectionName, head: Head, budget: Budget | None
    ) -> AbstractContextManager[Open]:
        return self._replicas.using(name.path, partial(self._opened, name, head, budget))

    def _opened(
        self, name: CollectionName, head: Head, budget: Budget | None, folder: Path
    ) -> Open:
        replica = snapshots.open_newest(
            self._documents, self._app.blobs, name, head.epoch, folder
        ) or Replica.create(folder, head.language or LANGUAGE)
        following = Following(replica, tail_of(self._documents, name))
        following.catch_up(head.seq, budget)
        return following

    def _built_anew(self, name: CollectionName, head: Head, folder: Path) -> Open:
        """One from the records. What changed while they were read follows from the log."""
        emptied(folder)
        language = head.language or LANGUAGE
        replica = Replica.filled(folder, language, self.every(name), head.seq)
        following = Following(replica, tail_of(self._documents, name))
        following.catch_up(self.head(name).seq, None)
        return following

    def _ask_for_snapshot(self, name: CollectionName) -> None:
        asking = work.ask(SNAPSHOT, work_id(name), self._app.clock.now())
        self._documents.commit([asking])
        work.hand_over(self._app, SNAPSHOT, work_id(name))

    def _keys(self) -> Sequence[bytes]:
        return self._app.keys.sealing().keys


def collections(app: App) -> Collections:
    """The process's own."""
    return app.once(_collections)


def _collections(app: App) -> Collections:
    folder = app.settings.cache or app.settings.data / "segments"
    return Collections(app, Replicas(folder / "collections", app.settings.cache_bytes))


def tail_of(documents: Documents, name: CollectionName) -> ReadTail:
    """Reads a collection's log as replicas take it."""

    def tail(after: int, most: int) -> Sequence[Commit]:
        return [
            Commit(logged.seq, logged.entry.at, logged.rows, len(logged.entry.rows))
            for logged in read_tail(documents, name, after, after + most)
        ]

    return tail
