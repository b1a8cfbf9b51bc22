"""The small collections a process keeps whole in memory, each caught up when it is asked for."""

import threading
from collections import OrderedDict
from typing import Final

from shared.engine.catching_up import Following, Gap
from shared.engine.heads import CollectionName, Head, head_of
from shared.engine.log import tail_of
from shared.engine.records import every_record
from shared.engine.table import Held, Table
from shared.ports.clock import Clock
from shared.ports.documents import Documents

MOST: Final = 256
"""How many stay in memory; those used last."""


class Tables:
    """Thread-safe; one for each process."""

    def __init__(self, documents: Documents, clock: Clock) -> None:
        self._documents = documents
        self._clock = clock
        self._lock = threading.Lock()
        self._tables: OrderedDict[CollectionName, Following[Table]] = OrderedDict()

    def at(self, name: CollectionName, head: Head) -> Held:
        """All records of a collection, with every commit up to its head."""
        with self._lock:
            table = self._tables.get(name)
        if table is not None:
            try:
                table.catch_up(head.seq, None)
            except Gap:
                table = None
        if table is None:
            table = self._read(name, head)
        with self._lock:
            self._tables[name] = table
            self._tables.move_to_end(name)
            while len(self._tables) > MOST:
                self._tables.popitem(last=False)
        return table.replica.held

    def _read(self, name: CollectionName, head: Head) -> Following[Table]:
        """From the records. What changed while they were read follows from the log."""
        table = Table(every_record(self._documents, name) if head.seq else (), head.seq)
        following = Following(table, tail_of(self._documents, name))
        if head.seq:
            now = head_of(self._documents.get(name.path), self._clock.now()).value
            following.catch_up(now.seq, None)
        return following
