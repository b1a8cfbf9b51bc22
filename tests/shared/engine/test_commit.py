"""Commits of a collection on SQLite: what is wanted is done whole, once, and can be taken back."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.engine.commit import Writer
from shared.engine.heads import CollectionName, head_of
from shared.engine.history import (
    body_before,
    commits_of_import,
    first_at,
    of_range,
    of_record,
    undo,
)
from shared.engine.log import entry_path, read_tail
from shared.engine.outcome import Idempotency
from shared.engine.prepare import MOST_BYTES, MOST_EDITS, Edit
from shared.engine.records import read_records
from shared.engine.wanted import Author, Part, Wanted
from shared.errors import Problem
from shared.local.documents import SqliteDocuments
from shared.ports.documents import Delete, Query
from shared.queries import RECORDS
from tests.counting import CountingDocuments
from tests.platform import MovedClock

NAME = CollectionName("shop", "source.products")
CONFIG = CollectionName("shop", "config")
AUTHOR = Author("ada", "studio", "request-1")


class World:
    """One collection, and the means to change it and to look."""

    def __init__(self, documents):
        self.documents = documents
        self.clock = MovedClock()
        self.writer = Writer(documents, self.clock, self.clock.advance)

    def commit(self, *edits, import_id=None, name=NAME, **wanted):
        import_id = import_id or secrets.token_hex(6)
        parts = (Part(name, tuple(edits)),)
        return self.writer.commit(Wanted(parts, AUTHOR, import_id, **wanted))

    def head(self, name=NAME):
        return head_of(self.documents.get(name.path), self.clock.now()).value

    def records(self, *keys, name=NAME):
        return read_records(self.documents, name, keys)

    def live(self, name=NAME):
        """Every record that is not deleted: its body by key."""
        query = Query(RECORDS, parents=(name.tenant, name.id), limit=1000)
        keys = [each.id[1:] for each in self.documents.query(query).items]
        return {
            key: each.body
            for key, each in self.records(*keys, name=name).items()
            if not each.deleted
        }

    def log(self, name=NAME):
        return list(read_tail(self.documents, name, 0, self.head(name).seq))


@pytest.fixture
def world(tmp_path):
    documents = SqliteDocuments(tmp_path / "documents.sqlite")
    yield World(documents)
    documents.close()


def put(key, **values):
    return Edit(key, {name.replace("_", ".", 1): value for name, value in values.items()})


def test_a_commit_writes_a_head_a_log_entry_its_records_and_what_follows_and_nothing_else(world):
    counting = CountingDocuments(world.documents)
    world.writer = Writer(counting, world.clock, world.clock.advance)
    world.commit(*(put(str(n), s_title=f"Thing {n}") for n in range(500)))
    assert len(counting.asked) == 1
    assert [len(paths) for paths in counting.commits] == [503]
    assert (world.head().seq, world.head().count) == (1, 500)


def test_what_changes_nothing_is_not_written(world):
    world.commit(put("a", s_title="One"), put("b", n_price=1.0))
    counting = CountingDocuments(world.documents)
    world.writer = Writer(counting, world.clock, world.clock.advance)
    again = world.commit(put("a", s_title="One"), put("b", n_price=1.0))
    assert counting.commits == [[]]
    assert again.prepared[NAME].unchanged == ("a", "b")
    assert again.seqs == {NAME: 1}


def test_one_is_neither_one_point_nought_nor_true(world):
    world.commit(put("a", n_price=1.0))
    world.commit(Edit("a", {"i.price": 1}))
    assert world.live() == {"a": {"i.price": 1}}
    world.commit(Edit("a", {"b.price": True}))
    assert world.live() == {"a": {"b.price": True}}
    assert world.head().seq == 3


def test_merge_keeps_replace_removes_and_none_clears(world):
    world.commit(Edit("a", {"s.title": "One", "n.price": 2.0, "m.name": {"en": "x", "sv": "y"}}))
    world.commit(Edit("a", {"s.title": None, "m.name": {"sv": None, "de": "z"}}))
    assert world.live()["a"] == {"z.title": None, "n.price": 2.0, "m.name": {"de": "z", "en": "x"}}
    world.commit(Edit("a", {"m.name": {"en": None, "de": None}}))
    assert world.live()["a"] == {"z.title": None, "n.price": 2.0, "z.name": None}
    world.commit(Edit("a", {"s.title": "Two"}, combine="replace"))
    assert world.live()["a"] == {"s.title": "Two"}
    kinds = [row.kind for entry in world.log() for row in entry.rows]
    assert kinds == ["created", "updated", "cleared", "updated"]


def test_two_collections_change_together_or_not_at_all(world):
    both = (Part(NAME, (put("a", s_title="One"),)), Part(CONFIG, (put("products", s_name="P"),)))
    world.writer.commit(Wanted(both, AUTHOR, "import-1"))
    assert (world.head().seq, world.head(CONFIG).seq) == (1, 1)
    wrong = (Part(NAME, (put("b", s_title="Two"),)), Part(CONFIG, (put("x/y", s_name="P"),)))
    with pytest.raises(Problem, match="no slash"):
        world.writer.commit(Wanted(wrong, AUTHOR, "import-2"))
    assert (world.head().seq, world.head(CONFIG).seq) == (1, 1)
    assert world.live() == {"a": {"s.title": "One"}}


@pytest.mark.parametrize(
    ("edits", "code", "said"),
    [
        (
            [put("a", s_long="x" * 10), Edit("b", {"s.t": secrets.token_hex(MOST_BYTES)})],
            "too_large",
            "'b'",
        ),
        ([Edit("a", {f"s.p{n}": "x" for n in range(10_001)})], "invalid", "10001 properties"),
        ([put(str(n), s_a="x") for n in range(MOST_EDITS + 1)], "too_large", "The first 500 fit"),
        ([put("", s_a="x")], "invalid", "1 to 256"),
        ([put("a/b", s_a="x")], "invalid", "no slash"),
        ([put("a\n", s_a="x")], "invalid", "printable"),
        ([put("k" * 257, s_a="x")], "invalid", "1 to 256"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_written_says_so_and_nothing_of_it_is_written(world, edits, code, said):
    with pytest.raises(Problem, match=said) as refused:
        world.commit(*edits)
    assert refused.value.code == code
    assert world.head().seq == 0
    assert world.live() == {}


def test_500_records_of_30_kb_are_refused_with_how_many_fit_and_those_do(world):
    edits = [Edit(str(n), {"s.text": secrets.token_hex(15_000)}) for n in range(500)]
    with pytest.raises(Problem) as refused:
        world.commit(*edits)
    fits = refused.value.details["fits"]
    assert 100 < fits < 500
    world.commit(*edits[:fits])
    assert world.head().count == fits


def test_a_large_commit_is_read_back_whole(world):
    edits = [Edit(str(n), {"s.text": secrets.token_hex(20_000)}) for n in range(60)]
    world.commit(*edits)
    assert world.documents.get(f"{entry_path(NAME, 1)}").data["parts"] > 1
    (entry,) = world.log()
    assert {row.key: row.body for row in entry.rows} == {edit.key: edit.values for edit in edits}


def test_a_record_is_changed_only_from_the_version_that_was_expected(world):
    world.commit(Edit("a", {"s.title": "One"}, expected=0))
    with pytest.raises(Problem, match="has version 1, not version 0") as refused:
        world.commit(Edit("a", {"s.title": "Two"}, expected=0))
    assert (refused.value.code, refused.value.details["version"]) == ("conflict", 1)
    world.commit(Edit("a", {"s.title": "Two"}, expected=1))
    with pytest.raises(Problem, match="'b' is not there"):
        world.commit(Edit("b", {"s.title": "Two"}, expected=3))


def test_the_same_call_again_is_answered_as_the_first_time_and_does_nothing(world):
    call = Idempotency.of("shop", "ada", "import_data", "key-1", {"n": 1})
    told = {"answer": lambda done: f"revision {done.seqs[NAME]}".encode(), "idempotency": call}
    first = world.commit(put("a", s_title="One"), **told)
    again = world.commit(put("a", s_title="Two"), **told)
    assert (first.repeated, again.repeated) == (None, b"revision 1")
    assert world.live() == {"a": {"s.title": "One"}}
    other = Idempotency.of("shop", "ada", "import_data", "key-1", {"n": 2})
    with pytest.raises(Problem, match="used with other arguments"):
        world.commit(put("b", s_title="x"), idempotency=other)
    world.clock.advance(24 * 3600 + 1)
    world.commit(put("b", s_title="x"), idempotency=other)
    assert world.head().seq == 2


def test_a_repeat_of_what_changed_nothing_is_answered_too(world):
    world.commit(put("a", s_title="One"))
    call = Idempotency.of("shop", "ada", "import_data", "key-1", {})
    world.commit(put("a", s_title="One"), idempotency=call, answer=lambda _: b"nothing")
    world.commit(put("a", s_title="Two"))
    again = world.commit(put("a", s_title="One"), idempotency=call)
    assert again.repeated == b"nothing"
    assert world.live() == {"a": {"s.title": "Two"}}


def test_a_callers_own_id_stands_for_one_import(world):
    world.commit(put("a", s_title="One"), import_id="first", correlation="feed-7")
    world.commit(put("b", s_title="Two"), import_id="first", correlation="feed-7")
    with pytest.raises(Problem, match="stands for the import first"):
        world.commit(put("c", s_title="x"), import_id="second", correlation="feed-7")
    world.clock.advance(91 * 24 * 3600)
    world.commit(put("c", s_title="x"), import_id="second", correlation="feed-7")


def test_times_rise_though_the_clock_steps_back(world):
    world.commit(put("a", s_title="One"))
    world.clock.advance(-3600)
    world.commit(put("a", s_title="Two"))
    first, second = (entry.entry.at for entry in world.log())
    assert first < second
    assert first_at(world.documents, NAME, world.head(), second) == 2
    assert first_at(world.documents, NAME, world.head(), first) == 1
    assert first_at(world.documents, NAME, world.head(), datetime(2100, 1, 1, tzinfo=UTC)) == 3


def test_history_goes_back_past_what_a_record_names_and_ends_where_the_log_does(world):
    for n in range(40):
        world.commit(put("a", i_n=n), put("b", i_n=0))
    record = world.records("a")["a"]
    events = list(of_record(world.documents, NAME, "a", record))
    assert [event.row.body["i.n"] for event in events] == [*reversed(range(40))]
    assert [body_before(event.row) for event in events[:-1]] == [
        event.row.body for event in events[1:]
    ]
    assert body_before(events[-1].row) is None
    world.documents.commit([Delete(entry_path(NAME, 5))])
    assert len(list(of_record(world.documents, NAME, "a", record))) == 35


KEYS = st.sampled_from(["a", "b", "c", "-", "__x__"])
VALUES = st.one_of(
    st.none(),
    st.text(max_size=5).map(lambda text: ("s", text)),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: ("i", number)),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: ("n", number)),
    st.booleans().map(lambda flag: ("b", flag)),
    st.lists(st.text(max_size=3), max_size=3).map(lambda items: ("l", items)),
    st.dictionaries(st.sampled_from(["en", "sv"]), st.none() | st.text(max_size=3), min_size=1).map(
        lambda values: ("m", values)
    ),
)
EDITS = st.builds(
    lambda key, values, combine: (key, values, combine),
    KEYS,
    st.dictionaries(st.sampled_from(["p", "q"]), VALUES, max_size=2),
    st.sampled_from(["merge", "merge", "replace", "delete"]),
)


def as_edit(key, values, combine):
    body = {}
    for name, value in values.items():
        body[f"{value[0]}.{name}" if value else f"s.{name}"] = value[1] if value else None
    return Edit(key, {} if combine == "delete" else body, combine=combine)


def model(before, edit):
    """What an edit does, said once more and plainly: property -> (letters, value)."""
    if edit.combine == "delete":
        return None
    after = {} if edit.combine == "replace" or before is None else dict(before)
    for key, value in edit.values.items():
        letters, name = key.split(".", 1)
        if letters == "m":
            old = after.get(name)
            kept = dict(old[1]) if old and old[0] == "m" else {}
            kept |= value
            kept = {
                language: kept[language] for language in sorted(kept) if kept[language] is not None
            }
            after[name] = ("m", kept) if kept else ("z", None)
        else:
            after[name] = ("z", None) if value is None else (letters, value)
    return after


BATCHES = st.lists(EDITS, min_size=1, max_size=4, unique_by=lambda edit: edit[0])


@given(st.lists(BATCHES, max_size=8))
def test_any_sequence_of_changes_is_the_same_on_a_plain_dict_and_the_last_can_be_undone(batches):
    with TemporaryDirectory() as folder:
        documents = SqliteDocuments(Path(folder) / "documents.sqlite")
        try:
            play(World(documents), batches)
        finally:
            documents.close()


def plainly(state):
    """A text that is the same whatever order the properties were given in. 1 is not True in it."""
    return state and repr(sorted(state.items()))


def play(world, batches):
    documents, expected, versions, states = world.documents, {}, {}, [{}]
    for number, batch in enumerate(batches):
        edits = [as_edit(*edit) for edit in batch]
        world.commit(*edits, import_id=f"import {number}")
        for edit in edits:
            before = expected.get(edit.key)
            after = model(before, edit)
            if plainly(after) != plainly(before):
                versions[edit.key] = versions.get(edit.key, 0) + 1
            if after is None:
                expected.pop(edit.key, None)
            else:
                expected[edit.key] = after
        states.append(dict(expected))
        assert as_plain(world.live()) == as_plain(with_keys(expected))
        assert world.head().count == len(expected)
    assert [entry.seq for entry in world.log()] == [*range(1, world.head().seq + 1)]
    records = world.records(*versions)
    assert {key: record.version for key, record in records.items()} == versions
    replayed = {}
    for entry in world.log():
        for row in entry.rows:
            replayed[row.key] = None if row.deletes else row.body
    assert {key: body for key, body in replayed.items() if body is not None} == world.live()
    if not batches:
        return
    seqs = commits_of_import(documents, NAME, f"import {len(batches) - 1}")
    events = list(of_range(documents, NAME, seqs))
    back = undo(events, world.records(*{event.row.key for event in events}))
    assert back.conflicts == ()
    world.commit(*back.edits)
    assert as_plain(world.live()) == as_plain(with_keys(states[-2]))


def with_keys(model):
    """The model's records as bodies."""
    return {
        key: {f"{letters}.{name}": value for name, (letters, value) in body.items()}
        for key, body in model.items()
    }


def as_plain(records):
    """Records to compare, where 1, 1.0 and true are three things and order is none."""
    return {key: sorted(map(repr, body.items())) for key, body in records.items()}
