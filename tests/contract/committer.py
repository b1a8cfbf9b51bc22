"""A process that commits to one collection until it is killed or done, and says what was answered.

    python -m tests.contract.committer ADAPTER TARGET WORKER COMMITS

It waits for a line, then commits. Each answered commit is a line: its sequence number and import.
"""

import random
import sys
from pathlib import Path

from shared.clock import SystemClock
from shared.engine.commit import Writer
from shared.engine.heads import CollectionName
from shared.engine.prepare import Edit
from shared.engine.wanted import Author, Part, Wanted
from shared.gcp.documents import FirestoreDocuments
from shared.local.documents import SqliteDocuments

NAME = CollectionName("shop", "source.products")
KEYS = 120


def documents_of(adapter, target):
    if adapter == "firestore":
        return FirestoreDocuments(target, "(default)")
    return SqliteDocuments(Path(target))


def edits(chance, worker, number):
    """Upserts and deletes of some records that others change as well."""
    for key in chance.sample(range(KEYS), chance.choice([1, 1, 1, 5, 40])):
        if chance.random() < 0.2:
            yield Edit(f"k{key}", combine="delete")
        else:
            yield Edit(f"k{key}", {"s.by": worker, "i.n": number, f"n.p{chance.randrange(3)}": 0.5})


def main(adapter, target, worker, count):
    writer = Writer(documents_of(adapter, target), SystemClock())
    chance = random.Random(worker)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(count)):
        import_id = f"{worker}-{number}"
        part = Part(NAME, tuple(edits(chance, worker, number)))
        done = writer.commit(Wanted((part,), Author(worker, "tests", "r"), import_id))
        answer = f"{done.seqs[NAME]} {import_id} {len(done.prepared[NAME].changed)}\n"
        sys.stdout.write(answer)  # at once: the process may be killed between two pieces
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
