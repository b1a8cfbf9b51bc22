"""Days of subscriptions in minutes: real handlers and adapters, a clock that jumps, and faults.

Run as a program for the large one: `python -m tests.shared.subscriptions.simulation`.
"""

import argparse
import heapq
import itertools
import logging
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from shared import app as composition
from shared.auth.access import Access
from shared.errors import Problem
from shared.indexes.folders import temporary_folder
from shared.queries import CELLS_OF_ORGANIZATION
from shared.subscriptions.cells import every_cell
from shared.subscriptions.following import subscribers_of
from shared.subscriptions.records import EXPORTS, LISTINGS, Export, ListingCheck, cell_id
from shared.subscriptions.shown import cell_view
from shared.subscriptions.standing import Standing, granted
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import call

SWEEP = 300
APART = 0.1
"""Seconds between two tasks: the queue sends ten a second (infra/work.tf)."""
LOOK = 1500
JOINING = 4.0
"""Seconds between two cells that begin, on average: their tasks keep half of the queue busy."""
SLACK = timedelta(minutes=15)
PROMISED = timedelta(hours=1) + SLACK
"""A cell is checked at least hourly; a failed check comes again within minutes."""


HEADER = """| cells | day | tasks | Analytics Hub calls | documents written | documents read \
| longest wrong | queue behind |
|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Outside:
    """What is so of a catalog, at Analytics Hub and in the warehouse."""

    members: set[str]
    subscribed: set[str]
    check: ListingCheck
    export: Export


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
            if name == "query":
                self._counts[f"{self._prefix} query"] += max(0, len(answer.items) - 1)
            return answer

        return call

    def _size(self, name, arguments):
        """A document read or written is one, as Firestore bills it."""
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
        self.behind = 0.0
        self.began, self.started = self.platform.clock.time(), time.monotonic()
        self.events, self.order = [], itertools.count()
        for catalog in self.catalogs:
            url = f"https://{catalog.replace('_', '-')}.example/1"
            self.platform.catalog(catalog, [product("1", url=url)])
        self.watch(faults)
        joining = max(3600, orgs * catalogs * subscribers * JOINING)
        for org in self.orgs:
            self.platform.organization(org)
            for catalog in self.catalogs:
                self.platform.grant(org, catalog)
            for number in range(subscribers):
                self.at(self.chance.uniform(0, joining), self.register, org, number)

    def watch(self, faults):
        app = self.platform.app
        for make, prefix, names, rate in (
            (composition._documents, "documents", ("commit", "get_many", "get", "query"), 0.0),
            (composition._queue, "queue", ("add",), faults),
            (
                composition._listings,
                "hub",
                ("keep", "remove", "admit", "dismiss", "members", "subscriptions", "revoke"),
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
                self.work(when)
                do(*arguments)
            self.work(until)
            per_day.append(Counter(self.counts))
            self.tell(day, per_day[-1])
        return per_day

    def work(self, until):
        self.behind = max(self.behind, self.lag())
        done = self.platform.work(max(0.0, until - self.platform.clock.time()), APART)
        self.counts["tasks"] += done

    def lag(self):
        due = self.platform.app.queue.next_at()
        return 0.0 if due is None else max(0.0, self.platform.clock.time() - due)

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
        """Compare what every cell says with what is so, and find cells that are missing."""
        before = Counter(self.counts)
        now = self.platform.clock.now()
        outside = {catalog: self.outside(catalog) for catalog in self.catalogs}
        for org in self.orgs:
            self.look_at(org, outside, now)
        self.counts.clear()
        self.counts.update(before)
        self.progress()
        self.at(LOOK, self.look)

    def look_at(self, org, outside, now):
        app = self.platform.app
        access = Access.of(app.documents.get(f"access/{org}"))
        readers = {each.id: each.value for each in subscribers_of(app, org)}
        missing = {
            cell_id(reader, catalog)
            for reader in readers
            for catalog in self.catalogs
            if granted(access, catalog, now)
        }
        for found in every_cell(app, CELLS_OF_ORGANIZATION, org=org):
            missing.discard(found.id)
            cell = found.value
            seen = outside[cell.catalog]
            standing = Standing(access, readers[cell.subscriber], seen.export)
            self.note(found.id, *self.mistakes(cell, standing, seen, now), now)
        for id_ in missing:
            self.note(id_, "pending", ["missing"], now)

    def outside(self, catalog):
        app = self.platform.app
        hub = app.listings._inner
        active = (each for each in hub.subscriptions(catalog) if each.state == "active")
        return Outside(
            members=set(hub.members(catalog)),
            subscribed={project for each in active for project in each.projects},
            check=LISTINGS.get(app.documents, catalog).value,
            export=EXPORTS.get(app.documents, catalog).value,
        )

    def mistakes(self, cell, standing, outside, now):
        """What a cell should say, and in what way it is not as it should be."""
        wanted = standing.held_back(cell.catalog, now) is None
        shown = cell_view(self.platform.app, cell, standing, outside.check, now)
        truth = "awaiting_subscription" if wanted else "pending"
        if wanted and cell.project in outside.subscribed:
            truth = "source_stale" if now >= outside.export.fresh_until else "active"
        dues = [due for due in (cell.due, outside.check.due) if due]
        found = {
            f"says {shown.status}, not {truth}": shown.status != truth,
            f"member: {not wanted}": (cell.principal in outside.members) != wanted,
            "late": any(due < now - SLACK for due in dues),
            "unscheduled": wanted and not dues,
        }
        return truth, [mistake for mistake, made in found.items() if made]

    def note(self, id_, truth, mistakes, now):
        """Wrong about one truth for too long is a failure; a truth that has just changed is new."""
        if not mistakes:
            self.wrong_since.pop(id_, None)
            return
        known, since = self.wrong_since.get(id_, (truth, now))
        if known != truth:
            since = now
        self.wrong_since[id_] = (truth, since)
        self.worst = max(self.worst, now - since)
        assert now - since <= PROMISED, (id_, mistakes, now - since)

    def progress(self):
        hours = (self.platform.clock.time() - self.began) / 3600
        took = time.monotonic() - self.started
        wrong = f"{len(self.wrong_since)} cells wrong now (longest ever: {self.worst})"
        text = f"hour {hours:.1f}: {wrong}, queue {self.lag():.0f} s behind; {took:.0f} s"
        print(text, file=sys.stderr, flush=True)

    def tell(self, day, counts):
        """A day's cost, as a row of the table in docs/operations.md."""
        cells = len(self.readers) * len(self.catalogs)
        sums = [
            sum(n for name, n in counts.items() if name.startswith(prefix))
            for prefix in ("tasks", "hub", "documents commit", ("documents get", "documents query"))
        ]
        row = [f"{cells:,}", day + 1, *(f"{n:,}" for n in sums), self.worst, f"{self.behind:.0f} s"]
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name, value in (("orgs", 200), ("catalogs", 50), ("subscribers", 3), ("days", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = vars(parser.parse_args())
    logging.disable(logging.INFO)
    days = given.pop("days")
    print(HEADER)
    with temporary_folder() as folder:
        simulation = Simulation(folder, **given)
        simulation.run(days)
        simulation.platform.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
