"""Waiting for other hosts, which the threads that answer everybody do not do.

A thread that callers share says so (`not_waiting`). What would wait for another host there raises
MustWait instead, and whoever runs the work runs it again where waiting is allowed.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, TypeVar

T = TypeVar("T")

_SHARED: Final[ContextVar[bool]] = ContextVar("shared", default=False)
"""Whether this runs in a thread that everybody shares."""


class MustWait(Exception):  # noqa: N818  a signal to whoever runs the work
    """The work has to wait for a host, and may not here. Nothing was kept by it yet."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


def not_waiting(work: Callable[[], T]) -> T:
    """What `work()` gives, in this context, which is never used again. Raises MustWait."""
    _SHARED.set(True)
    return work()


def check_may_wait(host: str) -> None:
    """Raise MustWait in a thread that everybody shares. Called right before waiting for a host."""
    if _SHARED.get():
        raise MustWait(host)
