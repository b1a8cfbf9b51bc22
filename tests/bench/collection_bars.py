"""What is promised of a collection beside other work, on SQLite and on the Firestore emulator:

    python -m tests.bench.collection_bars [--json]

One commit of 500 new entries; a commit until another instance's question finds it; the gate's one
read while three threads read 500 records each, on a way of their own; and imports of 500 beside
somebody who edits single entries. Times are the wall's, so a busy machine shows in them.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from shared.clock import SystemClock
from shared.engine.collections import Collections, Open
from shared.engine.commit import Writer
from shared.engine.heads import CollectionName
from shared.engine.prepare import Edit
from shared.engine.records import read_records
from shared.engine.replicas import Replicas
from shared.engine.wanted import Author, Part, Wanted
from shared.errors import Conflict, Problem
from shared.query.ast import Keys, Question
from tests.bench.collections import records
from tests.bench.measured import quantile, table
from tests.bench.stock import google_stores
from tests.platform import Platform

ENTRIES = 500
BYTES = 256 * 1024 * 1024
IMPORTS = 40
GATE_ROUNDS, GATE_COLD = 24, 12
"""Turns of the gate's read, and how many of them come before the emulator is compiled."""
RATES = (8.5, 52)
"""Single edits a second."""
BARS = {
    "500 new entries in a commit, SQLite": (60, "ms"),
    "500 new entries in a commit, Firestore": (500, "ms"),
    "committed until found elsewhere, SQLite": (80, "ms"),
    "committed until found elsewhere, Firestore": (80, "ms"),
    "the gate's read beside bulk reads, Firestore": (2, "x idle"),
    **{
        f"{what}, {rate} edits a second": (most, unit)
        for rate in RATES
        for what, most, unit in (
            ("imports that failed", 0, "of 40"),
            ("most tries of an import", 8, "tries"),
            ("an edit beside imports, p95", 1_000, "ms"),
        )
    },
}
"""At most."""


class Tried:
    """Documents that count the commits that lost."""

    def __init__(self, documents):
        self._documents = documents
        self.lost = 0

    def __getattr__(self, name):
        return getattr(self._documents, name)

    def commit(self, writes):
        try:
            self._documents.commit(writes)
        except Conflict:
            self.lost += 1
            raise


def name_of(text):
    return CollectionName("bench", text)


def wanted(name, bodies, number):
    edits = tuple(Edit(key, body, "replace") for key, body in bodies.items())
    return Wanted((Part(name, edits),), Author("bench", "bench", "bench"), f"import-{number}")


def timed(work):
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def at(percent, times):
    """In milliseconds."""
    return round(quantile(times, percent), 1)


@contextmanager
def platform_on(backend, folder):
    with google_stores(folder) if backend == "Firestore" else nullcontext({}) as settings:
        platform = Platform(Path(folder), SystemClock(), **settings)
        try:
            yield platform
        finally:
            platform.close()


def new_entries(app, bodies):
    """A commit of 500 that nobody has, prepared and written."""
    writer = Writer(app.bulk_documents, app.clock)
    found = []
    for number in range(8):
        one = wanted(name_of(f"new{number}"), bodies, number)
        found.append(timed(partial(writer.commit, one)))
    return at(50, found[1:])


def found_elsewhere(app, bodies, folder):
    """From the call that commits one record to the answer of another instance that has it."""
    name = name_of("found")
    one, other = (
        Collections(app, Replicas[Open](folder / each, BYTES)) for each in ("one", "other")
    )
    one.commit(wanted(name, bodies, "first"))
    found = []
    for number, (key, body) in enumerate(list(bodies.items())[:60]):
        changed = wanted(name, {key: body | {"n.price": float(number)}}, number)

        begun = time.perf_counter()
        one.commit(changed)
        (item,) = other.ask(name, Question(Keys((key,), "in"))).answer.items
        found.append(time.perf_counter() - begun)
        assert item.body["n.price"] == number
    return at(50, found[5:])


def gate_beside_reads(app, bodies):
    """The gate's read while records are read in bulk, against the same with nothing beside it.

    Idle and busy take turns, because the emulator, a Java program, grows faster while it is asked:
    cold, it is the emulator that is slow beside others.
    """
    name = name_of("read")
    Writer(app.bulk_documents, app.clock).commit(wanted(name, bodies, "read"))

    def gate():
        return at(50, [timed(lambda: app.documents.get("orgs/partner")) for _ in range(60)])

    def read():
        while not stopped.is_set():
            read_records(app.bulk_documents, name, list(bodies))

    ratios = []
    for _ in range(GATE_ROUNDS):
        idle = gate()
        stopped = threading.Event()
        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        ratios.append(gate() / idle)
        stopped.set()
        for thread in threads:
            thread.join()
    return round(median(ratios[GATE_COLD:]), 2)


def imports_beside_edits(app, bodies, rate):
    """Forty imports of 500 and somebody's single edits of the same entries, on two instances."""
    name = name_of(f"beside{rate}")
    documents = Tried(app.bulk_documents)
    imports, edits = Writer(documents, app.clock), Writer(app.bulk_documents, app.clock)
    imports.commit(wanted(name, bodies, "first"))
    pick, stopped, took = random.Random(5), threading.Event(), []

    def edit():
        for number in count():
            key = pick.choice(list(bodies))
            one = wanted(
                name, {key: bodies[key] | {"n.price": pick.uniform(1, 99)}}, f"edit-{number}"
            )
            took.append(timed(partial(edits.commit, one)))
            if stopped.wait(max(0, 1 / rate - took[-1])):
                return

    thread = threading.Thread(target=edit)
    thread.start()
    failed, most = 0, 0
    for number in range(IMPORTS):
        lost = documents.lost
        changed = {key: body | {"i.round": number} for key, body in bodies.items()}
        try:
            imports.commit(wanted(name, changed, f"import-{number}"))
        except Problem:
            failed += 1
        most = max(most, documents.lost - lost + 1)
    stopped.set()
    thread.join()
    return {
        "imports that failed": failed,
        "most tries of an import": most,
        "an edit beside imports, p95": at(95, took),
    }


def measure():
    """Name of a bar -> what was measured."""
    found = {}
    bodies = dict(records(ENTRIES))
    for backend in ("SQLite", "Firestore"):
        with tempfile.TemporaryDirectory() as folder, platform_on(backend, folder) as platform:
            app = platform.app
            found[f"500 new entries in a commit, {backend}"] = new_entries(app, bodies)
            elsewhere = found_elsewhere(app, bodies, Path(folder) / "replicas")
            found[f"committed until found elsewhere, {backend}"] = elsewhere
            if backend == "Firestore":
                found["the gate's read beside bulk reads, Firestore"] = gate_beside_reads(
                    app, bodies
                )
                for rate in RATES:
                    for what, value in imports_beside_edits(app, bodies, rate).items():
                        found[f"{what}, {rate} edits a second"] = value
    return found


def show(found):
    """The bars for a person."""
    rows = [
        [name, f"{most} {unit}", found[name], "pass" if found[name] <= most else "miss"]
        for name, (most, unit) in BARS.items()
    ]
    yield from table(["", "at most", "measured", ""], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    found = measure()
    print(json.dumps(found) if parser.parse_args().json else "\n".join(show(found)))


if __name__ == "__main__":
    main()
