"""What a collection's replica costs, at any size:

    python -m tests.bench.collections [--records 19406 200000] [--folder /dev/shm] [--json]

Records are icecat's products with their attributes as typed properties; further ones are the same
with other keys, prices and part numbers. Times are CPU time of this process, which
asks one thing at a time, so a busy machine hardly shows in them; a cold opening is wall time.
`--folder` is where replicas are: memory, as on Cloud Run, unless it is named.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from shared.engine.manifest import fetch
from shared.engine.replica import Replica
from shared.engine.rows import Row
from shared.engine.searchable import Commit, Sealing
from shared.local.blobs import FolderBlobs
from shared.query.ast import All, Compare, Facet, Not, Question, Sort, Words
from shared.query.kinds import Kind
from tests.bench.measured import quantile, table
from tests.bench.publishing import rss_anon
from tests.bench.stock import feed_rows

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SEALING = Sealing("tenants/bench/collections/products", 1, (b"thirty-two bytes of a fixed key.",))
CHUNK = 1_000
QUESTIONS = 400
PRICE = Sort("property", "price", Kind.DECIMAL)


def body_of(product):
    """A product as an import would type it."""
    found = {}
    values = {name: value for name, value in product.items() if name not in ("id", "attributes")}
    for name, value in (values | product.get("attributes", {})).items():
        match value:
            case bool():
                found[f"b.{name}"] = value
            case int():
                found[f"i.{name}"] = value
            case float():
                found[f"n.{name}"] = value
            case list():
                found[f"l.{name}"] = [str(each) for each in value]
            case _:
                found[f"s.{name}"] = str(value)
    return found


def records(amount):
    """So many keys and bodies, the same in every run."""
    real = [(product["id"], body_of(product)) for product in feed_rows()]
    pick = random.Random(7)
    for at in range(amount):
        key, body = real[at % len(real)]
        if at >= len(real):
            key = f"{key}-{at}"
            body = body | {
                "n.price": round(pick.uniform(1, 2000), 2),
                "s.mpn": f"{pick.randrange(10**6):06}",
                "s.title": f"{body.get('s.title', '')} {at}",
            }
        yield key, body


class Bench:
    """A replica that grows, and what is asked of it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "replica").mkdir()
        self.replica = Replica.create(folder / "replica", "en")
        self.bodies = {}

    def commit(self, bodies):
        """Seconds of CPU that including one commit took, merges and all."""
        seq = self.replica.seq + 1
        rows = [Row(key, 1, "updated", 0, (), body) for key, body in bodies.items()]
        self.bodies |= bodies
        begun = time.process_time()
        self.replica.apply([Commit(seq, BEGIN + timedelta(seconds=seq), rows)])
        return time.process_time() - begun

    def build(self, source):
        taken = 0.0
        while chunk := dict(islice(source, CHUNK)):
            taken += self.commit(chunk)
        return taken

    def asked(self, questions):
        """Milliseconds of each question; one round goes before."""
        found = []
        for question in (*questions[:20], *questions):
            begun = time.process_time()
            self.replica.answer(question, SEALING)
            found.append(time.process_time() - begun)
        return spread(found[20:])

    def edits(self, size, amount, pick):
        keys = list(self.bodies)
        found = []
        for _ in range(amount):
            chosen = pick.sample(keys, size)
            changed = {key: self.bodies[key] | {"n.price": pick.uniform(1, 99)} for key in chosen}
            found.append(self.commit(changed))
        return spread(found)


def spread(seconds):
    """In milliseconds. The longest is what a merge of large parts takes, once in many commits."""
    return {
        "p50": round(quantile(seconds, 50), 2),
        "p99": round(min(quantile(seconds, 99), max(seconds) * 1000), 2),
        "max": round(max(seconds) * 1000, 2),
    }


