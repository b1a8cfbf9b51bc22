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
from shared.auth.keyring import CURSORS
from shared.engine import snapshots
from shared.engine.catching_up import BUDGET, Budget, Following, Freshness, Gap
from shared.engine.commit import Writer
from shared.engine.heads import CollectionName, Head, head_of
from shared.engine.later import PROJECTION, PUBLICATION, SNAPSHOT, work_id
from shared.engine.log import tail_of
from shared.engine.prepare import Stored
from shared.engine.records import every_record, living_records, read_records
from shared.engine.replica import Replica
from shared.engine.replicas import Replicas
from shared.engine.searchable import Sealing
from shared.engine.table import Held
from shared.engine.tables import Tables
from shared.engine.wanted import Committed, Wanted
from shared.indexes.folders import emptied, temporary_folder
from shared.query.answers import Answer, Group, Item, Vocabulary
from shared.query.ast import Question, Summary, Values

LANGUAGE: Final = "en"
"""Of a collection's text, where its head names none."""
OPENING: Final = Budget(records=300_000, bytes=512 * 1024 * 1024, seconds=10.0)
"""What the first question to a collection may spend on it."""

Open = Following[Replica]


class Asked(NamedTuple):
    """An answer, and which commits it includes."""

    answer: Answer
    freshness: Freshness


class AskedEach(NamedTuple):
    """Answers of one moment, and which commits they include."""

    answers: tuple[Answer, ...]
    freshness: Freshness


class Summed(NamedTuple):
    """What a summary came to, and which commits it includes."""

    groups: tuple[Group, ...]
    freshness: Freshness


