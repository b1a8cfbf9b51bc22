"""Days of subscriptions in minutes: real handlers and adapters, a clock that jumps, and faults.

Run as a program for the large one: `python -m tests.shared.subscriptions.simulation`.
"""

import argparse
import heapq
import itertools
import logging
import random
import sys
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from shared import app as composition
from shared.errors import Problem
from shared.queries import CELLS_OF_ORGANIZATION
from shared.subscriptions.cells import every_cell
from shared.subscriptions.records import EXPORTS, LISTINGS
from shared.subscriptions.shown import cell_view
from shared.subscriptions.standing import read_standing
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import call

SWEEP = 60
LOOK = 1500
SLACK = timedelta(minutes=15)
PROMISED = timedelta(hours=1) + SLACK
"""A cell is checked at least hourly; a failed check comes again within minutes."""


class Counted:
    """An adapter whose calls are counted, and now and then fail: before they act, or after."""

    def __init__(self, inner, counts, prefix, names, *, rate=0.0, chance=None):
        self._inner, self._counts, self._prefix = inner, counts, prefix
        self._names, self._rate, self._chance = names, rate, chance

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if name not in self._names:
            return method

        def call(*arguments):
            self._counts[f"{self._prefix} {name}"] += self._size(name, arguments)
            fault = self._rate and self._chance.random() < self._rate
            if fault and self._chance.random() < 0.5:
                raise Problem("unavailable", "injected")
            answer = method(*arguments)
            if fault:
                raise Problem("unavailable", "injected")
            return answer

        return call

    def _size(self, name, arguments):
        return len(arguments[0]) if name in ("commit", "get_many") else 1