def questions(bodies, pick):
    """By name, lists of questions: one to three filters of values that records have."""
    texts = [(body["s.brand"], body["s.title"]) for body in bodies.values() if "s.brand" in body]

    def filters():
        brand, title = pick.choice(texts)
        low = pick.uniform(1, 300)
        most = [
            Compare("brand", Kind.TEXT, "eq", (brand,)),
            Compare("price", Kind.DECIMAL, "between", (low, low * 4)),
            Not(Compare("touchscreen", Kind.BOOLEAN, "eq", (True,))),
            Compare("product_type", Kind.TEXT, "exists"),
            Words(title.split()[0]),
        ]
        return All(tuple(pick.sample(most, pick.randint(1, 3))))

    facets = (Facet("brand", Kind.TEXT, size=20), Facet("product_type", Kind.TEXT, size=20))
    titles = [title for _, title in texts]
    return {
        "filters, total, sort, two facets": [
            Question(filters(), (PRICE,), facets) for _ in range(QUESTIONS)
        ],
        "filters, total": [Question(filters(), limit=0) for _ in range(QUESTIONS)],
        "all by price": [Question(order=(PRICE,))] * 50,
        "all by key": [Question()] * 50,
        "title contains": [
            Question(Compare("title", Kind.TEXT, "contains", (pick.choice(titles)[2:9] or "a",)))
            for _ in range(50)
        ],
        "description contains, of a brand": [
            Question(
                All(
                    (
                        Compare("brand", Kind.TEXT, "eq", (pick.choice(texts)[0],)),
                        Compare("description", Kind.TEXT, "contains", ("laser",)),
                    )
                )
            )
            for _ in range(50)
        ],
        "words by score": [
            Question(Words(" ".join(pick.choice(titles).split()[:2])), (Sort("score"),))
            for _ in range(QUESTIONS)
        ],
    }


def cold(bench):
    """Milliseconds: files from blobs, opened, the first answer; and how long a snapshot took."""
    begun = time.perf_counter()
    manifest = bench.replica.snapshot(bench.folder / "snapshot")
    snapshot = time.perf_counter() - begun
    blobs = FolderBlobs(bench.folder / "blobs")
    for file in manifest.files:
        blobs.put(file.sha256, bench.folder / "snapshot" / file.name)
    times = []
    for number in range(9):
        target = bench.folder / f"cold{number}"
        target.mkdir()
        begun = time.perf_counter()
        fetch(manifest, blobs, lambda file: file.sha256, target)
        fetched = time.perf_counter()
        replica = Replica.open(target, manifest)
        opened = time.perf_counter()
        replica.answer(Question(), SEALING)
        times.append((time.perf_counter() - begun, opened - fetched))
        shutil.rmtree(target)
    times.sort()
    whole, opening = times[len(times) // 2]
    return {
        "snapshot_ms": round(snapshot * 1000, 1),
        "cold_ms": round(whole * 1000, 1),
        "open_ms": round(opening * 1000, 2),
    }


def measure(amount, folder):
    """Everything about a collection of so many records."""
    pick = random.Random(3)
    before = rss_anon()
    with tempfile.TemporaryDirectory(dir=folder) as path:
        bench = Bench(Path(path))
        built = bench.build(records(amount))
        found = {
            "build_s": round(built, 1),
            "bytes_a_record": round(bench.replica.size / amount),
            "segments": bench.replica.segments,
            **{name: bench.asked(asked) for name, asked in questions(bench.bodies, pick).items()},
            **cold(bench),
        }
        for size, times in ((1, 60), (100, 30), (1_000, 10)):
            found[f"apply {size}"] = bench.edits(size, times, pick)
            found[f"segments after {times} commits of {size}"] = bench.replica.segments
        found["anonymous_mb"] = round((rss_anon() - before) / 2**20)
    return found


def show(report):
    """The report for a person."""
    names = list(next(iter(report.values())))
    rows = [[name, *(_shown(each[name]) for each in report.values())] for name in names]
    yield "p50 / p99 / max of CPU time in ms; a cold opening is wall time"
    yield from table(["", *(f"{int(amount):,} records" for amount in report)], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, nargs="+", default=[19_406, 200_000])
    parser.add_argument("--folder", default="/dev/shm")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = {str(amount): measure(amount, options.folder) for amount in options.records}
    print(json.dumps(report) if options.json else "\n".join(show(report)))


def _shown(value):
    return " / ".join(map(str, value.values())) if isinstance(value, dict) else value


if __name__ == "__main__":
    main()
