"""Who of an organization called last: kept in memory, written along with its counters.

`activity/{org}:{who}` says when a key or OAuth client was last seen, and what went wrong last. One
that goes on calling without an error is written once a minute, so what is read may be a minute
late. A year after its last call nobody is remembered.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from shared.auth.caller import Caller
from shared.ports.documents import Add

WRITTEN_EVERY: Final = timedelta(minutes=1)
REMEMBERED: Final = timedelta(days=365)
_KEY: Final = "key-"
MOST_AT_ONCE: Final = 100
"""So many are written with one renewal of a lease; the others with the next."""


class Activity:
    """The callers of one organization, as one process saw them. Not thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, Any]] = {}
        self._written: set[str] = set()
        self._since: datetime | None = None

    def saw(self, caller: Caller, at: datetime, problem: str | None = None) -> None:
        """Note a call, or the code of the problem that it came to."""
        who = caller_of(caller)
        seen = self._waiting.get(who)
        if seen is None:
            seen = self._waiting[who] = {}
        seen["seenAt"] = at
        if problem is not None:
            seen["error"], seen["errorAt"] = problem, at

    def take(self, org: str, now: datetime) -> list[Add]:
        """The writes that are due; give them back if they fail."""
        if self._since is None or not timedelta(0) <= now - self._since < WRITTEN_EVERY:
            self._written, self._since = set(), now
        due = (
            who
            for who, seen in self._waiting.items()
            if "error" in seen or who not in self._written
        )
        taken = list(islice(due, MOST_AT_ONCE))
        self._written.update(taken)
        kept = {"org": org, "expiresAt": now + REMEMBERED}
        return [Add(path_of(org, who), {}, self._waiting.pop(who) | kept) for who in taken]

    def give_back(self, writes: Iterable[Add]) -> None:
        """Keep what `take` gave, because it could not be written."""
        for write in writes:
            who = who_of(write.path)
            self._written.discard(who)
            self._waiting[who] = {**write.data, **self._waiting.get(who, {})}


def path_of(org: str, who: str) -> str:
    """Where it is kept when a key or client of an organization was last seen."""
    return f"activity/{org}:{who}"


def who_of(path: str) -> str:
    """Whom a document of `activity` is about."""
    return path.rpartition(":")[2]


def caller_of(caller: Caller) -> str:
    """Whom this is to be kept about: the key, or the client that acts for a person."""
    return key(caller.subject) if caller.client is None else client(caller.client)


def key(id_: str) -> str:
    """An API key among those seen."""
    return f"{_KEY}{id_}"


def key_id(who: str) -> str:
    """The id of the API key that this is; empty where it is a client."""
    return who.removeprefix(_KEY) if who.startswith(_KEY) else ""


@lru_cache(maxsize=1024)
def client(id_: str) -> str:
    """An OAuth client among those seen; its id may be an address of any length."""
    return f"client-{hashlib.sha256(id_.encode()).hexdigest()[:16]}"
