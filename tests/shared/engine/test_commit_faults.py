"""Commits when somebody is faster, or when the store's answer is lost: once, or not at all."""

import pytest

from shared.engine.commit import MOST_TRIES, PATIENCE, Writer
from shared.engine.log import read_tail
from shared.engine.outcome import Idempotency
from shared.engine.prepare import Edit
from shared.engine.turns import take, turn_path
from shared.errors import Problem
from shared.local.documents import SqliteDocuments
from tests.shared.engine.interposed import (
    Faster,
    Interposed,
    Late,
    never_arrived,
    reply_lost,
    silence,
)
from tests.shared.engine.test_commit import NAME, World, put

LOST = pytest.mark.parametrize(
    "befalls", [reply_lost, never_arrived, Late()], ids=["applied", "lost", "applied late"]
)


@pytest.fixture
def world(tmp_path):
    documents = SqliteDocuments(tmp_path / "documents.sqlite")
    world = World(documents)
    world.commit(put("a", i_n=0), put("b", i_n=0))
    yield world
    documents.close()


def befallen(world, befalls):
    """The same collection, written by an instance that something befalls."""
    other = World(world.documents)
    interposed = Interposed(world.documents, befalls)
    other.writer = Writer(interposed, world.clock, world.clock.advance)
    other.interposed = interposed
    return other


def rows(world):
    return [(entry.seq, [row.key for row in entry.rows]) for entry in world.log()]


@LOST
def test_a_commit_whose_answer_is_lost_is_applied_once_and_reported_as_it_was(world, befalls):
    done = befallen(world, befalls).commit(put("a", i_n=1), put("c", i_n=1))
    assert done.seqs == {NAME: 2}
    assert [each.row.key for each in done.prepared[NAME].changed] == ["a", "c"]
    assert rows(world) == [(1, ["a", "b"]), (2, ["a", "c"])]
    assert world.records("a")["a"].version == 2
    assert world.head().count == 3


@LOST
def test_a_deletion_whose_answer_is_lost_is_reported_as_a_deletion(world, befalls):
    done = befallen(world, befalls).commit(Edit("a", combine="delete"))
    assert [each.row.kind for each in done.prepared[NAME].changed] == ["deleted"]
    assert world.head().count == 1


@LOST
def test_a_call_with_a_key_whose_answer_is_lost_is_applied_once(world, befalls):
    call = Idempotency.of("shop", "ada", "import_data", "key-1", {})
    other = befallen(world, befalls)
    first = other.commit(put("a", i_n=1), idempotency=call, answer=lambda _: b"first")
    again = other.commit(put("a", i_n=1), idempotency=call, answer=lambda _: b"again")
    assert b"first" in (first.repeated, again.repeated)
    assert again.repeated == b"first"
    assert rows(world) == [(1, ["a", "b"]), (2, ["a"])]


def test_where_it_cannot_be_learned_what_became_of_a_commit_that_is_said_with_its_import(world):
    class Gone(Interposed):
        def get_many(self, paths):
            if self.commits:
                raise silence()
            return super().get_many(paths)

    other = World(world.documents)
    other.writer = Writer(Gone(world.documents, reply_lost), world.clock)
    with pytest.raises(Problem, match="may have been applied") as unknown:
        other.commit(put("a", i_n=1), import_id="import-7")
    assert unknown.value.details == {"reason": "outcome_unknown", "import_id": "import-7"}
    (entry,) = read_tail(world.documents, NAME, 1, 2)
    assert entry.entry.import_id == "import-7"


def test_who_loses_to_others_elsewhere_in_the_collection_does_not_read_the_records_again(world):
    faster = Faster(3, lambda number: world.commit(put("b", i_n=number + 10)))
    other = befallen(world, faster)
    done = other.commit(put("a", i_n=1))
    assert done.seqs == {NAME: 5}
    assert rows(world) == [(1, ["a", "b"]), (2, ["b"]), (3, ["b"]), (4, ["b"]), (5, ["a"])]
    record = world.records("a")["a"]
    assert (record.version, record.seqs, record.body) == (2, (5, 1), {"i.n": 1})


