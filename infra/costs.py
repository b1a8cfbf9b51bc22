"""The arithmetic of the cost table in docs/operations.md, "Costs".

`python infra/costs.py` prints the table, `--write` puts it into the page. Prices are list prices of
us-central1 in dollars; what a call takes is measured or taken from the code, as said beside it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "operations.md"
HOURS: Final = 730
SECONDS: Final = HOURS * 3600
GIB: Final = 2**30
MILLION: Final = 1_000_000

VCPU, MEMORY, IDLE, REQUESTS = 0.000024, 0.0000025, 0.0000025, 0.40 / MILLION
"""Cloud Run: a vCPU second, a GiB second, either of them idle, a request."""
RULE, THROUGH = 0.025, 0.008
"""Load balancer: an hour of up to five forwarding rules, a GiB through it."""
POLICY, POLICY_RULE, CHECKED = 5, 1, 0.75 / MILLION
"""Cloud Armor: a month of a policy and of a rule in it, a request."""
READ, WRITE = 0.03 / 100_000, 0.09 / 100_000
"""Firestore in one region."""
LOGGED, LOGGED_FREE, EGRESS = 0.50, 50, 0.12
"""A GiB of logs, the GiB a month that are free, a GiB to the internet."""

PER_CALL: Final = {"rare": (5.0, 3.67), "moderate": (5.0, 2.2), "busy": (4.03, 0.03)}
"""Documents that a call reads and writes: of an organization that calls every ten minutes, every
ten seconds, twenty times a second. tests/contract/test_call_costs.py counts them."""
BUILT, BUILT_FREE, IMAGES, IMAGES_FREE = 0.006, 2_500, 0.10, 0.5
"""A minute of Cloud Build and the minutes that are free; a GB of images and those that are free."""
RELEASES, BUILD_MINUTES, IMAGE_GB, IMAGES_KEPT = 4, 3, 0.3, 3
"""Releases a month, minutes a function's build takes, the size of its image, how many are kept.

Assumed: only a project can measure them.
"""
SECRET, SECRET_READ, SECRETS_HELD, RINGS_READ = 0.06, 0.03 / 10_000, 6, 2
"""A secret's version; a read. Rings and passwords there are; rings that a call needs, each read at
most once a minute and instance (shared/auth/keyring.py)."""
ANSWER, LOG = 5_000, 2_000  # bytes: ten products; our line and Cloud Run's own
ALONE, SHARED, BUSY = 0.100, 0.015, 0.40
"""Seconds billed for a call that has an instance to itself (the granularity), and for one that
shares it; how busy an instance is when Cloud Run starts the next."""
OFTEN: Final = 10_000
"""Calls an hour from which they share instances, and leases of the rate limit."""
SCALES: Final = {"idle": 0, "10 calls/h": 10, "1,000 calls/h": 1_000, "100,000 calls/h": 100_000}
PACES: Final = ("rare", "rare", "moderate", "busy")
"""How often an organization calls, at each scale."""


class Row(NamedTuple):
    """A line of the table: what, and what it costs at each scale."""

    what: str
    costs: tuple[float, ...]


def rows() -> Iterator[Row]:
    """Every line but the sums."""
    months = [scale * HOURS for scale in SCALES.values()]
    often = [scale >= OFTEN for scale in SCALES.values()]

    def row(what: str, *costs: float) -> Row:
        return Row(what, costs)

    yield row(
        f"load balancer: rule {HOURS} h x {RULE}, {THROUGH} a GiB",
        *(HOURS * RULE + calls * ANSWER / GIB * THROUGH for calls in months),
    )
    yield row(
        f"Cloud Armor: policy {POLICY}, 3 rules x {POLICY_RULE}, 0.75 a million calls",
        *(POLICY + 3 * POLICY_RULE + calls * CHECKED for calls in months),
    )
    second = VCPU + 2 * MEMORY
    yield row(
        "instances: (1 vCPU x 0.000024 + 2 GiB x 0.0000025) a second",
        *(
            calls * (SHARED / BUSY if shared else ALONE) * second
            for calls, shared in zip(months, often, strict=True)
        ),
    )
    yield row("requests: 0.40 a million", *(calls * REQUESTS for calls in months))
    documents = [PER_CALL[pace] for pace in PACES]
    yield row(
        "Firestore reads: 0.03 a 100,000",
        *(calls * reads * READ for calls, (reads, _) in zip(months, documents, strict=True)),
    )
    yield row(
        "Firestore writes: 0.09 a 100,000",
        *(calls * writes * WRITE for calls, (_, writes) in zip(months, documents, strict=True)),
    )
    yield from _standing(months, often)
    yield row(
        f"logs: 0.50 a GiB beyond {LOGGED_FREE}",
        *(max(0.0, calls * LOG / GIB - LOGGED_FREE) * LOGGED for calls in months),
    )
    yield row("egress: 0.12 a GiB", *(calls * ANSWER / GIB * EGRESS for calls in months))


def _standing(months: list[int], often: list[bool]) -> Iterator[Row]:
    """What costs something whether or not anybody calls."""
    yield Row(
        "secrets: 0.06 a version, 0.03 a 10,000 reads",
        tuple(
            SECRETS_HELD * SECRET
            + min(calls, _minutes(calls, shared=shared)) * RINGS_READ * SECRET_READ
            for calls, shared in zip(months, often, strict=True)
        ),
    )
    minutes = RELEASES * len(memory()) * BUILD_MINUTES
    stored = len(memory()) * IMAGES_KEPT * IMAGE_GB
    fixed = max(0, minutes - BUILT_FREE) * BUILT + max(0.0, stored - IMAGES_FREE) * IMAGES
    yield Row(
        f"{minutes} minutes of builds, {stored:.0f} GB of images (assumed): {BUILT}, {IMAGES:.2f}",
        tuple(fixed for _ in months),
    )


def _minutes(calls: float, *, shared: bool) -> float:
    """Minutes of instances that serve calls, of the whole month at most where one is enough."""
    return SECONDS / 60 * max(1.0, calls * SHARED / BUSY / SECONDS if shared else 1.0)


def rarely() -> str:
    """What the dearest scale's documents cost where every call is a rare one, in Markdown."""
    calls = max(SCALES.values()) * HOURS
    reads, writes = PER_CALL["rare"]
    return (
        f"The same calls of organizations that all call rarely: {_money(calls * reads * READ)} for "
        f"reads and {_money(calls * writes * WRITE)} for writes."
    )


