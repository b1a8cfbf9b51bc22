"""What SqliteDocuments promises beyond the port: one file, many threads and processes."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from shared import queries
from shared.errors import Problem
from shared.local.documents import SqliteDocuments
from shared.ports.documents import Add, Put, Query

REPOSITORY = Path(__file__).parents[3]
FORKED = """
import os, sys
from pathlib import Path
from shared.local.documents import SqliteDocuments
from shared.ports.documents import Add
documents = SqliteDocuments(Path(sys.argv[1]))
if sys.argv[2] == "used":
    documents.commit([Add("things/a", {"n": 1})])
    documents.get("things/a")
child = os.fork()
for _ in range(50):
    documents.commit([Add("things/a", {"n": 1})])
    documents.get("things/a")
if child == 0:
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
print(documents.get("things/a").data["n"])
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "documents.db"


@pytest.fixture
def documents(file):
    adapter = SqliteDocuments(file)
    yield adapter
    adapter.close()


def test_nothing_is_made_before_it_is_used(file):
    SqliteDocuments(file)
    assert not file.exists()


@pytest.mark.parametrize(("before", "total"), [("fresh", "100\n"), ("used", "101\n")])
def test_a_fork_shares_the_file_but_no_connection(file, before, total):
    command = [sys.executable, "-c", FORKED, file, before]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout == total
    assert ran.stderr == ""


def test_reads_go_on_while_another_process_writes(documents, file):
    documents.commit([Put("tenants/a", {"n": 1})])
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM documents")
        assert documents.get("tenants/a").data == {"n": 1}
        assert len(documents.query(Query(queries.TENANTS)).items) == 1
        other.execute("ROLLBACK")


def test_a_file_that_stays_busy_is_unavailable_and_nothing_is_written(documents, file):
    documents.commit([Put("things/a", {"n": 1})])
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as other,
        closing(SqliteDocuments(file, wait=0.05)) as impatient,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Problem, match="unavailable"):
            impatient.commit([Put("things/a", {"n": 2})])
    assert documents.get("things/a").data == {"n": 1}
    documents.commit([Put("things/a", {"n": 3})])
    assert documents.get("things/a").data == {"n": 3}


def test_threads_read_whole_commits_only(documents):
    paths = [f"things/{n}" for n in range(10)]
    documents.commit([Add(path, {"n": 1}) for path in paths])

    def read(_):
        return {found.data["n"] for found in documents.get_many(paths).values()}

    with ThreadPoolExecutor(4) as pool:
        written = pool.map(
            lambda _: documents.commit([Add(path, {"n": 1}) for path in paths]), range(50)
        )
        seen = list(pool.map(read, range(200)))
        list(written)
    assert all(len(numbers) == 1 for numbers in seen)
    assert read(None) == {51}


def test_a_file_written_with_other_shapes_is_indexed_anew(documents, file):
    documents.commit([Put("tenants/a", {}), Put("things/a", {})])
    documents.close()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE shapes SET name = 'older' WHERE rowid = 1")
        database.execute("DELETE FROM entries")
    again = SqliteDocuments(file)
    assert [item.id for item in again.query(Query(queries.TENANTS)).items] == ["a"]
    again.close()
