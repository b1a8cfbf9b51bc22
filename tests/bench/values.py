"""How often the value that somebody means comes first, and what finding it costs:

    python -m tests.bench.values [--seed 2026]

Brands and colours of icecat, 100 of each drawn with their slips by the rule of `tests/slips.py`.
Success is that the first answer is the value, whatever its letter case; the bar is for one edit.
What it costs is CPU time of this process with the dictionary of all titles, the largest there is:
reading the values from a replica, and finding the closest of them.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from shared.engine.replica import Replica
from shared.pipeline.canonical import closest
from shared.query.answers import Counted, Item
from shared.query.ast import Values
from shared.query.kinds import Kind
from tests.bench.measured import quantile, table
from tests.bench.stock import feed_rows
from tests.slips import slipped

DRAWN = 100
QUESTIONS = 40
BAR = 0.95


def dictionaries(rows):
    """Brands, colours (each of a list) and titles, with how many products have each."""
    brands = Counter(row["brand"] for row in rows if row.get("brand"))
    colours = Counter(
        colour
        for row in rows
        if isinstance(listed := row.get("attributes", {}).get("product_colour"), str)
        for colour in listed.split(",")
    )
    return {"brands": brands, "colours": colours}, Counter(row["title"] for row in rows)


def counted(dictionary):
    return [Counted(value, count) for value, count in dictionary.items()]


def success(dictionary, edits, chance):
    """Which of the slips were understood, and those that were not: meant, typed, answered."""
    values, missed = sorted(dictionary), []
    for _ in range(DRAWN):
        meant = chance.choice(values)
        typed = slipped(chance, meant, edits, values)
        found = closest(typed, counted(dictionary), 1)
        first = found[0].value if found else ""
        if first.casefold() != meant.casefold():
            missed.append((meant, typed, first))
    return 1 - len(missed) / DRAWN, missed


def timed(work):
    begun = time.process_time()
    return work(), time.process_time() - begun


def costs(rows, titles, chance):
    """CPU seconds of questions about titles with one slip: reading the dictionary, finding."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    items = (Item(row["id"], {"s.title": row["title"]}, at, 1) for row in rows)
    values, asked = sorted(titles), Values("title", Kind.TEXT)
    reading, finding = [], []
    with tempfile.TemporaryDirectory() as folder:
        replica = Replica.filled(Path(folder), "en", items, 1)
        for _ in range(QUESTIONS):
            typed = slipped(chance, chance.choice(values), 1, values)
            found, seconds = timed(lambda: replica.vocabulary(asked).values)
            reading.append(seconds)
            finding.append(timed(lambda: closest(typed, found, 20))[1])  # noqa: B023  asked at once
    return reading, finding


def main():
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--seed", type=int, default=2026)
    chance = random.Random(arguments.parse_args().seed)
    rows = list(feed_rows())
    asked, titles = dictionaries(rows)
    lines, one, several = [], [], []
    for name, dictionary in asked.items():
        (rate, missed), (two, _) = (success(dictionary, edits, chance) for edits in (1, 2))
        lines.append((name, len(dictionary), f"{rate:.2f}", f"{two:.2f}"))
        one.append(rate)
        several += missed
    sys.stdout.write("\n".join(table(("success@1", "values", "one edit", "two"), lines)))
    for missed in several:
        sys.stdout.write("\n  {} typed as {}: {}".format(*missed))
    reading, finding = costs(rows, titles, chance)
    both = [sum(pair) for pair in zip(reading, finding, strict=True)]
    lines = [
        (name, f"{quantile(each, 50):.1f}", f"{quantile(each, 95):.1f}")
        for name, each in (("read", reading), ("find", finding), ("both", both))
    ]
    head = (f"CPU ms, {len(titles)} titles", "p50", "p95")
    sys.stdout.write("\n\n" + "\n".join(table(head, lines)) + "\n")
    overall = sum(one) / len(one)
    sys.stdout.write(f"\n{overall:.3f} of {len(one) * DRAWN} with one edit; the bar is {BAR}\n")
    return 0 if overall >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
