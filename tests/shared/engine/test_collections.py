"""Collections as those above use them: searchable the moment they are written, on any instance."""

import secrets

import pytest

from shared.app import App
from shared.auth import keyring
from shared.engine.collections import collections
from shared.engine.heads import CollectionName
from shared.engine.prepare import Edit
from shared.engine.wanted import Author, Part, Wanted
from shared.errors import Problem
from shared.query.ast import Compare, Facet, Question, Sort, Words
from shared.query.kinds import Kind
from shared.settings import Settings
from tests.platform import MovedClock

NAME = CollectionName("shop", "source.products")
OTHER = CollectionName("rival", "source.products")


class Instance:
    """One instance of a function: its own replicas, the same documents as the others."""

    def __init__(self, folder, name):
        settings = Settings(data=folder, cache=folder / name)
        self.app = App(settings, MovedClock())
        keyring.create_missing(self.app.secrets)
        self.collections = collections(self.app)

    def commit(self, *edits, name=NAME):
        wanted = Wanted((Part(name, edits),), Author("ada", "tests", "r"), secrets.token_hex(6))
        return self.collections.commit(wanted).seqs[name]

    def ask(self, name=NAME, **question):
        return self.collections.ask(name, Question(**question))


@pytest.fixture
def instances(tmp_path):
    both = [Instance(tmp_path, name) for name in ("one", "two")]
    yield both
    for each in both:
        each.app.close()


def is_by(brand):
    return Compare("brand", Kind.TEXT, "eq", (brand,))


def test_two_instances_in_turn_never_miss_what_was_acknowledged(instances):
    for number in range(20):
        writer, reader = instances[number % 2], instances[1 - number % 2]
        seq = writer.commit(Edit(str(number), {"s.brand": f"Brand {number % 3}", "i.n": number}))
        for instance in (reader, writer):
            asked = instance.ask(where=is_by(f"brand {number % 3}"), limit=200)
            assert (asked.freshness.revision, asked.freshness.behind) == (seq, 0)
            assert str(number) in [item.key for item in asked.answer.items]
        if number % 4 == 3:
            writer.commit(Edit(str(number), combine="delete"))
            keys = [item.key for item in reader.ask(limit=200).answer.items]
            assert str(number) not in keys
            assert len(keys) == reader.collections.head(NAME).count


def test_a_question_filters_orders_counts_and_finds_words(instances):
    one, two = instances
    one.commit(
        *(
            Edit(
                f"p{n}",
                {"s.brand": "HP" if n % 2 else "Xerox", "n.price": float(n), "s.t": f"Printer {n}"},
            )
            for n in range(10)
        )
    )
    asked = two.ask(
        where=is_by("hp"),
        order=(Sort("property", "price", Kind.DECIMAL, descending=True),),
        facets=(Facet("brand", Kind.TEXT),),
        limit=2,
    )
    assert [item.body["n.price"] for item in asked.answer.items] == [9.0, 7.0]
    assert asked.answer.total == 5
    assert [(each.value, each.count) for each in asked.answer.facets[0]] == [("HP", 5)]
    assert two.ask(where=Words("printers 3")).answer.items[0].key == "p3"


def test_tenants_with_collections_of_one_name_never_see_each_other(instances):
    one, two = instances
    one.commit(Edit("a", {"s.brand": "ours"}))
    one.commit(Edit("b", {"s.brand": "theirs"}), name=OTHER)
    assert [item.key for item in two.ask().answer.items] == ["a"]
    assert [item.key for item in two.ask(name=OTHER).answer.items] == ["b"]
    cursor = one.ask(limit=0).answer.cursor
    assert cursor is None
    one.commit(Edit("c", {"s.brand": "ours"}))
    cursor = two.ask(limit=1).answer.cursor
    with pytest.raises(Problem) as refused:
        two.ask(name=OTHER, limit=1, cursor=cursor)
    assert refused.value.code in ("invalid", "cursor_expired")


def test_a_collection_nobody_wrote_to_is_empty(instances):
    asked = instances[0].ask()
    assert (asked.answer.items, asked.answer.total, asked.freshness.head) == ((), 0, 0)
