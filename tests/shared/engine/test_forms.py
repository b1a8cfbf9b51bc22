"""Each form in which a condition is put to the search engine, by itself.

A new version of the engine is used when these hold.
"""

# ruff: noqa: RUF001  letters that look like others are what is tried

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.engine.search import MOST_CANDIDATES
from shared.errors import Problem
from shared.query.answers import Counted
from shared.query.ast import (
    All,
    Any,
    Compare,
    Facet,
    InSegment,
    Keys,
    Linked,
    Not,
    Sort,
    Updated,
    Words,
)
from shared.query.kinds import Kind
from tests.shared.engine.conftest import BEGIN

LONG = "The quick brown fox jumps over the lazy dog. " * 6


def texts(asked, *values, kind="s"):
    """A record for each value, by number, in two commits: two index segments."""
    for begin in (0, 1):
        asked.commit({str(at): {f"{kind}.p": values[at]} for at in range(begin, len(values), 2)})


def text(op, *values, kind=Kind.TEXT, **more):
    return Compare("p", kind, op, values, **more)


def integer(op, *values):
    return Compare("p", Kind.INTEGER, op, values)


def decimal(op, *values):
    return Compare("p", Kind.DECIMAL, op, values)


def test_text_is_equal_whatever_its_letter_case_and_only_as_a_whole(asked):
    texts(asked, "HP", "hp", "HP Inc", "", "2009-12-10T00:00:00Z", "12")
    assert asked.keys(text("eq", "Hp")) == ["0", "1"]
    assert asked.keys(text("eq", "")) == ["3"]
    assert asked.keys(text("eq", "2009-12-10T00:00:00Z")) == ["4"]
    assert asked.keys(text("eq", "2009-12-10T00:00:00z")) == ["4"]
    assert asked.keys(text("in", "12", "hp inc", "none")) == ["2", "5"]
    assert asked.keys(text("in")) == []


def test_letter_case_counts_where_that_is_asked_for(asked):
    texts(asked, "HP", "hp", "hP desk", LONG, LONG.lower())
    assert asked.keys(text("eq", "hp", case_sensitive=True)) == ["1"]
    assert asked.keys(text("starts_with", "hP", case_sensitive=True)) == ["2"]
    assert asked.keys(text("contains", "Quick", case_sensitive=True)) == []
    assert asked.keys(text("contains", "The quick", case_sensitive=True)) == ["3"]
    assert asked.keys(text("eq", LONG.lower(), case_sensitive=True)) == ["4"]


def test_one_of_many_values_is_one_question_for_any_kind(asked):
    many = [f"value {number}" for number in range(200)]
    asked.commit({"a": {"s.p": "VALUE 199"}, "b": {"i.p": 199}, "c": {"n.p": 199.0}})
    asked.commit({"d": {"t.p": "2026-01-01T00:00:00.199Z"}, "199": {"b.p": True}})
    assert asked.keys(text("in", *many)) == ["a"]
    assert asked.keys(integer("in", *range(200))) == ["b"]
    assert asked.keys(decimal("in", *range(200))) == ["c"]
    times = [BEGIN + timedelta(milliseconds=number) for number in range(200)]
    assert asked.keys(Compare("p", Kind.TIMESTAMP, "in", tuple(times))) == ["d"]
    assert asked.keys(Keys(tuple(map(str, range(200))))) == ["199"]
    assert asked.keys(Compare("p", Kind.BOOLEAN, "eq", (True,))) == ["199"]


def test_a_value_of_another_kind_is_no_match_but_is_a_value(asked):
    asked.commit({"a": {"s.p": "12"}, "b": {"i.p": 12}, "c": {"n.p": 12.0}, "d": {"l.p": ["12"]}})
    assert asked.keys(text("eq", "12")) == ["a"]
    assert asked.keys(integer("eq", 12)) == ["b"]
    assert asked.keys(integer("eq", 12.0)) == ["b"]
    assert asked.keys(integer("eq", 12.5)) == []
    assert asked.keys(decimal("eq", 12)) == ["c"]
    assert asked.keys(text("eq", "12", kind=Kind.LIST)) == ["d"]
    assert asked.keys(text("exists")) == ["a", "b", "c", "d"]


