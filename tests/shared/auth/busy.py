"""Minutes of a busy organization on many instances: how often its bucket's document is written.

`python -m tests.shared.auth.busy` prints the table of docs/operations.md; real limiters on real
documents, with a clock that jumps from call to call.
"""

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from shared.auth.rate import RateLimiter
from shared.auth.usage import Usage
from shared.local.documents import SqliteDocuments
from tests.counting import CountingDocuments
from tests.platform import MovedClock

HEADER = """| instances | limit a minute | calls a second | served \
| writes a second of its document | in the first 10 s |
|---|---|---|---|---|---|"""
SETTLED = 60
"""Seconds after which every instance knows how many there are."""
LASTS = 300


class Load(NamedTuple):
    """Calls of one organization that come evenly, each to any instance."""

    instances: int
    limit: int
    calls: float


LOADS = (
    Load(1, 6_000, 50),
    Load(4, 6_000, 50),
    Load(20, 6_000, 90),
    Load(20, 600, 9),
    Load(20, 600, 40),
    Load(50, 6_000, 90),
)


class Found(NamedTuple):
    """What came of a load.

    Attributes:
        served: the share of calls that were served.
        settled, first: writes of a bucket's document a second; then, and in the first ten seconds.
    """

    served: float
    settled: float
    first: float


class Limiters(NamedTuple):
    """Instances that share a bucket, and the time."""

    instances: list
    documents: CountingDocuments
    clock: MovedClock
    chance: random.Random


def limiters(folder, load):
    """The instances of a load, which nobody called yet."""
    documents = CountingDocuments(SqliteDocuments(folder / "documents.sqlite"))
    clock = MovedClock()
    instances = [RateLimiter(documents, clock, Usage(clock)) for _ in range(load.instances)]
    return Limiters(instances, documents, clock, random.Random(1))


def pass_time(limiters, load, seconds):
    """Let that many seconds pass; how often the document was written in each, and `served`."""
    counts = Counter()
    for number in range(int(seconds * load.calls)):
        budget = limiters.chance.choice(limiters.instances).draw("org", load.limit)
        counts["served"] += budget.retry_after is None
        counts[int(number / load.calls)] += len(limiters.documents.commits)
        limiters.documents.forget()
        limiters.clock.advance(1 / load.calls)
    return counts


def play(folder, load):
    """What comes of a load in five minutes."""
    shared = limiters(folder, load)
    counts = pass_time(shared, load, LASTS)
    shared.documents.close()
    settled = sum(counts[second] for second in range(SETTLED, LASTS)) / (LASTS - SETTLED)
    first = sum(counts[second] for second in range(10)) / 10
    return Found(counts["served"] / (LASTS * load.calls), settled, first)


def table():
    """A row for each load."""
    rows = [HEADER]
    for load in LOADS:
        with tempfile.TemporaryDirectory() as folder:
            found = play(Path(folder), load)
        rows.append(
            f"| {load.instances} | {load.limit:,} | {load.calls} | {found.served:.0%} "
            f"| {found.settled:.2f} | {found.first:.1f} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
