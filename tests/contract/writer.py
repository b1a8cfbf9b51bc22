"""A process of its own for the contract suites: `writer.py TASK ADAPTER TARGET COUNT`.

Prints one line when it is ready, waits for one line, then works.
"""

import sys
from itertools import count
from pathlib import Path

from shared.errors import Conflict
from shared.gcp.documents import FirestoreDocuments
from shared.local.documents import SqliteDocuments
from shared.local.secrets import FileSecrets
from shared.ports import Put


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


def pairs(documents, _times):
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


ADAPTERS = {
    "sqlite": lambda target: SqliteDocuments(Path(target)),
    "firestore": lambda target: FirestoreDocuments(target, "(default)"),
    "files": lambda target: FileSecrets(Path(target)),
}

if __name__ == "__main__":
    _, task, adapter, target, number = sys.argv
    built = ADAPTERS[adapter](target)
    print("ready", flush=True)
    sys.stdin.readline()
    {"increment": increment, "pairs": pairs, "create": create}[task](built, int(number))