def warm() -> list[float]:
    """The memory, in GiB, of every function that `min_instances` keeps warm."""
    blocks = (ROOT / "infra" / "functions.tf").read_text().split("\nmodule ")[1:]
    sizes = memory()
    return [
        sizes[block.partition('"')[2].partition('"')[0]]
        for block in blocks
        if "min = var.min_instances" in block
    ]


def memory() -> dict[str, float]:
    """The memory, in GiB, that each function has by default."""
    text = (ROOT / "infra" / "variables.tf").read_text()
    block = text.partition('variable "memory_gib"')[2].partition("\n}\n")[0]
    return {
        name: float(gib) for name, gib in re.findall(r"(\w+) += optional\(number, (.+?)\)", block)
    }


IMPORT_READS, IMPORT_WRITES = 10, 2
"""Documents that an import reads and writes beside one for each entry, the rate limit's apart."""
EDIT_READS, EDIT_WRITES = IMPORT_READS + 1, IMPORT_WRITES + 1
FOLLOWING_READS, FOLLOWING_WRITES = 20, 6
"""What cards that follow an import read and write beside reading each entry: the turn that was
asked for, taken, worked and settled, with one commit of cards for each 500; and its metrics, which
are written every ten seconds at most."""
SEARCH_READS = 7
"""Session, membership, access, tenant, role, and the heads of configuration and source."""


def studio() -> str:
    """What a million of something costs in the studio, in Markdown."""
    share = SHARED / BUSY * (VCPU + 2 * MEMORY)

    def line(what: str, reads: float, writes: float, calls: float) -> str:
        dollars = MILLION * (reads * READ + writes * WRITE + calls * (share + REQUESTS))
        return f"| {what} | {reads:.2f} | {writes:.2f} | {_money(dollars)} |"

    lines = [
        "| a million | documents read, each | written, each | dollars |",
        "|---|---|---|---|",
        line("entries, 500 an import", 1 + IMPORT_READS / 500, 1 + IMPORT_WRITES / 500, 1 / 500),
        line("entries imported again, unchanged", 1 + IMPORT_READS / 500, 0, 1 / 500),
        line("edits, one an import", EDIT_READS, EDIT_WRITES, 1),
        line(
            "entries whose cards follow, 500 an import",
            2 + (IMPORT_READS + FOLLOWING_READS) / 500,
            1 + (IMPORT_WRITES + FOLLOWING_WRITES) / 500,
            2 / 500,
        ),
        line(
            "edits whose card follows, one an import",
            EDIT_READS + 1 + FOLLOWING_READS,
            EDIT_WRITES + FOLLOWING_WRITES,
            2,
        ),
        line("searches", SEARCH_READS, 0, 1),
    ]
    return "\n".join(lines) + "\n"


def table() -> str:
    """The table, in Markdown."""
    found = list(rows())
    sums = [sum(row.costs[at] for row in found) for at in range(len(SCALES))]
    idle = sum(SECONDS * IDLE * (1 + memory) for memory in warm())
    lines = [
        f"| | {' | '.join(SCALES)} |",
        f"|---{'|---' * len(SCALES)}|",
        f"| calls a month | {' | '.join(f'{each * HOURS:,}' for each in SCALES.values())} |",
        *(f"| {row.what} | {' | '.join(map(_money, row.costs))} |" for row in found),
        f"| **sum** | {' | '.join(f'**{_money(each)}**' for each in sums)} |",
        f"| `min_instances = 1` adds, for {len(warm())} functions while they idle | "
        + " | ".join("0" if each >= OFTEN else _money(idle) for each in SCALES.values())
        + " |",
    ]
    return "\n".join(lines) + "\n"


def _money(dollars: float) -> str:
    """Rounded as a table can bear: cents below ten cents, dimes below a dollar."""
    digits = 0 if round(dollars, 2) == 0 or dollars >= 1 else 2 if round(dollars, 2) < 1 / 10 else 1
    return f"{dollars:.{digits}f}"


def main() -> None:
    """Print the table, or put it into the page."""
    if "--write" not in sys.argv[1:]:
        sys.stdout.write(f"{table()}\n{rarely()}\n\n{studio()}")
        return
    text = PAGE.read_text()
    old = re.compile(r"^\| \| idle \|.*?\n(?=\n)", re.MULTILINE | re.DOTALL)
    of_studio = re.compile(r"^\| a million \|.*?\n(?=\n)", re.MULTILINE | re.DOTALL)
    text = old.sub(lambda _: table(), text, count=1)
    text = re.sub(r"^The same calls of organizations.*$", rarely(), text, flags=re.MULTILINE)
    PAGE.write_text(of_studio.sub(lambda _: studio(), text, count=1))


if __name__ == "__main__":
    main()
