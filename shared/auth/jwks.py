"""The keys of an external issuer (RFC 7517), fetched rarely and kept when fetching fails."""

import threading
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.errors import Problem
from shared.ports.clock import Clock
from shared.ports.fetch import Fetch
from shared.waits import check_may_wait

FRESH: Final = 300.0
COOLDOWN: Final = 30.0
LAST_GOOD: Final = 86_400.0
TIMEOUT: Final = 3.0
MOST_BYTES: Final = 262_144


class RemoteKeys:
    """One issuer's key set.

    Fetched again after FRESH seconds, or when a token names an unknown key (at most once per
    COOLDOWN). While fetching fails, the last good set serves for LAST_GOOD seconds. One thread
    fetches; only those that need a key which is not at hand wait for it.
    """

    def __init__(self, url: str, fetch: Fetch, clock: Clock) -> None:
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._host = urlsplit(url).hostname or ""
        self._keys: dict[str, PyJWK] = {}
        self._good_at = float("-inf")
        self._tried_at = float("-inf")

    def held(self, kid: str) -> PyJWK | None:
        """The key, if it is at hand and fresh; never waits."""
        if self._good_for(FRESH):
            return self._keys.get(kid)
        return None

    def key(self, kid: str) -> PyJWK | None:
        """The key, fetching where needed; None when the issuer has no such key.

        Raises `unavailable` when nothing was ever fetched, or the last good set is too old.
        """
        found = self.held(kid)
        if found is not None:
            return found
        last_good = self._keys.get(kid) if self._good_for(LAST_GOOD) else None
        if not self._lock.acquire(blocking=False):
            if last_good is not None:
                return last_good
            check_may_wait(self._host)
            self._lock.acquire()
        try:
            return self._fetched(kid)
        finally:
            self._lock.release()

    def _fetched(self, kid: str) -> PyJWK | None:
        now = self._clock.elapsed()
        pause = COOLDOWN if self._good_for(LAST_GOOD) else TIMEOUT
        needed = not self._good_for(FRESH) or kid not in self._keys
        if needed and now - self._tried_at >= pause:
            self._refresh(now)
        if not self._good_for(LAST_GOOD):
            raise Problem(
                "unavailable",
                "The keys of the authorization server cannot be fetched now. Try again.",
            )
        return self._keys.get(kid)

    def _good_for(self, seconds: float) -> bool:
        return self._clock.elapsed() - self._good_at < seconds

    def _refresh(self, now: float) -> None:
        check_may_wait(self._host)
        self._tried_at = now
        try:
            answer = self._fetch.get(self._url, timeout=TIMEOUT, max_bytes=MOST_BYTES)
        except Problem:
            return
        if answer.status != 200:  # noqa: PLR2004  HTTP OK
            return
        keys = _parse(answer.body)
        if keys:
            self._keys, self._good_at = keys, now


def _parse(body: bytes) -> dict[str, PyJWK]:
    """The keys that can verify, by id. Others in the set are left out (RFC 7517 5)."""
    try:
        listed: Any = orjson.loads(body)["keys"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    found = {}
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str):
            key = _verifying(entry)
            if key is not None:
                found[entry["kid"]] = key
    return found


def _verifying(entry: dict[str, Any]) -> PyJWK | None:
    if entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC"):
        return None
    try:
        return PyJWK(entry)
    except (PyJWTError, ValueError, TypeError):
        return None