def test_bounds_with_fractions_hold_where_a_column_has_whole_numbers_only(asked):
    """Both bounds in one range would be a panic there."""
    texts(asked, 1.0, 2.5, 3.0, -3.5, 12.0, 12.25, kind="n")
    texts_of_whole = {str(number): {"n.p": float(number)} for number in range(6, 9)}
    asked.commit(texts_of_whole)
    assert asked.keys(decimal("between", -3.0, 12.2)) == ["0", "1", "2", "4", "6", "7", "8"]
    assert asked.keys(decimal("gt", 12.0)) == ["5"]
    assert asked.keys(decimal("gte", 12.0)) == ["4", "5"]
    assert asked.keys(decimal("lt", -0.5)) == ["3"]
    assert asked.keys(decimal("lte", 6.5)) == ["0", "1", "2", "3", "6"]


def test_bounds_hold_at_the_ends_of_what_numbers_there_are(asked):
    ends = [-(2**63), -(2**53) - 1, 2**53, 2**53 + 1, 2**63 - 2, 2**63 - 1]
    texts(asked, *ends, kind="i")
    assert asked.keys(integer("gt", 2**53)) == ["3", "4", "5"]
    assert asked.keys(integer("gte", 2**63 - 1)) == ["5"]
    assert asked.keys(integer("lt", -(2**53))) == ["0", "1"]
    assert asked.keys(integer("gt", 2**63)) == asked.keys(integer("lt", -(10.0**30))) == []
    assert len(asked.keys(integer("lt", 10.0**300))) == len(ends)
    assert len(asked.keys(integer("between", -(10**30), 10**30))) == len(ends)
    assert asked.keys(integer("gte", 2.5)) == ["2", "3", "4", "5"]


def test_bounds_hold_for_the_smallest_and_the_largest_decimals(asked):
    texts(asked, 5e-324, 1.7976931348623157e308, -1e300, 0.0, 1e19, kind="n")
    assert asked.keys(decimal("gt", 0)) == ["0", "1", "4"]
    assert asked.keys(decimal("lt", 0)) == ["2"]
    assert asked.keys(decimal("eq", -0.0)) == ["3"]
    assert asked.keys(decimal("gte", 1e19)) == ["1", "4"]
    assert asked.keys(decimal("lte", 5e-324)) == ["0", "2", "3"]


def test_times_are_compared_to_the_millisecond_in_any_offset(asked):
    texts(asked, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001999Z", "1969-12-31T23:59:59Z",
          kind="t")  # fmt: skip
    east = timezone(timedelta(hours=2))
    at = datetime(2026, 1, 1, 2, tzinfo=east)
    assert asked.keys(Compare("p", Kind.TIMESTAMP, "eq", (at,))) == ["0"]
    later = at + timedelta(milliseconds=1)
    assert asked.keys(Compare("p", Kind.TIMESTAMP, "gt", (at,))) == ["1"]
    assert asked.keys(Compare("p", Kind.TIMESTAMP, "eq", (later,))) == ["1"]
    assert asked.keys(Compare("p", Kind.TIMESTAMP, "lt", (datetime(1970, 1, 1, tzinfo=UTC),))) == [
        "2"
    ]


def test_what_has_no_value_is_told_from_what_is_not_there(asked):
    asked.commit({"value": {"s.p": ""}, "cleared": {"z.p": None}, "list": {"l.p": []}, "not": {}})
    asked.commit({"localized": {"m.p": {"sv": "a"}}, "tags": {"ml.p": {"en": [], "sv": ["b"]}}})
    assert asked.keys(text("exists")) == ["localized", "tags", "value"]
    assert asked.keys(text("cleared")) == ["cleared", "list"]
    assert asked.keys(Not(text("exists"))) == ["cleared", "list", "not"]
    in_swedish = Compare("p", Kind.LOCALIZED_TEXT, "exists", language="sv")
    assert asked.keys(in_swedish) == ["localized", "tags"]
    assert asked.keys(Compare("p", Kind.LOCALIZED_LIST, "exists", language="en")) == []


