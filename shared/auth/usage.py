"""Usage counters: kept in memory, written along with a rate lease's renewal.

`usage/{org}:{day}` counts calls as `<surface>__<tool>__<outcome>`, and the time they took as
`us__<surface>__<tool>`; who called is written with it.
What an instance has not written when it dies is lost: at most `SECONDS` of one instance's counting,
or its lease's length where many share the bucket. Nothing is decided on these numbers.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from shared.auth.activity import Activity
from shared.auth.caller import Caller
from shared.ports.clock import Clock
from shared.ports.documents import Add

TOOK: Final = "us__"
"""What counters of time, in microseconds, begin with."""
SECONDS: Final = 10.0
"""An organization's counters are written at most this often."""


@dataclass
class _Tally:
    """Calls of one tool that ended alike, and the seconds they took."""

    calls: int = 0
    seconds: float = 0.0


_Tallies = dict[tuple[str, str, str], _Tally]


@dataclass
class _Pending:
    tallies: _Tallies = field(default_factory=dict)
    returned: Counter[str] = field(default_factory=Counter)
    activity: Activity = field(default_factory=Activity)
    written_at: float = 0.0


class Usage:
    """The counters of one process. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}

    def see(self, caller: Caller) -> None:
        """Note that a call has begun: what its own lease writes says so, if nothing else will."""
        with self._lock:
            self._of(caller.org).activity.saw(caller, self._clock.now())

    def count(self, caller: Caller, tool: str, outcome: str, took: float = 0.0) -> None:
        """Count one call of one tool. `outcome` is `ok` or a problem's code, `took` seconds."""
        with self._lock:
            pending = self._of(caller.org)
            key = caller.surface, tool, outcome
            tally = pending.tallies.get(key)
            if tally is None:
                tally = pending.tallies[key] = _Tally()
            tally.calls += 1
            tally.seconds += took
            if outcome != "ok":
                pending.activity.saw(caller, self._clock.now(), outcome)

    def take(self, org: str) -> tuple[Add, ...]:
        """The writes that are due for this organization; give them back if they fail."""
        now = self._clock.now()
        with self._lock:
            pending = self._pending.get(org)
            if pending is None or 0 <= now.timestamp() - pending.written_at < SECONDS:
                return ()
            writes = pending.activity.take(org, now)
            counts = pending.returned + _counts(pending.tallies)
            if counts:
                path = f"usage/{org}:{now:%Y%m%d}"
                writes.append(Add(path, dict(counts), {"org": org}))
                pending.tallies, pending.returned = {}, Counter()
                pending.written_at = now.timestamp()
        return tuple(writes)

    def give_back(self, org: str, writes: tuple[Add, ...]) -> None:
        """Keep what `take` gave, because it could not be written."""
        if not writes:
            return
        with self._lock:
            pending = self._of(org)
            pending.written_at = 0.0
            for write in writes:
                pending.returned.update(write.amounts)
            pending.activity.give_back(each for each in writes if not each.amounts)

    def _of(self, org: str) -> _Pending:
        pending = self._pending.get(org)
        if pending is None:
            pending = self._pending[org] = _Pending()
        return pending


def _counts(tallies: _Tallies) -> Counter[str]:
    """The counters by the names they are kept under."""
    counts: Counter[str] = Counter()
    for (surface, tool, outcome), tally in tallies.items():
        counts[f"{surface}__{tool}__{outcome}"] += tally.calls
        counts[f"{TOOK}{surface}__{tool}"] += round(tally.seconds * 1_000_000)
    return counts
