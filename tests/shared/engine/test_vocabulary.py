"""All different values of a property, as Python counts them."""

from collections import Counter
from random import Random

import pytest

from shared.errors import Problem
from shared.query.ast import Compare, Not, Values
from shared.query.kinds import Kind
from shared.query.predicate import matches
from shared.query.values import values_of

NAMES = {"en": "Tent", "sv": "Tält"}


@pytest.fixture
def stocked(asked):
    chance = Random(11)
    for begin in range(0, 300, 60):
        asked.commit({str(at): record(chance) for at in range(begin, begin + 60)})
    return asked


def record(chance):
    some = {
        "s.brand": f"Brand {int(chance.expovariate(0.05))}",
        "l.colours": chance.sample(["red", "Red", "blue", ""], 2),
        "m.name": {language: f"{name} {chance.randrange(9)}" for language, name in NAMES.items()},
        "n.price": float(chance.randrange(9)),
    }
    return {key: value for key, value in some.items() if chance.random() < 0.8}


@pytest.mark.parametrize(
    ("property_", "kind", "language"),
    [
        ("brand", Kind.TEXT, None),
        ("colours", Kind.LIST, None),
        ("name", Kind.LOCALIZED_TEXT, "sv"),
        ("name", Kind.LOCALIZED_TEXT, None),
        ("price", Kind.DECIMAL, None),
        ("nothing", Kind.TEXT, None),
    ],
)
@pytest.mark.parametrize("narrow", [False, True], ids=["all", "some"])
def test_every_value_is_named_once_with_how_many_records_have_it(
    stocked, property_, kind, language, narrow
):
    where = (
        Not(Compare("colours", Kind.LIST, "eq", ("blue",))) if narrow else Values("", kind).where
    )
    found = stocked.replica.vocabulary(Values(property_, kind, language, where))
    counts = Counter()
    for item in stocked.items.values():
        if matches(where, item, stocked.replica.terms):
            counts.update(values_of(item.body, property_, kind, language))
    assert {each.value: each.count for each in found.values} == dict(counts)
    assert [each.count for each in found.values] == sorted(counts.values(), reverse=True)
    assert not found.approximate


def test_more_values_than_a_facet_may_have_are_all_there(asked):
    asked.commit({str(at): {"s.mpn": f"part {at}"} for at in range(500)})
    assert len(asked.replica.vocabulary(Values("mpn", Kind.TEXT)).values) == 500


def test_a_language_of_a_property_that_has_none_is_refused(asked):
    with pytest.raises(Problem, match="has no languages"):
        asked.replica.vocabulary(Values("brand", Kind.TEXT, "en"))


def test_a_text_past_two_hundred_letters_is_left_out_whatever_kind_it_is_of(asked):
    long = "x" * 201
    asked.commit({"1": {"s.note": long, "l.notes": [long, "short"]}, "2": {"s.note": "x" * 200}})
    found = {
        name: [each.value for each in asked.replica.vocabulary(Values(name, kind)).values]
        for name, kind in (("note", Kind.TEXT), ("notes", Kind.LIST))
    }
    assert found == {"note": ["x" * 200], "notes": ["short"]}
