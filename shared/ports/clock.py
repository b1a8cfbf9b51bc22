"""The only source of time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time: expiry, grace, buckets, schedules."""

    def now(self) -> datetime:
        """The time now, timezone-aware UTC."""

    def time(self) -> float:
        """Seconds since the epoch, the same clock as `now`."""

    def elapsed(self) -> float:
        """Seconds that only ever pass, whatever `now` is set to: how old something kept is."""
