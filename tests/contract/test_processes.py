"""What holds between processes, and when one of them is killed."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.ports.documents import Put

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).parents[2]
WRITERS = 8


@pytest.fixture
def start():
    """Starts `writer.py` in a process of its own that waits for a line before it works."""
    with ExitStack() as stack:

        def run(*arguments):
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.contract.writer", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=REPOSITORY,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield run


def go(processes):
    """Let processes work at the same time."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


@pytest.fixture(params=["sqlite", "firestore"])
def place(request):
    """An adapter's name and what builds it again in another process."""
    adapter = request.getfixturevalue(f"{request.param}_documents")
    target = {"sqlite": "tmp_path", "firestore": "firestore_project"}[request.param]
    path = request.getfixturevalue(target)
    return adapter, request.param, path / "documents.db" if request.param == "sqlite" else path


def test_compare_and_set_from_many_processes_loses_nothing(place, start):
    documents, adapter, target = place
    documents.commit([Put("things/counter", {"n": 0})])
    writers = [start("increment", adapter, target, 10) for _ in range(WRITERS)]
    go(writers)
    assert [writer.wait(60) for writer in writers] == [0] * WRITERS
    assert documents.get("things/counter").data == {"n": WRITERS * 10}


@pytest.mark.parametrize("after", [1, 7, 30])
def test_a_process_killed_while_it_commits_leaves_all_or_nothing(place, start, after):
    documents, adapter, target = place
    writer = start("many", adapter, target, 0)
    go([writer])
    for _ in range(after):
        acknowledged = int(writer.stdout.readline())
    writer.kill()
    writer.wait()
    acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
    found = documents.get_many([f"things/{n}" for n in range(20)])
    assert len(found) == 20
    (kept,) = {item.data["n"] for item in found.values()}
    assert kept in {acknowledged, acknowledged + 1}
    documents.commit([Put("things/0", {"n": "usable"})])
    assert documents.get("things/0").data == {"n": "usable"}


def test_processes_that_make_the_same_sqlite_file_at_once_all_succeed(tmp_path, start):
    target = tmp_path / "deep" / "documents.db"
    writers = [start("add", "sqlite", target, 5) for _ in range(WRITERS)]
    go(writers)
    assert [writer.wait(60) for writer in writers] == [0] * WRITERS
    assert [int(writer.stdout.read()) for writer in writers].count(WRITERS * 5) >= 1
    assert {path.name for path in target.parent.iterdir()} <= {
        "documents.db",
        "documents.db-wal",
        "documents.db-shm",
    }


def test_of_processes_creating_one_secret_exactly_one_wins(tmp_path, start):
    target = tmp_path / "secrets"
    writers = [start("create", "files", target, n) for n in range(WRITERS)]
    go(writers)
    answers = [writer.stdout.readline() for writer in writers]
    assert sorted(answers) == ["lost\n"] * (WRITERS - 1) + ["won\n"]
    winner = answers.index("won\n")
    assert (target / "signing-key").read_bytes() == str(winner).encode() * 1000
    assert [path.name for path in target.iterdir()] == ["signing-key"]