def test_who_loses_to_somebody_who_changed_the_same_record_decides_anew(world):
    faster = Faster(1, lambda _: world.commit(Edit("a", {"s.title": "Theirs", "i.n": 9})))
    befallen(world, faster).commit(put("a", i_n=1))
    record = world.records("a")["a"]
    assert record.body == {"s.title": "Theirs", "i.n": 1}
    assert record.version == 3
    (last,) = read_tail(world.documents, NAME, 2, 3)
    assert last.rows[0].changes == (("i.n", None, (9,)),)


def test_an_expected_version_holds_against_somebody_faster(world):
    faster = Faster(1, lambda _: world.commit(put("a", i_n=9)))
    with pytest.raises(Problem, match="has version 2, not version 1"):
        befallen(world, faster).commit(Edit("a", {"i.n": 1}, expected=1))
    assert world.live()["a"] == {"i.n": 9}


def test_who_loses_with_a_call_that_somebody_else_made_gets_the_first_answer(world):
    call = Idempotency.of("shop", "ada", "import_data", "key-1", {})

    def theirs(_):
        world.commit(put("a", i_n=1), idempotency=call, answer=lambda _: b"theirs")

    done = befallen(world, Faster(1, theirs)).commit(put("a", i_n=1), idempotency=call)
    assert done.repeated == b"theirs"
    assert rows(world) == [(1, ["a", "b"]), (2, ["a"])]


def test_who_loses_every_time_says_that_nothing_was_lost(world):
    faster = Faster(MOST_TRIES + 1, lambda number: world.commit(put("b", i_n=number + 10)))
    with pytest.raises(Problem, match="Nothing was lost") as lost:
        befallen(world, faster).commit(put("a", i_n=1))
    assert lost.value.code == "unavailable"
    assert world.live()["a"] == {"i.n": 0}


@pytest.mark.parametrize("number", range(3))
def test_a_writer_that_dies_before_a_commit_leaves_nothing_of_it(world, number):
    class Died(BaseException):
        pass

    def dies(at, writes, commit):
        del writes
        if at == number:
            raise Died
        commit()

    other = befallen(world, dies)
    for done in range(number):
        other.commit(put("a", i_n=done + 1), put("b", i_n=done + 1))
    with pytest.raises(Died):
        other.commit(put("a", i_n=99), put("b", i_n=99))
    assert world.live() == {key: {"i.n": number} for key in ("a", "b")}
    assert world.head().seq == number + 1
    world.commit(put("a", i_n=77))
    assert world.head().seq == number + 2


def test_who_keeps_losing_gets_a_turn_that_others_wait_for(world):
    """The others lose nothing: they commit after it, or once its time is over."""
    lost = []

    def theirs(number):
        lost.append(number)
        world.commit(put("b", i_n=number + 10))

    class UntilTheTurn(Faster):
        """Somebody is faster until the turn is taken; from then on they ask and wait."""

        def __call__(self, number, writes, commit):
            if number <= PATIENCE and not any("leases/" in write.path for write in writes):
                theirs(number)
            commit()

    done = befallen(world, UntilTheTurn(0, None)).commit(put("a", i_n=1))
    assert lost == [*range(PATIENCE)]
    assert done.seqs == {NAME: PATIENCE + 2}
    assert world.documents.get(turn_path(NAME)) is None


def test_a_turn_whose_holder_died_is_waited_for_and_then_passed_over(world):
    assert take(world.documents, NAME, None, "somebody dead", world.clock.now())
    before = world.clock.time()
    world.commit(put("a", i_n=1))
    assert 9 < world.clock.time() - before < 12
    assert world.live()["a"] == {"i.n": 1}
