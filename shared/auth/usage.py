"""Usage counters: kept in memory, written along with a rate lease's renewal.

`usage/{org}:{day}` counts calls as `<surface>__<tool>__<outcome>`, and the time they took as
`us__<surface>__<tool>`; who called is written with it.
What an instance has not written when it dies is lost (at most `SECONDS` of one instance's
counting); nothing is decided on these numbers.
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
class _Pending:
    counts: Counter[str] = field(default_factory=Counter)
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
            pending.counts[f"{caller.surface}__{tool}__{outcome}"] += 1
            if took:
                pending.counts[f"{TOOK}{caller.surface}__{tool}"] += round(took * 1_000_000)
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
            if pending.counts:
                path = f"usage/{org}:{now:%Y%m%d}"
                writes.append(Add(path, dict(pending.counts), {"org": org}))
                pending.counts = Counter()
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
                pending.counts.update(write.amounts)
            pending.activity.give_back(each for each in writes if not each.amounts)

    def _of(self, org: str) -> _Pending:
        pending = self._pending.get(org)
        if pending is None:
            pending = self._pending[org] = _Pending()
        return pending
