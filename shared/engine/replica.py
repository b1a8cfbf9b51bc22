"""A replica: a collection's records on this instance, in one index in a folder of its own."""

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from shared.engine import index, page, summaries, vocabulary, walk
from shared.engine.catching_up import Gap
from shared.engine.index import View
from shared.engine.manifest import Manifest
from shared.engine.rows import Row
from shared.engine.searchable import Commit, Sealing
from shared.indexes.files import describe, place, require
from shared.indexes.guard import guarded
from shared.indexes.meta import META, living_files
from shared.query.answers import Answer, Group, Item, Vocabulary
from shared.query.ast import Question, Summary, Values

_FEW: Final = 200
"""Records up to which the small heap is enough."""
_AT_ONCE: Final = 10_000
"""Records written at once when it is filled."""


class _State(NamedTuple):
    seq: int
    view: View
    size: int


def _size(directory: Path) -> int:
    with os.scandir(directory) as files:
        return sum(file.stat().st_size for file in files)


class Replica:
    """A `Searchable` in a folder. Answers see one moment; one caller writes at a time.

    `Replica.create` and `Replica.open` make one; the folder is its own from then on.
    """

    def __init__(self, directory: Path, view: View, seq: int) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._state = _State(seq, view, _size(directory))
        self.replayed = 0
        """Records applied since it was opened."""

    @classmethod
    @guarded
    def create(cls, directory: Path, language: str, seq: int = 0) -> "Replica":
        """An empty one, as of a commit. `language`: of its text, two letters."""
        return cls(directory, index.view(index.create(directory, language), language), seq)

    @classmethod
    @guarded
    def open(cls, directory: Path, manifest: Manifest) -> "Replica":
        """The one that was described. Its files are in the folder: see `manifest.fetch`.

        Raises `unavailable` where one is missing or cut short.
        """
        require(directory, manifest.files)
        names = [file.name for file in manifest.files]
        opened = index.open_index(directory, manifest.meta, names, manifest.language)
        return cls(directory, index.view(opened, manifest.language), manifest.seq)

    @classmethod
    @guarded
    def filled(cls, directory: Path, language: str, items: Iterable[Item], seq: int) -> "Replica":
        """One of these records, which are at least as new as commit `seq`.

        Newer ones are right once the commits that follow are applied.
        """
        made = index.create(directory, language)
        left = iter(items)
        while chunk := list(islice(left, _AT_ONCE)):
            index.write(made, ((item.key, item) for item in chunk), small=False)
        return cls(directory, index.view(made, language), seq)

    @property
    def seq(self) -> int:
        """See `Searchable`."""
        return self._state.seq

    @property
    def language(self) -> str:
        """Of its text."""
        return self._state.view.language

    def terms(self, text: str) -> list[str]:
        """The words that a text is searched by, for the predicate."""
        return self._state.view.terms(text)

    @property
    def size(self) -> int:
        """Bytes of its files, as they were after the last change."""
        return self._state.size

    @property
    def segments(self) -> int:
        """Parts of the index that a question looks through."""
        return self._state.view.searcher.num_segments

    @guarded
    def apply(self, commits: Sequence[Commit]) -> int:
        """See `Searchable`. Merges are over when it returns: nothing runs on between requests."""
        with self._lock:
            state = self._state
            new = [commit for commit in commits if commit.seq > state.seq]
            for before, commit in enumerate(new, state.seq):
                if commit.seq != before + 1:
                    raise Gap(before)
            if not new:
                return state.seq
            newest = {row.key: (row, commit) for commit in new for row in commit.rows}
            if newest:
                self._write(newest)
            view = index.view(state.view.index, state.view.language)
            self._state = _State(new[-1].seq, view, _size(self._directory))
            self.replayed += len(newest)
            return new[-1].seq

    def _write(self, newest: Mapping[str, tuple[Row, Commit]]) -> None:
        records = (
            (
                row.key,
                None
                if row.deletes
                else Item(row.key, row.body, commit.at, commit.seq, row.version),
            )
            for row, commit in newest.values()
        )
        index.write(self._state.view.index, records, small=len(newest) <= _FEW)

    @guarded
    def answer(self, question: Question, sealing: Sealing) -> Answer:
        """See `Searchable`."""
        seq, view, _ = self._state
        return page.answer(view, question, sealing, seq)

    @guarded
    def summarize(self, summary: Summary) -> tuple[Group, ...]:
        """See `Searchable`."""
        return summaries.groups(self._state.view, summary)

    @guarded
    def vocabulary(self, asked: Values) -> Vocabulary:
        """See `Searchable`."""
        return vocabulary.vocabulary(self._state.view, asked)

    @guarded
    def bodies(self, keys: Sequence[str]) -> dict[str, Item]:
        """See `Searchable`."""
        return walk.bodies(self._state.view, keys)

    @guarded
    def keys(self) -> list[str]:
        """The keys of all records, in order."""
        return sorted(index.keys(self._state.view))

    def snapshot(self, target: Path) -> Manifest:
        """Its files as they are now, under further names in `target`, and what describes them.

        Writing waits only while names are made, not while files are read for their digests.
        """
        target.mkdir(parents=True, exist_ok=True)
        with self._lock:
            seq, view, _ = self._state
            meta = (self._directory / META).read_text()
            names = living_files(self._directory, meta)
            for name in names:
                place(self._directory / name, target / name)
        return Manifest(
            seq=seq,
            language=view.language,
            meta=meta,
            files=tuple(describe(target, name) for name in names),
        )