def test_a_negation_matches_what_has_no_such_property(asked):
    texts(asked, "HP", "Xerox")
    asked.commit({"other": {"s.q": "HP"}})
    assert asked.keys(Not(text("eq", "hp"))) == ["1", "other"]
    assert asked.keys(All((Not(text("eq", "hp")), Not(text("eq", "xerox"))))) == ["other"]


def test_all_of_nothing_is_everything_and_any_of_nothing_is_nothing(asked):
    texts(asked, "a", "b")
    assert asked.keys(All(())) == ["0", "1"]
    assert asked.keys(Any(())) == []
    assert asked.keys(Not(Any(()))) == ["0", "1"]


def test_text_begins_with_a_text(asked):
    texts(asked, "Laser printer", "laser", "las", LONG, "x" * 201)
    assert asked.keys(text("starts_with", "LASER")) == ["0", "1"]
    assert asked.keys(text("starts_with", LONG[:200].upper())) == ["3"]
    assert asked.keys(text("starts_with", "x" * 200)) == ["4"]
    assert asked.keys(text("starts_with", "İ" * 150)) == []


def test_a_slip_of_the_keyboard_is_forgiven_in_longer_texts(asked):
    texts(asked, "HP", "HQ", "Dell", "Dlel", "Del", "Samsungs", "Smasunsg", "Samson")
    assert asked.keys(text("similar", "hp")) == ["0"]
    assert asked.keys(text("similar", "dell")) == ["2", "3", "4"]
    assert asked.keys(text("similar", "samsungs")) == ["5", "6"]


def test_a_similar_text_may_be_one_that_is_cut(asked):
    texts(asked, "x" * 200, "x" * 201, "x" * 202, "x" * 203)
    assert asked.keys(text("similar", "x" * 200)) == ["0", "1", "2"]


def test_text_contains_any_character_whatever_it_means_in_a_pattern(asked):
    signs = [sign for sign in string.printable if sign != " "] + ["é", "\u0301", "ש", "日", "😀"]
    texts(asked, *(f"before {sign} after" for sign in signs))
    for sign in signs:
        assert asked.keys(text("contains", f" {sign} ")) == asked.expected(
            text("contains", f" {sign} ")
        ), sign
        assert str(signs.index(sign)) in asked.keys(text("contains", sign)), sign


@pytest.mark.parametrize("letters", ["a", "i", "i\u0307", "ß", "σ", "日本", "😀", "𐐨", ".*", "\\"])
def test_text_contains_two_hundred_letters_of_any_alphabet(asked, letters):
    """A pattern of that length would have more states than the engine takes."""
    asked_for = (letters * 200)[:200]
    texts(asked, asked_for[:190], asked_for, f"and {asked_for} more", asked_for[::-1] + "x")
    condition = text("contains", asked_for)
    assert asked.keys(condition) == asked.expected(condition)
    assert {"1", "2"} <= set(asked.keys(condition))


def test_letters_are_the_same_for_containing_as_for_being_equal(asked):
    """The engine's patterns know more pairs of letters than its folding does."""
    texts(asked, "İ", "ſ", "ς", "\u212a", "ẞ", "ı")
    for letter in ("i", "i\u0307", "\u0307", "s", "σ", "k", "ß", "ı", "I"):
        condition = text("contains", letter)
        assert asked.keys(condition) == asked.expected(condition), letter


def test_a_text_that_is_cut_is_looked_at_itself(asked):
    texts(asked, LONG, LONG + "at last", "at last", LONG.replace("fox", "cat"))
    assert asked.keys(text("eq", LONG.upper())) == ["0"]
    assert asked.keys(text("contains", "At Last")) == ["1", "2"]
    assert asked.keys(text("contains", "cat jumps")) == ["3"]
    digest_like = "…0123456789abcdef"
    assert asked.keys(text("contains", digest_like)) == []


