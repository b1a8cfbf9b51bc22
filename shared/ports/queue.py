"""Work that is done later, at least once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

WORK: Final = "work"
EXPORTS: Final = "exports"
"""What takes minutes and much memory: a whole catalog at once."""
ENGINE: Final = "engine"
QUEUES: Final = frozenset({WORK, EXPORTS, ENGINE})
"""The queues there are, by our name for them; each adapter knows where it is."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work for later.

    Attributes:
        name: 1..500 letters, digits, `-` and `_`; best a hash, so that names are spread evenly.
        job: the path of what does it, at the address its queue sends to.
        body: JSON values; ids, not contents.
        at: not before this time, at most 30 days ahead.
        queue: one of QUEUES, so that long work does not stand in the way of short.
    """

    name: str
    job: str
    body: Mapping[str, Any]
    at: datetime
    queue: str = WORK


class Queue(Protocol):
    """Work that is done later, at least once: Cloud Tasks, or a file on a laptop."""

    def add(self, task: Task) -> bool:
        """Hand a task over for good. False when its name was used already: nothing was added then.

        A name is remembered while its task waits, and for about a day after it was done. Raises
        `unavailable`, and the task may or may not have been added.
        """


@dataclass(frozen=True, slots=True)
class Taken:
    """A task whose time has come, claimed by who asked for it. `attempts` counts earlier tries."""

    name: str
    job: str
    body: Mapping[str, Any]
    attempts: int


class OwnQueue(Queue, Protocol):
    """A queue that we drain ourselves, on a laptop."""

    def take(self) -> Taken | None:
        """The task that is due for longest, claimed for a while; None while none is due."""

    def finish(self, taken: Taken) -> None:
        """It was done: it never comes again, and its name stays used for a day."""

    def retry(self, taken: Taken) -> None:
        """It failed: it comes again, later each time."""

    def next_at(self) -> float | None:
        """When the next task is due (epoch seconds); None when nothing waits."""
