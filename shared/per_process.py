"""Clients that must not cross a fork."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Forks:
    """How many forks lie between the first process and this one; cheaper to ask than `getpid`."""

    seen = 0

    @classmethod
    def note(cls) -> None:
        """Say that this is a new process."""
        cls.seen += 1


os.register_at_fork(after_in_child=_Forks.note)


class PerProcess(Generic[T]):
    """What `build` makes, made when a process first asks, and once in each process.

    Servers fork after they import: a gRPC channel, an HTTP session or a SQLite connection that is
    used on both sides of a fork breaks. Thread-safe. What was made before a fork is kept unused in
    the child, because closing it there would disturb the parent.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._built: tuple[int, T] | None = None
        self._inherited: list[T] = []
        self._building = threading.Lock()

    def get(self) -> T:
        """This process's own."""
        built = self._built
        if built is not None and built[0] == _Forks.seen:
            return built[1]
        with self._building:
            built = self._built
            if built is None or built[0] != _Forks.seen:
                fresh = self._build()
                if built is not None:
                    self._inherited.append(built[1])
                built = self._built = (_Forks.seen, fresh)
            return built[1]

    def take(self) -> T | None:
        """This process's own, to close it; None when it has none. The next `get` builds anew."""
        with self._building:
            built = self._built
            if built is None or built[0] != _Forks.seen:
                return None
            self._built = None
            return built[1]
