"""A process of its own: `python -m tests.contract.writer TASK ADAPTER TARGET NUMBER`.

Prints one line when it is ready, waits for one line, then works.
"""

import sys
from itertools import count
from pathlib import Path

from shared.errors import Conflict
from shared.gcp.documents import FirestoreDocuments
from shared.local.documents import SqliteDocuments
from shared.local.secrets import FileSecrets
from shared.ports.documents import Add, Put


def increment(documents, times):
    """Compare-and-set a counter up by one, `times` times."""
    done = 0
    while done < times:
        read = documents.get("things/counter")
        try:
            documents.commit([Put(read.path, {"n": read.data["n"] + 1}, read.version)])
        except Conflict:
            continue
        done += 1


def add(documents, times):
    """Add to a counter `times` times; print what it then is."""
    for _ in range(times):
        documents.commit([Add("things/counter", {"n": 1})])
    print(documents.get("things/counter").data["n"], flush=True)
    documents.close()


def many(documents, _times):
    """Commit the same number to many documents, for ever; print it when it is in."""
    for n in count(1):
        documents.commit([Put(f"things/{i}", {"n": n, "pad": "x" * 5000}) for i in range(20)])
        print(n, flush=True)


def create(secrets, who):
    """Create a secret if absent; print whether it was this process that did."""
    try:
        secrets.write("signing-key", str(who).encode() * 1000, if_absent=True)
    except Conflict:
        print("lost", flush=True)
    else:
        print("won", flush=True)


def firestore(project):
    """Firestore, imported only where it is asked for: that takes longer than most tasks."""

    return FirestoreDocuments(project, "(default)")


ADAPTERS = {
    "sqlite": lambda target: SqliteDocuments(Path(target)),
    "firestore": firestore,
    "files": lambda target: FileSecrets(Path(target)),
}

if __name__ == "__main__":
    _, task, adapter, target, number = sys.argv
    built = ADAPTERS[adapter](target)
    print("ready", flush=True)
    sys.stdin.readline()
    {"increment": increment, "many": many, "add": add, "create": create}[task](built, int(number))
