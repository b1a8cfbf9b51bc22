"""Usage counters: kept in memory, written along with a rate lease's renewal.

`usage/{org}:{day}` counts calls as `<surface>__<tool>__<outcome>`; `activity/{org}` says when each
key and client was last seen and what went wrong last. What an instance has not written when it dies
is lost (at most `SECONDS` of one instance's counting); nothing is decided on these numbers.
"""

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from shared.auth.access import Access
from shared.auth.caller import Caller
from shared.ports import Add, Clock, Write

SECONDS: Final = 10.0
"""An organization's counters are written at most this often."""


@dataclass
class _Pending:
    counts: Counter[str] = field(default_factory=Counter)
    seen: dict[str, Any] = field(default_factory=dict)
    written_at: float = 0.0


class Usage:
    """The counters of one process. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pending: dict[str, _Pending] = {}

    def count(self, caller: Caller, tool: str, outcome: str) -> None:
        """Count one call of one tool. `outcome` is `ok` or a problem's code."""
        with self._lock:
            pending = self._of(caller.org)
            pending.counts[f"{caller.surface}__{tool}__{outcome}"] += 1
            who = client_field(caller)
            pending.seen[who] = self._clock.now()
            if outcome != "ok":
                pending.seen[f"{who}__error"] = outcome
                pending.seen[f"{who}__errorAt"] = pending.seen[who]

    def take(self, org: str) -> tuple[Write, ...]:
        """The writes that are due for this organization; give them back if they fail."""
        now = self._clock.now()
        with self._lock:
            pending = self._pending.get(org)
            if pending is None or not pending.counts:
                return ()
            if 0 <= now.timestamp() - pending.written_at < SECONDS:
                return ()
            self._pending[org] = _Pending(written_at=now.timestamp())
        return (
            Add(f"usage/{org}:{now:%Y%m%d}", dict(pending.counts), {"org": org}),
            Add(f"activity/{org}", {}, pending.seen),
        )

    def give_back(self, org: str, writes: tuple[Write, ...]) -> None:
        """Keep what `take` gave, because it could not be written."""
        if not writes:
            return
        with self._lock:
            pending = self._of(org)
            pending.written_at = 0.0
            for write in writes:
                if isinstance(write, Add):
                    pending.counts.update(write.amounts)
                    if write.path.startswith("activity/"):
                        pending.seen = {**write.data, **pending.seen}

    def _of(self, org: str) -> _Pending:
        pending = self._pending.get(org)
        if pending is None:
            pending = self._pending[org] = _Pending()
        return pending


def reads_activity(_: Any, access: Access) -> tuple[str]:
    """The document that says who of an organization was last seen, for the gate to read along."""
    return (f"activity/{access.org}",)


def client_field(caller: Caller) -> str:
    """The field of `activity/{org}` that says when this key or client was last seen."""
    return key_field(caller.subject) if caller.client is None else field_of_client(caller.client)


def key_field(id_: str) -> str:
    """The field of `activity/{org}` about an API key."""
    return f"key__{id_}"


@lru_cache(maxsize=1024)
def field_of_client(client: str) -> str:
    """The field of `activity/{org}` about an OAuth client, by its id."""
    return f"client__{hashlib.sha256(client.encode()).hexdigest()[:16]}"
