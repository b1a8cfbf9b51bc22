"""A long run at half of what can be served, while everything changes under it.

python -m tests.bench.soak [--minutes 30] [--json]

A partner and an api process behind the front of `make dev`. Meanwhile one catalog is published
again and again, the grant of another comes and goes, and API keys are made and deactivated, each
about once a second. Fails when a call fails, when an answer that began after a change was complete
does not show it, when a deactivated key still opens, or when the workers' memory grows.
"""

import argparse
import json
import logging
import math
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from itertools import count, cycle
from pathlib import Path

import httpx

from tests.bench.measured import quantile
from tests.bench.publishing import rss_anon
from tests.bench.servers import children
from tests.bench.stock import DAY, feed_rows, words
from tests.e2e.instances import deployment
from tests.platform import LEGACY, message, product

CLIENTS = 8
CAPACITY_SECONDS = 5
PRODUCTS = 2_000
HOLD = 0.5
MOST_GROWTH_MB = 8
"""Between the run's second fifth and its last: what caches and the allocator may still take."""


class Timeline:
    """What was true when: changes with the moments they began and were complete."""

    def __init__(self, value):
        self._changes = [(0.0, 0.0, value)]

    def change(self, value, make):
        """Make a change that makes it so."""
        began = time.perf_counter()
        self._changes.append((began, math.inf, value))
        make()
        self._changes[-1] = (began, time.perf_counter(), value)

    def possible(self, started, finished):
        """What an answer between these moments may show: the last complete, and what overlaps."""
        changes = list(self._changes)
        before = [value for _, complete, value in changes if complete <= started][-1]
        while_asked = [v for began, done, v in changes if done > started and began < finished]
        return {before, *while_asked}


class World:
    """The deployment's catalogs and grants, and what is true of them."""

    def __init__(self, deployed):
        self.platform = platform = deployed.platform
        self.granted = Timeline(value=True)
        self.published = Timeline(1)
        self.changes = Counter()
        platform.organization("partner", rate_limit=1_000_000)
        platform.catalog("large", self._icecat())
        platform.catalog("daily", self._daily(1))
        platform.catalog("toys", [product("1", url="https://toys.example/p/1")])
        for catalog in ("large", "daily", "toys"):
            platform.grant("partner", catalog)
        self.token = platform.token(lifetime=DAY)
        self.key = platform.key()

    def _icecat(self):
        for row in feed_rows(PRODUCTS):
            yield {**row, "url": row["url"].replace("icecat.biz", "large.example")}

    def _daily(self, number):
        return [
            product(str(n), title=f"Daily {number}", url=f"https://daily.example/p/{n}")
            for n in range(1, 200)
        ]

    def churn(self, stopping):
        """Change one thing after the other until told to stop; each stays so while some ask."""
        do = self.platform.do
        for number in count(2):
            daily = self._daily(number)
            self.published.change(number, lambda rows=daily: self.platform.publish("daily", rows))
            self.granted.change(
                value=False, make=lambda: do("withdraw_grant", org="partner", catalog="toys")
            )
            self._dead_key()
            if stopping.wait(HOLD):
                return
            self.granted.change(value=True, make=lambda: self.platform.grant("partner", "toys"))
            self.changes.update(["published", "grants withdrawn and given"])
            if stopping.wait(HOLD):
                return

    def _dead_key(self):
        key = self.platform.key()
        url = f"{self.platform.settings.api_url}/catalogs"
        with httpx.Client(headers={"authorization": f"Bearer {key}"}, timeout=30) as client:
            assert client.get(url).status_code == 200
            self.platform.do("deactivate_api_key", id=key.split("_")[2])
            assert client.get(url).status_code == 401, "a deactivated key still opens"
        self.changes["keys deactivated"] += 1

    def questions(self):
        """Endless (method, url, body, what the answer has to show)."""
        settings = self.platform.settings
        kinds = cycle((self._search, self._list, self._newest))
        for words_asked, kind in zip(cycle(words()), kinds, strict=False):
            name, arguments, good = kind(words_asked)
            body = message("tools/call", {"name": name, "arguments": arguments})
            yield "mcp", settings.mcp_url, body, good
            if name == "list_catalogs":
                yield "rest", f"{settings.api_url}/catalogs", None, good
            else:
                rest = {"catalog": arguments["catalog"], "q": arguments["query"], "limit": 10}
                yield "rest", f"{settings.api_url}/products/search", rest, good

    def _search(self, text):
        return "search_products", {"catalog": "large", "query": text, "limit": 10}, _any

    def _list(self, _):
        return "list_catalogs", {}, self._shows_the_grant

    def _newest(self, _):
        return "search_products", {"catalog": "daily", "query": "daily"}, self._shows_the_version

    def _shows_the_grant(self, value, *when):
        shown = {each["catalog"] for each in value}
        return {"large", "daily"} <= shown and ("toys" in shown) in self.granted.possible(*when)

    def _shows_the_version(self, value, *when):
        shown = {int(each["title"].split()[1]) for each in value["items"]}
        return len(shown) == 1 and shown <= self.published.possible(*when)


