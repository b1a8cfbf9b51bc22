"""What changes of a collection cost on Firestore, beside its natural layout, on the emulator:

    python -m tests.bench.collection_writes [--json]

The natural layout is a document for each record, its properties fields, written in batches without
reading. Who needs types and history has a map of each value and its type in there, and a document
for each change, with the record as it became. Ours writes a head and a log entry for each commit
beside the changed records, and reads the head and those records before, so that a change knows what
it changes. Documents written and read are counted. What the emulator takes only says which of them
is slower.
"""

import argparse
import json
import os
import random
import time
from itertools import islice
from statistics import median

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from shared.clock import SystemClock
from shared.engine.commit import Writer
from shared.engine.heads import CollectionName
from shared.engine.prepare import Edit
from shared.engine.wanted import Author, Part, Wanted
from shared.gcp.documents import FirestoreDocuments
from tests.bench.collections import records
from tests.bench.measured import table
from tests.contract.firestore_emulator import emulator

PROJECT = "test-bench"
NAME = CollectionName("bench", "products")
RECORDS = 2_000
SIZES = ((1, 40), (100, 15), (1_000, 5))
BATCH = 500
READ, WRITE = 0.03 / 100_000, 0.09 / 100_000
"""Dollars for a document read or written: Google's list prices of us-central1, 2026-11."""


class Counted:
    """Documents that count what is read and written through them."""

    def __init__(self, documents):
        self._documents = documents
        self.reads = self.writes = 0

    def get(self, path):
        self.reads += 1
        return self._documents.get(path)

    def get_many(self, paths):
        self.reads += len(paths)
        return self._documents.get_many(paths)

    def query(self, query):
        page = self._documents.query(query)
        self.reads += max(1, len(page.items))
        return page

    def commit(self, writes):
        self.writes += len(writes)
        self._documents.commit(writes)


class Ours:
    """A collection."""

    def __init__(self):
        self.documents = Counted(FirestoreDocuments(PROJECT, "(default)"))
        self._writer = Writer(self.documents, SystemClock())
        self._number = 0

    def write(self, bodies):
        for chunk in batches(bodies):
            self._number += 1
            edits = tuple(Edit(key, body, "replace") for key, body in chunk)
            author = Author("bench", "bench", "bench")
            self._writer.commit(Wanted((Part(NAME, edits),), author, f"import-{self._number}"))


class Natural:
    """A document for each record."""

    history = False

    def __init__(self):
        self._client = firestore.Client(PROJECT, credentials=AnonymousCredentials())
        self.documents = self
        self.reads = self.writes = 0

    def write(self, bodies):
        for chunk in batches(bodies, BATCH // 2 if self.history else BATCH):
            batch = self._client.batch()
            for key, body in chunk:
                record = self._client.document(type(self).__name__, f"={key}")
                shown = _typed(body) if self.history else body
                batch.set(record, shown)
                if self.history:
                    batch.set(record.collection("history").document(), shown)
            batch.commit(timeout=60)
            self.writes += len(chunk) * (2 if self.history else 1)


class Historied(Natural):
    """A document for each record with its values' types, and one for each change of it."""

    history = True


def _typed(body):
    typed = {}
    for name, value in body.items():
        kind, _, property_ = name.partition(".")
        typed[property_] = {"type": kind, "value": value}
    return {"values": typed}


def batches(bodies, most=BATCH):
    """Keys and bodies, so many at once."""
    source = iter(bodies.items())
    while chunk := list(islice(source, most)):
        yield chunk


def measure():
    """By size of a commit and layout."""
    report = {}
    bodies = dict(records(RECORDS))
    for layout in (Ours, Natural, Historied):
        pick = random.Random(3)
        of = layout()
        of.write(bodies)
        for size, times in SIZES:
            report.setdefault(str(size), {})[layout.__name__.lower()] = _commits(
                of, bodies, size, times, pick
            )
    return report


def _commits(of, bodies, size, times, pick):
    reads, writes = of.documents.reads, of.documents.writes
    taken = []
    for _ in range(times):
        chosen = pick.sample(list(bodies), size)
        changed = {key: bodies[key] | {"n.price": pick.uniform(1, 99)} for key in chosen}
        begun = time.perf_counter()
        of.write(changed)
        taken.append(time.perf_counter() - begun)
    reads = (of.documents.reads - reads) / times
    writes = (of.documents.writes - writes) / times
    return {
        "ms": round(median(taken) * 1000, 1),
        "reads": round(reads, 1),
        "writes": round(writes, 1),
        "dollars_a_million": round((reads * READ + writes * WRITE) / size * 1e6, 2),
    }


def show(report):
    """The report for a person."""
    rows = [
        [f"{size} records, {layout}", *found.values()]
        for size, layouts in report.items()
        for layout, found in layouts.items()
    ]
    head = ["a commit of", "ms", "documents read", "written", "$ per million changes"]
    yield from table(head, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with emulator() as address:
        os.environ["FIRESTORE_EMULATOR_HOST"] = address  # noqa: TID251  the library's own
        report = measure()
    print(json.dumps(report) if options.json else "\n".join(show(report)))


if __name__ == "__main__":
    main()
