"""What partners ask of catalogs, for the catalogs' owners: how often, and for what in vain.

`demand/{catalog}:{day}` counts calls by organization, and by organization the words that the
catalog has no product for. They are kept in memory and written along with a rate lease's renewal,
as usage is: what an instance has not written when it dies is lost. Nothing is decided on it.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from shared.ports.clock import Clock
from shared.ports.documents import Add

SECONDS: Final = 300.0
"""An organization's counters are written at most this often: each writes a document a catalog."""
KEPT: Final = timedelta(days=30)
LONGEST: Final = 60
"""Letters of what was asked in vain; longer texts are cut."""
_MOST_WRITES: Final = 10
_MOST_AMOUNTS: Final = 100
"""What rides along at once. The rest comes with the next renewal."""
_MOST_WAITING: Final = 1_000
"""Counters of one organization that wait; further words are not counted."""
_SEPARATOR: Final = "|"
_CALLS: Final = "calls"


class Asked(NamedTuple):
    """What one counter counts: calls of an organization, or where it has words, those in vain."""

    org: str
    words: str = ""

    def __str__(self) -> str:
        """The field's name; any words are allowed in it, because they are hexadecimal."""
        return _SEPARATOR.join((self.org, self.words.encode().hex() if self.words else _CALLS))


def counted(data: Mapping[str, Any]) -> dict[Asked, int]:
    """The counters of a day's document."""
    found = {}
    for name, amount in data.items():
        org, separator, what = name.partition(_SEPARATOR)
        if separator:
            words = "" if what == _CALLS else bytes.fromhex(what).decode()
            found[Asked(org, words)] = amount
    return found


def path_of(catalog: str, day: date) -> str:
    """Where a day of a catalog is kept."""
    return f"demand/{catalog}:{day:%Y%m%d}"


class Demand:
    """The counters of one process. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        self._written: dict[str, float] = {}

    def count(self, org: str, catalogs: Iterable[str], vain: Iterable[str] = ()) -> None:
        """Count a call that looked into catalogs; `vain`: words that they have no product for."""
        day = self._clock.now().date()
        texts = [" ".join(text.lower().split())[:LONGEST] for text in vain]
        names = [str(Asked(org)), *(str(Asked(org, text)) for text in texts if text)]
        with self._lock:
            waiting = self._waiting[org]
            for catalog in catalogs:
                path = path_of(catalog, day)
                for name in names if len(waiting) < _MOST_WAITING else names[:1]:
                    waiting[path, name] += 1

    def take(self, org: str) -> tuple[Add, ...]:
        """Some of the writes that are due for this organization; give them back if they fail."""
        now = self._clock.now()
        amounts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._lock:
            waiting = self._waiting.get(org)
            if not waiting or 0 <= now.timestamp() - self._written.get(org, 0.0) < SECONDS:
                return ()
            for (path, name), amount in [*waiting.items()][:_MOST_AMOUNTS]:
                if path in amounts or len(amounts) < _MOST_WRITES:
                    amounts[path][name] = amount
                    del waiting[path, name]
            self._written[org] = now.timestamp()
        return tuple(Add(path, some, {"expiresAt": now + KEPT}) for path, some in amounts.items())

    def give_back(self, org: str, writes: Iterable[Add]) -> None:
        """Keep what `take` gave, because it could not be written."""
        with self._lock:
            for write in writes:
                self._written.pop(org, None)
                for name, amount in write.amounts.items():
                    self._waiting[org][write.path, name] += amount
