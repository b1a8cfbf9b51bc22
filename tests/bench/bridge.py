"""From a price edit to the partner whose lookup shows it, on whole processes of a dev deployment.

python -m tests.bench.bridge [--edits 20] [--products 600] [--json]

Bars: 2 s at the median, 4 s at the 95th percentile. The tenant, its endpoint and its catalog are
those of `catalog-mcp studio-story`. Edits are further apart than publications may be, which is five
seconds: so what is measured is the way of one edit, and not the wait for a turn.
"""

import argparse
import json
import statistics
import tempfile
import time
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import httpx

from shared.app import App
from shared.cli.deployment import last_settings
from shared.cli.processes import free_port
from shared.cli.story_feed import made_up
from shared.cli.studio_story import Story, site_of
from tests.bench.measured import quantile
from tests.e2e.running import facts_of, start, stop

P50, P95 = 2_000, 4_000
APART = 6.0
START_SECONDS = 180


def wait_for(url):
    """Until a function answers, which starts behind what dev needs first."""
    until = time.monotonic() + START_SECONDS
    while httpx.get(url, timeout=60).status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        assert time.monotonic() < until, f"{url} does not answer"


def measured(folder, edits, products):
    """Milliseconds of each edit."""
    process = start(folder / "data", "--port", str(free_port()), "--catalogs", str(folder))
    try:
        wait_for(facts_of(process)["studio_url"])
        app = App(last_settings(folder / "data"))
        with closing(app):
            feed = made_up(folder / "feed.jsonl", products)
            story = Story(site_of(app), lambda _: None, feed, lambda _: None)
            with closing(story):
                story.play(steps=7)
                durations = []
                for edit in range(edits):
                    time.sleep(APART)
                    durations.append(story.change_price(100.0 + edit))
                return durations
    finally:
        stop(process)


def show(report):
    """The report for people."""
    for name, bar in (("p50", P50), ("p95", P95)):
        holds = "holds" if report[f"{name}_ms"] <= bar else "does not hold"
        yield f"{name} {report[f'{name}_ms']} ms of {report['edits']} edits, bar {bar}: {holds}"


def main():
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--edits", type=int, default=20)
    asked.add_argument("--products", type=int, default=600)
    asked.add_argument("--json", action="store_true")
    asked = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        durations = measured(Path(folder), asked.edits, asked.products)
    p50, p95 = statistics.median(durations) * 1000, quantile(durations, 95)
    report = {"edits": asked.edits, "p50_ms": round(p50), "p95_ms": round(p95)}
    if asked.json:
        print(json.dumps(report))
        return
    print("\n".join(show(report)))


if __name__ == "__main__":
    main()