def test_a_list_matches_by_each_of_its_values(asked):
    texts(asked, ["Red", "blue"], ["green"], [], ["RED"], kind="l")
    assert asked.keys(text("eq", "red", kind=Kind.LIST)) == ["0", "3"]
    assert asked.keys(text("contains", "ee", kind=Kind.LIST)) == ["1"]
    assert asked.ask(facets=(Facet("p", Kind.LIST),), limit=0).facets[0] == (
        Counted("RED", 1), Counted("Red", 1), Counted("blue", 1), Counted("green", 1),
    )  # fmt: skip


def test_a_localized_text_matches_in_one_language_or_in_any(asked):
    texts(asked, {"sv": "Skrivare", "en": "Printer"}, {"en": "skrivare"}, kind="m")
    swedish = text("eq", "skrivare", kind=Kind.LOCALIZED_TEXT, language="sv")
    assert asked.keys(swedish) == ["0"]
    assert asked.keys(text("eq", "skrivare", kind=Kind.LOCALIZED_TEXT)) == ["0", "1"]
    german = text("eq", "skrivare", kind=Kind.LOCALIZED_TEXT, language="de")
    assert asked.keys(german) == []


def test_words_are_found_in_any_form_accent_and_property_but_not_in_addresses(asked):
    asked.commit({"a": {"s.title": "Laser printers", "s.brand": "Café"}, "b": {"s.p": "PRINTER"}})
    asked.commit({"c": {"s.url": "https://shop.example/printer"}, "d": {"ml.t": {"sv": ["LASER"]}}})
    assert asked.keys(Words("printer")) == ["a", "b"]
    assert asked.keys(Words("cafe PRINTER laser")) == ["a"]
    assert asked.keys(Words("laser")) == ["a", "d"]
    assert asked.keys(Words("laser", on=("title", "brand"))) == ["a"]
    assert asked.keys(Words("printer café", on=("title",))) == []
    assert asked.keys(Words("!?")) == []


def test_the_best_match_of_words_comes_first_by_score(asked):
    asked.commit({"a": {"s.p": "toner and much else for any printer at all"}})
    asked.commit({"b": {"s.p": "printer", "i.q": 1}, "c": {"s.p": "printer printer", "i.q": 1}})
    ranked = asked.ask(
        All((Words("printer"), Compare("q", Kind.INTEGER, "eq", (1,)))), order=(Sort("score"),)
    )
    assert [item.key for item in ranked.items] == ["c", "b"]
    assert [item.key for item in asked.ask(Words("printer"), order=(Sort("score"),)).items] == [
        "c", "b", "a",
    ]  # fmt: skip


def test_segments_and_keys_differ_by_letter_case(asked):
    asked.commit({"k1": {"g.segments": ["cheap"]}, "K1": {"g.segments": ["Cheap", "new"]}})
    assert asked.keys(InSegment("cheap")) == ["k1"]
    assert asked.keys(InSegment("new")) == ["K1"]
    assert asked.keys(Keys(("k1", "none"))) == ["k1"]
    assert asked.keys(Keys(("K",), op="starts_with")) == ["K1"]


def test_records_are_linked_by_a_value_of_the_propertys_kind(asked):
    asked.commit({"a": {"s.p": "Xerox"}, "b": {"l.p": ["HP", "x1"]}, "c": {"i.p": 12}})
    asked.commit({"d": {"n.p": 12.0}, "e": {"s.p": ""}})
    offered = ("XEROX", "x1", "12", "", "not a number", "nan", "1e999")
    assert asked.keys(Linked("p", Kind.TEXT, offered)) == ["a"]
    assert asked.keys(Linked("p", Kind.LIST, offered)) == ["b"]
    assert asked.keys(Linked("p", Kind.INTEGER, offered)) == ["c"]
    assert asked.keys(Linked("p", Kind.DECIMAL, offered)) == ["d"]
    many = tuple(map(str, range(MOST_CANDIDATES)))
    assert asked.keys(Linked("p", Kind.INTEGER, many)) == ["c"]
    with pytest.raises(Problem) as refused:
        asked.keys(Linked("p", Kind.INTEGER, (*many, "x")))
    assert refused.value.code == "too_broad"