class Listed(NamedTuple):
    """The values that records have, and which commits they include."""

    vocabulary: Vocabulary
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
        self._tables = Tables(self._documents, app.clock)

    def commit(self, wanted: Wanted) -> Committed:
        """Change collections, whole or not at all; see `Writer.commit`.

        What the commit asks for is handed over before this returns.
        """
        committed = self._writer.commit(wanted)
        self.hand_over(committed.asked, committed.projections)
        return committed

    def hand_over(
        self,
        snapshots_of: Iterable[CollectionName],
        projections: Iterable[CollectionName],
        publications: Iterable[CollectionName] = (),
    ) -> None:
        """Hand over what a commit asked for. Where that fails, the sweeper does."""
        work.hand_over_all(self._app, SNAPSHOT, map(work_id, snapshots_of))
        work.hand_over_all(self._app, PROJECTION, map(work_id, projections))
        work.hand_over_all(self._app, PUBLICATION, map(work_id, publications))

    def rehearse(self, wanted: Wanted) -> Committed:
        """What `commit` would come to now; nothing is written."""
        return self._writer.rehearse(wanted)

    def head(self, name: CollectionName) -> Head:
        """What the newest commit left."""
        return head_of(self._documents.get(name.path), self._app.clock.now()).value

    def get(self, name: CollectionName, keys: Iterable[str]) -> dict[str, Stored]:
        """The records of these keys as they are now, deleted ones as well."""
        return read_records(self._documents, name, keys)

    def living(self, name: CollectionName, keys: Iterable[str]) -> dict[str, Item]:
        """The records of these keys that are not deleted, as they are now."""
        return living_records(self._documents, name, keys)

    def every(self, name: CollectionName) -> Iterator[Item]:
        """All living records in order of key, each as it is when it is read."""
        return every_record(self._documents, name)

    def table(self, name: CollectionName, head: Head) -> Held:
        """A small collection whole, with every commit up to its head."""
        return self._tables.at(name, head)

    def ask(
        self,
        name: CollectionName,
        question: Question,
        head: Head | None = None,
        budget: Budget | None = BUDGET,
    ) -> Asked:
        """What matches, as of every commit that was acknowledged before.

        `head`: as it was just read, if it was; `budget`: what may be spent on including the commits
        up to it, None for whatever it takes. Where that is not enough, the answer says so,
        and the next question goes on from a newer snapshot if there is one.
        Raises `invalid`, `too_broad`, `cursor_expired`; `unavailable` where the log no longer goes
        back far enough, until a turn has built the replica anew.
        """
        (answer,), freshness = self.ask_each(name, (question,), head, budget)
        return Asked(answer, freshness)

    def ask_each(
        self,
        name: CollectionName,
        questions: Sequence[Question],
        head: Head | None = None,
        budget: Budget | None = BUDGET,
    ) -> AskedEach:
        """Several questions at once; see `ask`."""
        head = head or self.head(name)
        with self._current(name, head, budget) as (opened, freshness):
            sealing = Sealing(name.path, head.epoch, self._keys())
            asked = tuple(opened.replica.answer(each, sealing) for each in questions)
            return AskedEach(asked, freshness)

    def found(
        self,
        name: CollectionName,
        keys: Sequence[str],
        head: Head | None = None,
        budget: Budget | None = BUDGET,
    ) -> dict[str, Item]:
        """The records of these keys, as of every commit that was acknowledged before; see `ask`."""
        with self._current(name, head or self.head(name), budget) as (opened, _):
            return opened.replica.bodies(keys)

    @contextmanager
    def _current(
        self, name: CollectionName, head: Head, budget: Budget | None
    ) -> Iterator[tuple[Open, Freshness]]:
        """A replica that was caught up, as far as the budget goes."""
        try:
            with self._using(name, head, OPENING) as opened:
                freshness = opened.catch_up(head.seq, budget)
                yield opened, freshness
        except Gap:
            self._ask_for_replica(name, head)
            raise
        if freshness.behind and snapshots.newest(self._documents, name) > freshness.revision:
            self._replicas.drop(_place(name, head))

    def summarize(self, name: CollectionName, summary: Summary, head: Head | None = None) -> Summed:
        """What a summary comes to, as of every commit that was acknowledged before; see `ask`."""
        with self._current(name, head or self.head(name), BUDGET) as (opened, freshness):
            return Summed(opened.replica.summarize(summary), freshness)

    def vocabulary(self, name: CollectionName, asked: Values, head: Head | None = None) -> Listed:
        """All different values of a property, as of every commit acknowledged before; see `ask`."""
        with self._current(name, head or self.head(name), BUDGET) as (opened, freshness):
            return Listed(opened.replica.vocabulary(asked), freshness)

    @contextmanager
    def whole(self, name: CollectionName, head: Head) -> Iterator[Replica]:
        """A replica that includes everything up to `head`, however long that takes.

        Where the log does not go back far enough it is built anew from the records. A derived
        collection has none: it raises `Gap`, and has to be computed anew.
        """
        try:
            with self._using(name, head, None) as opened:
                opened.catch_up(head.seq, None)
                yield opened.replica
                return
        except Gap:
            self._replicas.drop(_place(name, head))
            if head.inputs is not None:
                raise
        anew = partial(self._built_anew, name, head)
        with self._replicas.using(_place(name, head), anew) as opened:
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
        return self._replicas.using(_place(name, head), partial(self._opened, name, head, budget))

    def _opened(
        self, name: CollectionName, head: Head, budget: Budget | None, folder: Path
    ) -> Open:
        replica = snapshots.open_newest(
            self._documents, self._app.blobs, name, head.epoch, folder
        ) or Replica.create(folder, head.language or LANGUAGE, head.emptied)
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

    def _ask_for_replica(self, name: CollectionName, head: Head) -> None:
        """Have a replica built anew: from the records by a snapshot's turn, or from the inputs."""
        kind = SNAPSHOT if head.inputs is None else PROJECTION
        self._documents.commit([work.ask(kind, work_id(name), self._app.clock.now())])
        work.hand_over(self._app, kind, work_id(name))

    def _keys(self) -> Sequence[bytes]:
        return self._app.keys.sealing(CURSORS).keys


def _place(name: CollectionName, head: Head) -> str:
    """What a replica is known by on this instance: those of an earlier epoch follow no longer."""
    return f"{name.path}#{head.epoch}"


def collections(app: App) -> Collections:
    """The process's own."""
    return app.once(_collections)


def _collections(app: App) -> Collections:
    folder = app.settings.cache or app.settings.data / "segments"
    return Collections(app, Replicas(folder / "collections", app.settings.cache_bytes))
