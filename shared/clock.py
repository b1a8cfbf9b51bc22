"""The system's clock."""

import time
from datetime import UTC, datetime
from typing import Final

_PASSING: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """`Clock` by the machine's clock."""

    def now(self) -> datetime:
        """The time now, timezone-aware UTC."""
        return datetime.now(UTC)

    def time(self) -> float:
        """Seconds since the epoch, the same clock as `now`."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds that only ever pass, also while the machine sleeps, where it can tell."""
        return time.clock_gettime(_PASSING)