class Simulation:
    """Organizations, catalogs and subscribers, and what happens to them."""

    def __init__(self, folder, *, orgs, catalogs, subscribers, faults=0.01, seed=1):
        self.platform = Platform(folder, export_fresh_for=36 * 3600, export_every=900)
        self.chance = random.Random(seed)
        self.counts = Counter()
        self.orgs = [f"org-{number}" for number in range(orgs)]
        self.catalogs = [f"catalog_{number}" for number in range(catalogs)]
        self.readers = {}
        self.wrong_since = {}
        self.worst = timedelta(0)
        self.events, self.order = [], itertools.count()
        for catalog in self.catalogs:
            url = f"https://{catalog.replace('_', '-')}.example/1"
            self.platform.catalog(catalog, [product("1", url=url)])
        self.watch(faults)
        for org in self.orgs:
            self.platform.organization(org)
            for catalog in self.catalogs:
                self.platform.grant(org, catalog)
            for number in range(subscribers):
                self.at(self.chance.uniform(0, 3600), self.register, org, number)

    def watch(self, faults):
        app = self.platform.app
        for make, prefix, names, rate in (
            (composition._documents, "documents", ("commit", "get_many", "get", "query"), 0.0),
            (composition._queue, "queue", ("add",), faults),
            (
                composition._listings,
                "hub",
                ("keep", "remove", "admit", "dismiss", "subscriptions", "revoke"),
                faults,
            ),
        ):
            inner = app.once(make)
            app._made[make] = Counted(
                inner, self.counts, prefix, names, rate=rate, chance=self.chance
            )

    def at(self, seconds, do, *arguments):
        """Do something that many seconds from now."""
        when = self.platform.clock.time() + seconds
        heapq.heappush(self.events, (when, next(self.order), do, arguments))

    def run(self, days):
        """Let time pass; what each day cost."""
        end = self.platform.clock.time() + days * 86_400
        self.at(SWEEP, self.sweep)
        self.at(LOOK, self.look)
        for catalog in self.catalogs:
            self.at(self.chance.uniform(0, 86_400), self.republish, catalog)
        per_day = []
        for day in range(days):
            self.counts.clear()
            until = min(end, self.platform.clock.time() + 86_400)
            while self.events and self.events[0][0] <= until:
                when, _, do, arguments = heapq.heappop(self.events)
                self.platform.work(max(0.0, when - self.platform.clock.time()))
                do(*arguments)
            self.platform.work(max(0.0, until - self.platform.clock.time()))
            per_day.append(Counter(self.counts))
            self.tell(day, per_day[-1])
        return per_day

    def sweep(self):
        self.platform.job("/jobs/sweep", {})
        self.at(SWEEP, self.sweep)

    def register(self, org, number):
        project = f"reader-{org}-{number}"
        principal = f"serviceAccount:etl@{project}.iam.gserviceaccount.com"
        call(
            self.platform,
            org,
            "register_bigquery_subscriber",
            request={"subscriberProjectId": project, "subscriberPrincipal": principal},
        )
        self.readers[org, number] = (project, principal)
        for catalog in self.catalogs:
            self.at(self.chance.uniform(60, 40_000), self.subscribe, org, number, catalog)
        if self.chance.random() < 0.1:
            self.at(self.chance.uniform(3600, 86_400), self.withdraw, org)

    def subscribe(self, org, number, catalog):
        project, principal = self.readers[org, number]
        inner = self.platform.app.listings._inner
        try:
            name = inner.subscribe(catalog, principal, project)
        except Problem:
            return
        if self.chance.random() < 0.05:
            self.at(self.chance.uniform(3600, 86_400), self.unsubscribe, catalog, name)

    def unsubscribe(self, catalog, name):
        self.platform.app.listings._inner.unsubscribe(catalog, name)

    def withdraw(self, org):
        catalog = self.chance.choice(self.catalogs)
        self.platform.do("withdraw_grant", org=org, catalog=catalog)
        self.at(self.chance.uniform(60, 40_000), self.grant, org, catalog)

    def grant(self, org, catalog):
        self.platform.grant(org, catalog)

    def republish(self, catalog):
        url = f"https://{catalog.replace('_', '-')}.example/1"
        self.platform.publish(
            catalog, [product("1", url=url, price=float(self.chance.randrange(1, 100)))]
        )
        self.at(86_400, self.republish, catalog)

    def look(self):
        """Compare what every cell says with what is so."""
        before = Counter(self.counts)
        now = self.platform.clock.now()
        outside = {catalog: self.outside(catalog) for catalog in self.catalogs}
        for org in self.orgs:
            for page in every_cell(self.platform.app, CELLS_OF_ORGANIZATION, org=org):
                for found in page:
                    self.judge(found, outside[found.value.catalog], now)
        self.counts.clear()
        self.counts.update(before)
        self.at(LOOK, self.look)

    def outside(self, catalog):
        inner = self.platform.app.listings._inner
        documents = self.platform.app.documents
        states = {
            project: each.state
            for each in inner.subscriptions(catalog)
            for project in each.projects
            if each.state == "active"
        }
        return set(inner.members(catalog)), states, LISTINGS.find(documents, catalog)

    def judge(self, found, outside, now):
        members, states, check = outside
        cell = found.value
        standing = read_standing(self.platform.app.documents, cell)
        wanted = standing.held_back(cell.catalog, now) is None
        shown = cell_view(self.platform.app, cell, standing, check.value, now)
        truth = "awaiting_subscription"
        if states.get(cell.project):
            stale = now >= EXPORTS.get(self.platform.app.documents, cell.catalog).value.fresh_until
            truth = "source_stale" if stale else "active"
        right = shown.status == truth if wanted else shown.status == "pending"
        admitted = (cell.principal in members) == wanted
        late = [due for due in (cell.due, check.value.due) if due and due < now - SLACK]
        asleep = wanted and cell.due is None and check.value.due is None
        if right and admitted and not late and not asleep:
            self.wrong_since.pop(found.id, None)
            return
        since = self.wrong_since.setdefault(found.id, now)
        self.worst = max(self.worst, now - since)
        assert now - since <= PROMISED, (found.id, shown, truth, wanted, admitted, late, asleep)

    def tell(self, day, counts):
        cells = len(self.readers) * len(self.catalogs)
        sums = {prefix: sum(n for name, n in counts.items() if name.startswith(prefix))
                for prefix in ("hub", "queue add", "documents commit", "documents get",
                               "documents query")}  # fmt: skip
        line = ", ".join(f"{name} {n} ({n / max(1, cells):.2f} a cell)" for name, n in sums.items())
        print(f"day {day + 1}: {cells} cells; {line}; longest wrong: {self.worst}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name, value in (("orgs", 200), ("catalogs", 50), ("subscribers", 3), ("days", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = vars(parser.parse_args())
    logging.disable(logging.INFO)
    days = given.pop("days")
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(Path(folder), **given)
        simulation.run(days)
        simulation.platform.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
