"""Writes docs/performance.md from what `make bench` measured and what people make of it.

python -m tests.bench.report [build/bench.json]
"""

import sys
from itertools import chain
from pathlib import Path

import orjson

from tests.bench import (
    applications,
    bridge,
    changes,
    cold,
    collections,
    feed_imports,
    growth,
    requests,
    scale,
)
from tests.bench.bars import BARS
from tests.bench.servers import HERE, ROOT

JSON = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
FINDINGS = HERE / "findings.md"
PARTS = {
    "requests": ("Requests and peers", requests.show),
    "cold": ("Cold start", cold.show),
    "scale": ("Catalog size", scale.show),
    "growth": ("Growth", growth.show),
    "collections": ("Collections", collections.show),
    "feed_imports": ("Imports of files", feed_imports.show),
    "applications": ("What applications read", applications.show),
    "bridge": ("From a price edit to a partner", bridge.show),
    "changes": ("Small changes of a catalog", changes.show),
}
HEAD = """\
# Performance

Written by `make bench` (tests/bench/report.py) from its measurements. Only the findings are by hand
(tests/bench/findings.md). What was tried and what it was worth stands in tests/bench/notes.md.

"x hello" is CPU of our worker over CPU of functions-framework's own async hello, measured right
before and after. Numbers are medians, in brackets the smallest and the largest round.
"""


def page(report):
    """The page's text."""
    return "\n".join(
        chain(
            [HEAD],
            facts(report["facts"]),
            ["", FINDINGS.read_text().rstrip()],
            ["", "## Bars", ""],
            bars(report),
            *(section(report, part) for part in PARTS if part in report),
            [""],
        )
    )


def facts(found):
    yield f"Measured on {found['date']}, commit {found['commit']}, as: {found['run']}."
    yield ""
    yield from (f"- {each}" for each in found["machine"])


def bars(report):
    yield "| | bar | measured | |"
    yield "| --- | --- | --- | --- |"
    for title, declared in BARS.items():
        yield f"| **{title}** | | | |"
        for bar in declared():
            found, holds = bar.judge(report)
            verdict = {True: "pass", False: "**miss**", None: "not measured"}[holds]
            way = "at least" if bar.least else "at most"
            measured = "" if found is None else found
            yield f"| {bar.says} | {way} {bar.most} {bar.unit} | {measured} | {verdict} |"


def section(report, part):
    title, show = PARTS[part]
    yield ""
    yield f"## {title}"
    yield ""
    yield f"`{report['facts']['commands'][part]}`"
    yield ""
    yield "```text"
    yield from show(report[part])
    yield "```"


def main():
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else JSON
    PAGE.write_text(page(orjson.loads(source.read_bytes())))
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
