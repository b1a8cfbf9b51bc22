"""Waiting for others, so few at a time that everybody else still finds a thread.

Whoever waits for another host holds one of the threads that all callers share. So at most some do,
and fewer for one host; whoever comes then is told at once to come back.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Problem


class Waits:
    """How many wait at the moment, in all and for each host. Thread-safe.

    Args:
        most: how many may wait at the same time.
        most_each: how many of them for the same host.
    """

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def on(self, host: str) -> Iterator[None]:
        """Wait for a host inside. Raises `unavailable` at once where too many do already."""
        with self._lock:
            if self._waiting.total() >= self._most or self._waiting[host] >= self._most_each:
                raise Problem(
                    "unavailable", "Too many wait for other servers. Try again in some seconds."
                )
            self._waiting[host] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting[host] -= 1
                if not self._waiting[host]:
                    del self._waiting[host]
