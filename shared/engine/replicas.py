"""Which collections an instance holds open: those used last, as many as memory allows."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar
from uuid import uuid4

from shared.indexes.folders import remove

MOST_OPEN: Final = 96
"""The engine's binding has a thread look after each: 128 cost 1 % of a core."""


class Sized(Protocol):
    """What is held open."""

    @property
    def size(self) -> int:
        """Bytes of its files."""


T = TypeVar("T", bound=Sized)


@dataclass(slots=True)
class _Place(Generic[T]):
    """Where one is, or will be. `users` are those who are using it now."""

    folder: Path
    opening: threading.Lock = field(default_factory=threading.Lock)
    opened: T | None = None
    users: int = 0
    dropped: bool = False


class Replicas(Generic[T]):
    """What is open, by the collection's path. Thread-safe; each is opened once.

    Args:
        directory: where each gets a folder; it may be lost.
        most_bytes: of all files together. What is in use stays, also beyond it.
        most_open: how many at once, in the same way.
    """

    def __init__(self, directory: Path, most_bytes: int, most_open: int = MOST_OPEN) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        self._most_open = most_open
        self._lock = threading.Lock()
        self._places: OrderedDict[str, _Place[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def using(self, path: str, opening: Callable[[Path], T]) -> Iterator[T]:
        """The collection's replica, opened if it is not; it stays while the block runs.

        `opening` is given an empty folder that becomes the replica's. What it raises is raised;
        whoever waited for it tries anew.
        """
        place, opened = self._opened(path, opening)
        try:
            yield opened
        finally:
            self._leave(place)

    def drop(self, path: str, folder: Path | None = None) -> None:
        """Let it go, so that whoever comes next opens it anew. Who is using it goes on.

        With `folder`, only if it is still the one there.
        """
        with self._lock:
            place = self._places.get(path)
            if place and folder in (None, place.folder):
                self._forget(path)

    def _opened(self, path: str, opening: Callable[[Path], T]) -> tuple[_Place[T], T]:
        """One that is open, and has this caller as a user."""
        while True:
            place = self._enter(path)
            try:
                with place.opening:
                    if place.opened is None and not place.dropped:
                        place.folder.mkdir(parents=True)
                        place.opened = opening(place.folder)
                    if place.opened is not None:
                        return place, place.opened
            except BaseException:
                self.drop(path, place.folder)
                self._leave(place)
                raise
            self._leave(place)  # who opened it failed: it is tried anew

    def _enter(self, path: str) -> _Place[T]:
        with self._lock:
            place = self._places.get(path)
            if place is None:
                place = self._places[path] = _Place(self._directory / uuid4().hex)
            self._places.move_to_end(path)
            place.users += 1
            return place

    def _leave(self, place: _Place[T]) -> None:
        with self._lock:
            place.users -= 1
            if place.dropped and not place.users:
                remove(place.folder)
            self._let_go()

    def _let_go(self) -> None:
        """Close what was used longest ago, while it is too much."""
        sizes = {path: place.opened.size for path, place in self._places.items() if place.opened}
        bytes_open = sum(sizes.values())
        for path, size in sizes.items():
            if bytes_open <= self._most_bytes and len(self._places) <= self._most_open:
                return
            if not self._places[path].users:
                self._forget(path)
                bytes_open -= size

    def _forget(self, path: str) -> None:
        place = self._places.pop(path)
        place.dropped = True
        if not place.users:
            remove(place.folder)
