"""The system's clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """`Clock` by the machine's clock."""

    def now(self) -> datetime:
        """The time now, timezone-aware UTC."""
        return datetime.now(UTC)

    def time(self) -> float:
        """Seconds since the epoch, the same clock as `now`."""
        return time.time()
