"""Edits beyond merging: what is kept, touched, expected, and decided by more than its records."""

import pytest

from shared.engine.prepare import Edit, Outdated, Stale
from shared.engine.wanted import Part, Wanted
from shared.local.documents import SqliteDocuments
from tests.shared.engine.test_commit import AUTHOR, NAME, World, put


@pytest.fixture
def world(tmp_path):
    documents = SqliteDocuments(tmp_path / "documents.sqlite")
    yield World(documents)
    documents.close()


def test_what_is_kept_survives_being_replaced_and_only_where_it_was(world):
    keeps = frozenset({"state", "level"})
    world.commit(Edit("a", {"s.name": "One", "s.state": "on", "i.level": 3, "t.state.since": "x"}))
    world.commit(
        Edit("a", {"s.name": "Two", "s.state": "off"}, combine="replace", keeps=keeps),
        Edit("b", {"s.name": "New", "s.state": "off"}, combine="replace", keeps=keeps),
    )
    assert world.live() == {
        "a": {"s.name": "Two", "s.state": "on", "i.level": 3, "t.state.since": "x"},
        "b": {"s.name": "New", "s.state": "off"},
    }


def test_what_is_touched_is_a_version_also_where_nothing_changes(world):
    world.commit(put("a", s_name="One"))
    world.commit(Edit("a", {"s.name": "One"}, touch=True))
    record = world.records("a")["a"]
    assert (record.version, record.seqs) == (2, (2, 1))
    (row,) = world.log()[-1].rows
    assert (row.kind, row.changes) == ("updated", ())


def test_who_expected_another_version_is_told_what_the_record_is_now(world):
    world.commit(put("a", s_name="One"))
    with pytest.raises(Stale) as stale:
        world.commit(Edit("a", {"s.name": "Two"}, expected=7))
    assert stale.value.record == world.records("a")["a"]
    world.commit(Edit("a", combine="delete"))
    with pytest.raises(Stale) as gone:
        world.commit(Edit("a", {"s.name": "Two"}, expected=1))
    assert gone.value.record is None


def test_the_engines_own_keys_are_no_properties_of_the_same_name(world):
    world.commit(Edit("a", {"g.type": "Demo/Machine", "s.type": "lathe"}))
    world.commit(Edit("a", {"s.type": "mill"}))
    assert world.live() == {"a": {"g.type": "Demo/Machine", "s.type": "mill"}}


def test_what_was_decided_by_the_whole_collection_is_decided_anew_after_any_commit(world):
    """Another record than those that it touches may have been what it was decided by."""
    world.commit(put("a", s_name="One"))
    decided = Part(NAME, (put("b", s_name="Two"),), decided_at=world.head().seq)
    world.commit(put("c", s_name="Between"))
    with pytest.raises(Outdated):
        world.writer.commit(Wanted((decided,), AUTHOR, "import"))
    assert set(world.live()) == {"a", "c"}


def test_a_commit_between_reading_and_writing_outdates_what_was_decided(world):
    world.commit(put("a", s_name="One"))
    documents = world.documents

    class Raced:
        """The store, with somebody who commits just before the first commit."""

        def __getattr__(self, name):
            return getattr(documents, name)

        def commit(self, writes):
            self.commit = documents.commit
            world.commit(put("c", s_name="Between"))
            return documents.commit(writes)

    other = World(Raced())
    decided = Part(NAME, (put("b", s_name="Two"),), decided_at=world.head().seq)
    with pytest.raises(Outdated):
        other.writer.commit(Wanted((decided,), AUTHOR, "import"))
    assert set(world.live()) == {"a", "c"}
