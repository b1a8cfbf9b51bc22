"""A replica follows commits, is stored as files, and opens from them as it was."""

from datetime import timedelta
from random import Random

import pytest

from shared.engine.catching_up import Gap
from shared.engine.manifest import Manifest, fetch
from shared.engine.replica import Replica
from shared.engine.searchable import Commit
from shared.errors import Problem
from shared.indexes.guard import Panicked
from shared.local.blobs import FolderBlobs
from shared.query.ast import Compare, Question, Sort
from shared.query.kinds import Kind
from tests.shared.engine import made
from tests.shared.engine.conftest import BEGIN, SEALING, Asked, row

TITLE = Sort("property", "title", Kind.TEXT)


def opened(manifest, source, folder):
    """The replica that a manifest describes, from its stored files, in an empty folder."""
    blobs = FolderBlobs(folder / "blobs")
    for file in manifest.files:
        blobs.put(f"files/{file.sha256}", source / file.name)
    target = folder / "opened"
    target.mkdir()
    fetch(manifest, blobs, lambda file: f"files/{file.sha256}", target)
    return Replica.open(target, manifest)


@pytest.fixture
def stocked(asked):
    chance = made.by_number(Random(2))
    for begin in range(0, 200, 20):
        asked.commit({str(at): made.body(chance) for at in range(begin, begin + 20)})
    return asked.commit({}, deleted=["3", "77", "199"])


def test_one_that_is_opened_cold_equals_one_that_followed(stocked, tmp_path):
    manifest = stocked.replica.snapshot(tmp_path / "snapshot")
    manifest = Manifest.model_validate_json(manifest.model_dump_json())
    cold = Asked(opened(manifest, tmp_path / "snapshot", tmp_path))
    cold.items = dict(stocked.items)
    chance = made.by_number(Random(3))
    edits = [{str(at): made.body(chance) for at in range(0, 90, step)} for step in (7, 5, 3)]
    for edit in ({}, *edits):
        for each in (stocked, cold):
            each.commit(edit)
        assert cold.replica.seq == stocked.replica.seq
        assert cold.walk(Question().where) == stocked.walk(Question().where)
    for _ in range(40):
        where = made.leaf(chance)
        assert cold.keys(where) == stocked.keys(where) == stocked.expected(where)


def test_a_snapshot_stays_what_it_was_while_its_replica_moves_on(stocked, tmp_path):
    before = stocked.walk(Question().where)
    manifest = stocked.replica.snapshot(tmp_path / "snapshot")
    for number in range(20):  # merges, and removes files
        stocked.commit({f"more{number}": {"s.title": "x"}})
    again = Asked(opened(manifest, tmp_path / "snapshot", tmp_path))
    assert again.replica.seq == manifest.seq == stocked.replica.seq - 20
    assert again.walk(Question().where) == before


def test_the_files_of_a_snapshot_go_when_they_were_merged_away(stocked, tmp_path):
    manifest = stocked.replica.snapshot(tmp_path / "snapshot")
    cold = Asked(opened(manifest, tmp_path / "snapshot", tmp_path))
    first = {file.name for file in manifest.files}
    for number in range(40):
        cold.commit({str(at): {"s.title": f"{number}"} for at in range(200)})
    left = first & {path.name for path in (tmp_path / "opened").iterdir()}
    assert not left
    assert cold.replica.size < 4 * stocked.replica.size


def test_a_snapshot_of_an_empty_collection_opens(replica, tmp_path):
    manifest = replica.snapshot(tmp_path / "snapshot")
    again = opened(manifest, tmp_path / "snapshot", tmp_path)
    assert again.answer(Question(), SEALING).total == again.seq == 0


def test_damaged_files_are_refused_and_never_opened(stocked, tmp_path):
    manifest = stocked.replica.snapshot(tmp_path / "snapshot")
    largest = max(manifest.files, key=lambda file: file.size)
    path = tmp_path / "snapshot" / largest.name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)
    with pytest.raises(Problem) as refused:
        opened(manifest, tmp_path / "snapshot", tmp_path)
    assert refused.value.code == "unavailable"
    path.unlink()
    with pytest.raises(Problem) as missing:
        Replica.open(tmp_path / "snapshot", manifest)
    assert missing.value.code == "unavailable"


def commit(seq, *rows):
    return Commit(seq, BEGIN + timedelta(microseconds=seq), rows)


def test_a_commit_that_comes_again_changes_nothing_and_one_that_is_missing_is_told(replica):
    first, second = commit(1, row("a", {"s.p": "1"})), commit(2, row("a", {"s.p": "2"}))
    assert replica.apply([first]) == 1
    assert replica.apply([first, second]) == 2
    assert replica.apply([first]) == 2
    assert replica.bodies(["a", "b"])["a"].body == {"s.p": "2"}
    with pytest.raises(Gap) as gap:
        replica.apply([commit(4, row("a", {}))])
    assert gap.value.details == {"reason": "log_gap", "revision": 2}
    assert replica.seq == 2


def test_of_several_commits_the_newest_row_of_a_record_counts(replica):
    replica.apply(
        [
            commit(1, row("gone", {"s.p": "1"}), row("back", {"s.p": "1"})),
            commit(2, row("gone", {"s.p": "1"}, deleted=True), row("back", {}, deleted=True)),
            commit(3, row("back", {"s.p": "3"})),
        ]
    )
    (item,) = replica.answer(Question(), SEALING).items
    assert (item.key, item.body, item.seq) == ("back", {"s.p": "3"}, 3)


def test_a_commit_that_fails_leaves_everything_as_it_was_and_the_next_one_works(asked):
    asked.commit({"a": {"s.p": "before"}})
    broken = [commit(2, row("a", {"s.p": "after"}), row("b", {"s.p": "\ud800"}))]
    with pytest.raises(ValueError, match="JSON") as failed:
        asked.replica.apply(broken)
    assert asked.replica.seq == 1
    assert [item.body for item in asked.ask().items] == [{"s.p": "before"}]
    asked.commit({"c": {}})
    assert [item.key for item in asked.ask().items] == ["a", "c"]
    assert asked.ask().items[0].body == {"s.p": "before"}
    assert failed.value.__traceback__  # somebody holds what it was raised from, and the writer not


def test_sixty_commits_leave_few_parts_to_look_through(asked):
    for number in range(60):
        asked.commit({str(number): {"s.p": "x"}})
    assert asked.replica.segments <= 14
    assert asked.ask(limit=0).total == 60


def test_a_panic_is_an_ordinary_failure_and_others_are_answered_on(asked, tmp_path):
    """The engine maps its files: what is spoiled there makes it panic."""
    asked.commit({str(number): {"n.price": number + 0.5} for number in range(50)})
    other = Asked(Replica.create(_folder(tmp_path / "other"), "en")).commit({"a": {}})
    for path in (tmp_path / "replica").glob("*.fast"):
        with path.open("r+b") as stream:
            stream.write(b"\xff" * path.stat().st_size)
    with pytest.raises(Panicked) as panicked:
        asked.ask(Compare("price", Kind.DECIMAL, "gt", (3,)), limit=0)
    assert isinstance(panicked.value, Exception)
    assert other.ask().total == 1


def _folder(path):
    path.mkdir()
    return path
