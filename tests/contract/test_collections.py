"""Collections on every store: what several processes commit is there once, killed or not.

What one process does is in `tests/shared/engine`; here are real stores and real processes.
"""

import subprocess
import sys
import threading
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from shared.engine.heads import head_of
from shared.engine.log import read_tail
from shared.engine.records import read_records
from shared.ports.documents import Query
from shared.queries import RECORDS
from shared.records import every
from tests.contract.committer import NAME
from tests.platform import MovedClock

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
COMMITS = 40
KILLED_AFTER = (1, 4, 9)
"""Which answer each of the killed processes has given last."""


@pytest.fixture(params=["sqlite", "firestore"])
def place(request):
    """An adapter, and what builds it again in another process."""
    adapter = request.getfixturevalue(f"{request.param}_documents")
    target = {"sqlite": "tmp_path", "firestore": "firestore_project"}[request.param]
    path = request.getfixturevalue(target)
    return adapter, request.param, path / "documents.db" if request.param == "sqlite" else path


class Committer:
    """A process that commits; `answers` are what it said, as far as it came."""

    def __init__(self, stack, adapter, target, worker, kill_after=None):
        arguments = (adapter, str(target), worker, str(COMMITS))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.contract.committer", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        stack.enter_context(self._process)
        stack.callback(self._process.kill)
        self.answers = []
        self._kill_after = kill_after
        self._reader = threading.Thread(target=self._read)
        assert self._process.stdout.readline() == "ready\n"

    def go(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            seq, import_id, changed = line.split()
            self.answers.append((int(seq), import_id, int(changed)))
            if len(self.answers) == self._kill_after:
                self._process.kill()

    def wait(self):
        self._reader.join()
        return self._process.wait()


def test_every_answered_commit_is_there_once_though_processes_are_killed(place):
    documents, adapter, target = place
    with ExitStack() as stack:
        lasting = [Committer(stack, adapter, target, f"w{n}") for n in range(2)]
        killed = [
            Committer(stack, adapter, target, f"k{n}", after)
            for n, after in enumerate(KILLED_AFTER)
        ]
        for each in (*lasting, *killed):
            each.go()
        assert [each.wait() for each in lasting] == [0, 0]
        assert all(each.wait() != 0 for each in killed)
    head = head_of(documents.get(NAME.path), MovedClock().now()).value
    log = list(read_tail(documents, NAME, 0, head.seq))
    assert [entry.seq for entry in log] == [*range(1, head.seq + 1)]
    assert all(one.entry.at < two.entry.at for one, two in pairwise(log))
    imports = {entry.entry.import_id: entry.seq for entry in log}
    assert len(imports) == len(log)
    answered = [answer for each in (*lasting, *killed) for answer in each.answers]
    assert {import_id: seq for seq, import_id, changed in answered if changed}.items() <= (
        imports.items()
    )
    versions, replayed = {}, {}
    for entry in log:
        for row in entry.rows:
            assert row.version == versions.get(row.key, 0) + 1
            versions[row.key] = row.version
            replayed[row.key] = None if row.deletes else row.body
    paths = [each.id[1:] for each in every(documents, Query(RECORDS, tuple(NAME), limit=500))]
    records = read_records(documents, NAME, paths)
    assert {key: record.version for key, record in records.items()} == versions
    assert {key: None if r.deleted else r.body for key, r in records.items()} == replayed
    live = [key for key, body in replayed.items() if body is not None]
    assert (head.count, head.changes) == (len(live), sum(len(entry.rows) for entry in log))
