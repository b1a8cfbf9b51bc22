"""One record against a condition, without a search engine."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.query.answers import Item
from shared.query.ast import (
    EVERYTHING,
    All,
    Any,
    Compare,
    InSegment,
    Keys,
    Linked,
    Not,
    Updated,
    Words,
)
from shared.query.kinds import Kind, epoch_milliseconds, folded, milliseconds
from shared.query.predicate import explain, matches

AT = datetime(2026, 1, 1, tzinfo=UTC)
BODY = {
    "s.brand": "Xerox",
    "n.price": 49.95,
    "i.pages": 23000,
    "b.touch": True,
    "t.released": "2009-12-10T00:00:00.5Z",
    "l.gtin": ["0095205", "0095206"],
    "m.name": {"sv": "Laserskrivare", "en": "Laser printer"},
    "ml.tags": {"en": ["new", "Sale"], "sv": []},
    "z.color": None,
    "l.none": [],
    "s.page": "https://shop.example/scanner",
    "g.segments": ["cheap"],
}
ITEM = Item("K-1", BODY, AT, 7)


def words(text):
    return text.lower().split()


def compare(name, op, *values, **more):
    kinds = {key.partition(".")[2]: Kind(key.partition(".")[0]) for key in BODY}
    return Compare(name, kinds[name], op, values, **more)


HOLD = [
    EVERYTHING,
    compare("brand", "eq", "xerox"),
    compare("brand", "in", "hp", "XEROX"),
    compare("brand", "starts_with", "xe"),
    compare("brand", "contains", "ERO"),
    compare("brand", "similar", "xreox"),
    compare("price", "eq", 49.95),
    compare("price", "between", 49, 50),
    compare("pages", "gt", 22999.5),
    compare("pages", "eq", 23000.0),
    compare("pages", "lte", 23000),
    compare("touch", "eq", True),  # noqa: FBT003
    compare("released", "lt", datetime(2009, 12, 10, 0, 0, 1, tzinfo=UTC)),
    compare("released", "gte", datetime(2009, 12, 10, tzinfo=UTC)),
    compare("gtin", "eq", "0095206"),
    compare("name", "eq", "laser printer"),
    compare("name", "eq", "laserskrivare", language="sv"),
    compare("tags", "eq", "SALE", language="en"),
    compare("tags", "exists", language="en"),
    compare("price", "exists"),
    compare("color", "cleared"),
    compare("none", "cleared"),
    Keys(("a", "K-1")),
    Keys(("K-",), op="starts_with"),
    Updated(start=AT),
    Updated(end=AT + timedelta(microseconds=1)),
    Words("laser PRINTER xerox"),
    Words("printer", on=("name",)),
    InSegment("cheap"),
    Linked("gtin", Kind.LIST, ("x", "0095205")),
    Linked("pages", Kind.INTEGER, ("23000",)),
]
DO_NOT = [
    Any(()),
    compare("brand", "eq", "xerox", case_sensitive=True),
    compare("brand", "contains", "ERO", case_sensitive=True),
    compare("brand", "similar", "xxeerox"),
    Compare("brand", Kind.LIST, "eq", ("Xerox",)),
    Compare("pages", Kind.DECIMAL, "eq", (23000,)),
    compare("pages", "lt", 23000),
    compare("name", "eq", "laser printer", language="sv"),
    compare("tags", "exists", language="sv"),
    Compare("brand", Kind.LOCALIZED_TEXT, "exists", language="sv"),
    compare("color", "exists"),
    compare("none", "exists"),
    Compare("not there", Kind.TEXT, "exists"),
    Compare("not there", Kind.TEXT, "cleared"),
    Keys(("k-1",)),
    Updated(end=AT),
    Words("scanner"),
    Words("printer", on=("brand",)),
    Words(" "),
    InSegment("Cheap"),
    Linked("brand", Kind.TEXT, ("",)),
    Linked("pages", Kind.INTEGER, ("many",)),
]


@pytest.mark.parametrize("where", HOLD)
def test_what_holds_of_a_record_matches_and_its_negation_does_not(where):
    assert matches(where, ITEM, words)
    assert not matches(Not(where), ITEM, words)


@pytest.mark.parametrize("where", DO_NOT)
def test_what_does_not_hold_is_no_match_and_its_negation_is_one(where):
    assert not matches(where, ITEM, words)
    assert matches(Not(where), ITEM, words)


def test_why_a_record_does_not_match_is_told_with_what_it_has():
    cheap = compare("price", "lt", 20)
    brand = compare("brand", "eq", "hp")
    named = Compare("name", Kind.LOCALIZED_TEXT, "eq", ("x",), "sv")
    found = explain(
        All((cheap, Any((brand, InSegment("new"), named)), Not(Keys(("K-1",))))), ITEM, words
    )
    assert not found.holds
    price, either, key = found.of
    assert (price.condition, price.holds, price.actual) == (cheap, False, (49.95,))
    assert [each.actual for each in either.of] == [("Xerox",), ("cheap",), ("Laserskrivare",)]
    assert [each.holds for each in (either, *either.of)] == [False] * 4
    assert (key.holds, key.of[0].holds, key.of[0].actual) == (False, True, ("K-1",))


def test_why_shows_a_value_of_another_kind_than_the_condition_expects():
    asked = Compare("price", Kind.INTEGER, "eq", (49,))
    assert explain(asked, ITEM, words).actual == (49.95,)
    assert explain(Compare("none such", Kind.TEXT, "eq", ("",)), ITEM, words).actual == ()
    assert explain(Words("x", on=("brand",)), ITEM, words).actual == ("Xerox",)
    assert explain(Updated(end=AT), ITEM, words).actual == (AT,)
    assert explain(Linked("gtin", Kind.LIST, ("y",)), ITEM, words).actual == (
        ["0095205", "0095206"],
    )


@pytest.mark.parametrize("where", [*HOLD, *DO_NOT])
def test_why_agrees_with_whether(where):
    assert explain(where, ITEM, words).holds == matches(where, ITEM, words)


def test_a_time_is_its_milliseconds_exactly():
    for milli in range(1000):
        assert milliseconds(f"2009-12-10T00:00:00.{milli:03}Z") == 1260403200000 + milli


@given(st.datetimes(timezones=st.just(UTC)))
def test_milliseconds_never_step_back(at):
    later = at + timedelta(microseconds=1) if at.year < 9999 else at
    assert epoch_milliseconds(at) <= epoch_milliseconds(later)


@given(st.text())
def test_folding_is_done_letter_by_letter(text):
    assert folded(text) == "".join(map(folded, text))
