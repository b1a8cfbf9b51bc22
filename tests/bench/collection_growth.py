"""A collection as it grows, beside what a user would pick instead, on the same questions:

    python -m tests.bench.collection_growth [--records 19406 200000] [--folder /dev/shm] [--json]

Each engine is a process of its own. A question is one or two filters, the total, a page of 50 in
order of price and two facets. Times are CPU of the process (DuckDB's is of two threads) with the
wall's median beside it; a cold opening is the wall's, from a copy of the files to the first answer.
Writes are commits of so many changed records. `collection_writes` has what they cost on Firestore.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from itertools import islice
from pathlib import Path

from shared.engine.rows import Row
from shared.engine.searchable import Commit
from shared.query.ast import All, Compare, Facet, Not, Question
from shared.query.kinds import Kind
from tests.bench.collection_rivals import Asked, Duck, Sqlite
from tests.bench.collections import BEGIN, CHUNK, PRICE, SEALING, Bench, cold, records, spread
from tests.bench.measured import table
from tests.bench.publishing import rss_anon

KEPT = 20_000
SECONDS = 40
"""After so long no further question of a kind is asked; never fewer than ten."""
FEWEST = 10
BEHIND = 100
FACETS = (Facet("brand", Kind.TEXT, size=20), Facet("product_type", Kind.TEXT, size=20))


class Collection:
    """Ours: a replica, as one instance has it."""

    name = "collection"

    def __init__(self, folder):
        self.bench = Bench(folder)

    def create(self):
        """It is made with its folder."""

    def index(self):
        """Everything is, always."""

    def write(self, bodies):
        self.bench.commit(bodies)

    def ask(self, question):
        answer = self.bench.replica.answer(question, SEALING)
        facets = [[(each.value, each.count) for each in facet] for facet in answer.facets]
        return Asked(answer.total, [item.key for item in answer.items], facets)

    def size(self):
        return self.bench.replica.size

    def cold(self):
        return cold(self.bench)["cold_ms"]

    def catch_up(self, bodies):
        """Milliseconds of CPU for one look at so many commits of one record each."""
        seq = self.bench.replica.seq
        commits = [
            Commit(seq + at, BEGIN + timedelta(seconds=seq + at), [_row(key, body)])
            for at, (key, body) in enumerate(bodies.items(), 1)
        ]
        begun = time.process_time()
        self.bench.replica.apply(commits)
        return round((time.process_time() - begun) * 1000, 1)


class Rival:
    """One of the databases, with what is measured of it beside questions."""

    def __init__(self, kind, folder):
        self.folder, self.kind = folder, kind
        self.database = kind(folder)
        self.name = self.database.name
        self.create, self.index = self.database.create, self.database.index
        self.write, self.ask = self.database.write, self.database.ask

    def size(self):
        self.database.close()
        self.database.open()
        return sum(each.stat().st_size for each in self.folder.iterdir())

    def cold(self):
        self.database.close()
        times = []
        for number in range(3):
            target = self.folder / f"cold{number}"
            target.mkdir()
            begun = time.perf_counter()
            shutil.copy(self.database.file, target)
            copy = self.kind(target)
            copy.ask(Question(Compare("price", Kind.DECIMAL, "exists"), (PRICE,)))
            times.append(time.perf_counter() - begun)
            copy.close()
            shutil.rmtree(target)
        self.database.open()
        return round(sorted(times)[1] * 1000, 1)

    def catch_up(self, bodies):
        """Nothing: it is where records are."""
        del bodies


ENGINES = {
    "collection": Collection,
    "sqlite": lambda folder: Rival(Sqlite, folder),
    "duckdb": lambda folder: Rival(Duck, folder),
}


def questions(bodies, pick, amount):
    """One or two filters of values that records have."""
    brands = [body["s.brand"] for body in bodies.values() if body.get("s.brand", "").isascii()]
    for _ in range(amount):
        low = pick.uniform(1, 300)
        most = [
            Compare("brand", Kind.TEXT, "eq", (pick.choice(brands),)),
            Compare("price", Kind.DECIMAL, "between", (low, low * 4)),
            Not(Compare("touchscreen", Kind.BOOLEAN, "eq", (True,))),
            Compare("product_type", Kind.TEXT, "exists"),
        ]
        yield Question(All(tuple(pick.sample(most, pick.randint(1, 2)))), (PRICE,), FACETS)


def measure(engine, amount, folder):
    """Everything about one engine with so many records."""
    before = rss_anon()
    with tempfile.TemporaryDirectory(dir=folder) as path:
        of = ENGINES[engine](Path(path))
        bodies, built = _build(of, amount)
        pick = random.Random(3)
        asked = list(questions(bodies, pick, 400))
        found = {
            "build, s of CPU": round(built, 1),
            "bytes a record": round(of.size() / amount),
            **_asked(of, asked),
            "cold open, ms": of.cold(),
        }
        for size, times in ((1, 40), (100, 20), (1_000, 5)):
            found[f"apply {size}"] = _edits(of, bodies, size, times, pick)
        behind = {key: bodies[key] | {"n.price": 1.5} for key in pick.sample(list(bodies), BEHIND)}
        found[f"catch up {BEHIND} commits, ms"] = of.catch_up(behind)
        found["anonymous MB"] = round((rss_anon() - before) / 2**20)
    return found


def _build(of, amount):
    """Some of the bodies, and seconds of CPU for all."""
    of.create()
    kept = {}
    source = records(amount)
    step = max(1, amount // KEPT)
    taken = at = 0
    while chunk := dict(islice(source, CHUNK)):
        begun = time.process_time()
        of.write(chunk)
        taken += time.process_time() - begun
        kept |= {key: chunk[key] for key in islice(chunk, at % step, None, step)}
        at += len(chunk)
        if isinstance(of, Collection):
            of.bench.bodies = {}
    begun = time.process_time()
    of.index()
    return kept, taken + time.process_time() - begun


def _asked(of, asked):
    begun = time.monotonic()
    spent, walls, answers = [], [], []
    for number, question in enumerate([*asked[:3], *asked]):
        if time.monotonic() - begun > SECONDS and number > FEWEST:
            break
        cpu, wall = time.process_time(), time.perf_counter()
        answer = of.ask(question)
        spent.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
        answers.append([answer.total, answer.keys[:3], [count for _, count in answer.facets[0]]])
    return {
        "question": spread(spent[3:]),
        "question, wall": spread(walls[3:]),
        "questions": len(spent) - 3,
        "answers": answers[3:],
    }


def _edits(of, bodies, size, times, pick):
    spent = []
    for _ in range(times):
        chosen = pick.sample(list(bodies), size)
        changed = {key: bodies[key] | {"n.price": round(pick.uniform(1, 99), 2)} for key in chosen}
        begun = time.process_time()
        of.write(changed)
        spent.append(time.process_time() - begun)
    return spread(spent)


def _row(key, body):
    return Row(key, 1, "updated", 0, (), body)


def agreed(report):
    """Of how many questions that all were asked every engine gave the same answer."""
    answers = [each.pop("answers") for each in report.values()]
    same = [all(one == other[0] for one in other) for other in zip(*answers, strict=False)]
    return f"{sum(same)} of {len(same)}"


def compared(amount, folder):
    """Each engine in a process of its own."""
    report = {}
    for engine in ENGINES:
        command = [sys.executable, "-m", __spec__.name, "--only", engine]
        command += ["--records", str(amount), "--folder", folder]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        report[engine] = json.loads(done.stdout)
    return report, agreed(report)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, nargs="+", default=[19_406, 200_000])
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--only", choices=list(ENGINES))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options.records[0], options.folder)))
        return
    for amount in options.records:
        report, same = compared(amount, options.folder)
        if options.json:
            print(json.dumps({"records": amount, "agreed": same, **report}), flush=True)
            continue
        print(f"{amount:,} records; the same answers to {same} questions")
        names = list(next(iter(report.values())))
        rows = [[name, *(_shown(each[name]) for each in report.values())] for name in names]
        print("\n".join(table(["p50 / p99 / max, ms", *report], rows)), flush=True)


def _shown(value):
    return " / ".join(map(str, value.values())) if isinstance(value, dict) else value


if __name__ == "__main__":
    main()
