"""A small collection in memory: what is read on every call, and looked through whole.

It follows the log as a replica does, and needs no index.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from shared.engine.catching_up import Gap
from shared.engine.searchable import Commit
from shared.query.answers import Item


class Held(NamedTuple):
    """All records by key, as of one commit."""

    seq: int
    items: Mapping[str, Item]


class Table:
    """An `Applied` whose records are a mapping by key. What it gives is of one moment."""

    def __init__(self, items: Iterable[Item] = (), seq: int = 0) -> None:
        self._lock = threading.Lock()
        self._state = Held(seq, MappingProxyType({item.key: item for item in items}))

    @property
    def seq(self) -> int:
        """See `Applied`."""
        return self._state.seq

    @property
    def size(self) -> int:
        """None of its own files."""
        return 0

    @property
    def held(self) -> Held:
        """The records, of one moment."""
        return self._state

    def apply(self, commits: Sequence[Commit]) -> int:
        """See `Applied`."""
        with self._lock:
            seq, items = self._state.seq, dict(self._state.items)
            for commit in commits:
                if commit.seq <= seq:
                    continue
                if commit.seq != seq + 1:
                    raise Gap(seq)
                for row in commit.rows:
                    if row.deletes:
                        items.pop(row.key, None)
                    else:
                        items[row.key] = Item(row.key, row.body, commit.at, commit.seq, row.version)
                seq = commit.seq
            self._state = Held(seq, MappingProxyType(items))
            return seq