def test_changes_are_found_by_when_they_were_made(asked):
    for number in range(4):
        asked.commit({str(number): {}})
    second, third = (BEGIN + timedelta(microseconds=seq) for seq in (2, 3))
    assert asked.keys(Updated(start=third)) == ["2", "3"]
    assert asked.keys(Updated(end=third)) == ["0", "1"]
    assert asked.keys(Updated(second, third)) == ["1"]
    assert asked.keys(Updated()) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "name", ["a.b", "a", "net-price", "a\\b", "größe", "1a", "a:b", 'a"b', "AND", "*", "a b", "_"]
)
def test_a_property_may_be_named_as_it_likes(asked, name):
    asked.commit({"1": {f"i.{name}": 5, f"m.{name}x": {"pt-BR": "Olá"}}, "2": {"i.a": 6}})
    assert "1" in asked.keys(Compare(name, Kind.INTEGER, "between", (5, 5)))
    assert asked.keys(Compare(name, Kind.INTEGER, "eq", (5,))) == ["1"]
    brazilian = Compare(f"{name}x", Kind.LOCALIZED_TEXT, "contains", ("Á",), "pt-BR")
    assert asked.keys(brazilian) == ["1"]
    facet = Facet(name, Kind.INTEGER)
    assert Counted(5, 1) in asked.ask(facets=(facet,), limit=0).facets[0]


def test_facets_count_all_matches_and_show_values_as_they_were_imported(asked):
    values = {"s": ["HP", "hp", "HP"], "n": [1.0, 2.5, 1.0], "b": [True, False, True]}
    times = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00Z"]
    for kind, held in (*values.items(), ("t", times), ("i", [7, 8, 7])):
        asked.commit({f"{kind}{at}": {f"{kind}.p": value} for at, value in enumerate(held)})
    kinds = (Kind.TEXT, Kind.DECIMAL, Kind.BOOLEAN, Kind.TIMESTAMP, Kind.INTEGER)
    answer = asked.ask(facets=tuple(Facet("p", kind) for kind in kinds), limit=0)
    assert answer.facets == (
        (Counted("HP", 2), Counted("hp", 1)),
        (Counted(1.0, 2), Counted(2.5, 1)),
        (Counted(True, 2), Counted(False, 1)),  # noqa: FBT003
        (Counted(BEGIN, 2), Counted(BEGIN + timedelta(milliseconds=1), 1)),
        (Counted(7, 2), Counted(8, 1)),
    )
    assert answer.total == 15
    assert not answer.approximate
    assert isinstance(answer.facets[1][0].value, float)


def test_a_facet_has_the_most_frequent_values_and_the_beginning_of_long_ones(asked):
    asked.commit({str(number): {"s.p": f"v{number % 20}"} for number in range(50)})
    asked.commit({f"long{number}": {"s.p": LONG} for number in range(9)})
    (values,) = asked.ask(facets=(Facet("p", Kind.TEXT, size=3),), limit=0).facets
    assert values[0] == Counted(LONG[:200] + "…", 9)
    assert [counted.count for counted in values] == [9, 3, 3]


def test_a_language_counts_its_own_values_only(asked):
    texts(asked, {"sv": "röd", "en": "red"}, {"en": "red"}, kind="m")
    facets = tuple(Facet("p", Kind.LOCALIZED_TEXT, language) for language in ("en", "sv", None))
    assert asked.ask(facets=facets, limit=0).facets == (
        (Counted("red", 2),), (Counted("röd", 1),), (Counted("red", 2), Counted("röd", 1)),
    )  # fmt: skip