def _any(value, *_):
    return isinstance(value["items"], list)


class Clients:
    """Threads that ask, each at its own pace; without one, as fast as they are answered."""

    def __init__(self, world, pace=0.0):
        self.world, self.pace = world, pace
        self.durations, self.wrong = [], []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CLIENTS)]

    def run(self, seconds):
        for thread in self.threads:
            thread.start()
        self.stopping.wait(seconds)
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self

    def _run(self, number):
        bearers = {"mcp": self.world.token, "rest": self.world.key}
        due = time.perf_counter() + number * self.pace / CLIENTS
        with httpx.Client(timeout=30) as http:
            for surface, url, body, good in self.world.questions():
                if self.stopping.wait(max(0.0, due - time.perf_counter())):
                    return
                due += self.pace
                headers = {"authorization": f"Bearer {bearers[surface]}"}
                if surface == "mcp":
                    headers |= LEGACY
                self._ask(http, url, body, headers, good)

    def _ask(self, http, url, body, headers, good):
        started = time.perf_counter()
        try:
            answer = http.request("POST" if body else "GET", url, json=body, headers=headers)
            finished = time.perf_counter()
            value = answer.json()
            if "jsonrpc" in value:
                value = value["result"]["structuredContent"]["result"]
            fine = answer.status_code == 200 and good(value, started, finished)
            told = answer.text
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            fine, finished, told = False, time.perf_counter(), repr(error)
        self.durations.append(finished - started)
        if not fine:
            self.wrong.append(f"{url} {body}: {told[:300]}")


class Memory:
    """The workers' RssAnon, sampled."""

    def __init__(self, pids):
        self.pids = pids
        self.samples = []

    def watch(self, stopping, every):
        while not stopping.wait(every):
            taken = sum(rss_anon(pid) for pid in self.pids) / 1e6
            self.samples.append((time.perf_counter(), taken))

    def summary(self):
        fifth = max(1, len(self.samples) // 5)
        times, sizes = zip(*self.samples, strict=True)
        slope = statistics.linear_regression(times[fifth:], sizes[fifth:]).slope
        early = statistics.median(sizes[fifth : 2 * fifth])
        late = statistics.median(sizes[-fifth:])
        return {
            "rss_anon_mb_early": round(early, 1),
            "rss_anon_mb_late": round(late, 1),
            "slope_mb_per_hour": round(slope * 3600, 1),
        }


def soak(minutes):
    with (
        tempfile.TemporaryDirectory() as folder,
        deployment(Path(folder) / "data", each=1) as deployed,
    ):
        world = World(deployed)
        Clients(world).run(1)
        fast = Clients(world).run(CAPACITY_SECONDS)
        capacity = len(fast.durations) / CAPACITY_SECONDS
        clients, memory = Clients(world, pace=2 * CLIENTS / capacity), Memory(workers(deployed))
        broken = []
        aside = [
            threading.Thread(target=guarded, args=(work, clients.stopping, broken))
            for work in (world.churn, lambda stopping: memory.watch(stopping, minutes / 5))
        ]
        for thread in aside:
            thread.start()
        clients.run(minutes * 60)
        for thread in aside:
            thread.join()
    return {
        "minutes": minutes,
        "capacity_per_second": round(capacity),
        "calls": len(clients.durations),
        "per_second": round(len(clients.durations) / minutes / 60),
        "p50_ms": round(quantile(clients.durations, 50), 1),
        "p99_ms": round(quantile(clients.durations, 99), 1),
        "changes": dict(world.changes),
        **memory.summary(),
        "failures": [*map(repr, broken), *fast.wrong, *clients.wrong],
    }


def workers(deployed):
    return [pid for each in deployed.instances for pid in children(each.process.pid)]


def guarded(work, stopping, broken):
    """Do it; what it came to instead ends the run."""
    try:
        work(stopping)
    except Exception as error:  # noqa: BLE001  whatever it was is the run's result
        broken.append(error)
        stopping.set()


def complaints(report):
    """Why the run failed; nothing when it did not."""
    found = report["failures"][:10]
    grown = report["rss_anon_mb_late"] - report["rss_anon_mb_early"]
    if grown > MOST_GROWTH_MB:
        found.append(f"the workers' memory grew by {grown:.1f} MB")
    if not all(report["changes"].values()) or len(report["changes"]) < 3:
        found.append("not everything changed")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.disable(logging.INFO)  # an operator's operations log what they did
    report = soak(options.minutes)
    wrong = complaints(report)
    report["failures"] = len(report["failures"])
    if options.json:
        print(json.dumps(report))
    else:
        print(*(f"{name:22} {value}" for name, value in report.items()), sep="\n")
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
