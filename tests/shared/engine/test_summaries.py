"""Counts, sums, means and extremes of what matches, in groups or at all, as Python has them."""

from random import Random

import pytest

from shared.errors import Problem
from shared.query.ast import MOST_GROUPS, Column, Compare, Measure, Summary
from shared.query.kinds import Kind
from shared.query.predicate import matches
from shared.query.values import values_of
from tests.shared.engine import made

BRAND, TOUCH = Column("brand", Kind.TEXT), Column("touch", Kind.BOOLEAN)
PRICE, PAGES = Column("price", Kind.DECIMAL), Column("pages", Kind.INTEGER)
RELEASED = Column("released", Kind.TIMESTAMP)
BRANDS = ("HP", "hp", "Xerox", "", "=")


@pytest.fixture
def stocked(asked):
    chance = Random(7)
    for begin in range(0, 200, 50):
        asked.commit({str(at): record(chance) for at in range(begin, begin + 50)})
    return asked


def record(chance):
    some = {
        "s.brand": chance.choice(BRANDS),
        "n.price": float(chance.randint(1, 9)),
        "i.pages": chance.randint(-5, 5),
        "b.touch": chance.random() < 0.5,
        "t.released": chance.choice(made.TIMES[1:6]),
    }
    return {key: value for key, value in some.items() if chance.random() < 0.8}


def has(item, column):
    found = values_of(item.body, column.property, column.kind)
    return found[0] if found else None


def test_a_summary_of_all_is_one_row_also_of_nothing(stocked):
    measures = tuple(
        Measure(function, column)
        for function, column in (
            ("count", None), ("count", BRAND), ("sum", PRICE), ("avg", PRICE), ("min", PAGES),
            ("max", PAGES), ("sum", PAGES), ("min", RELEASED),
        )
    )  # fmt: skip
    (group,) = stocked.replica.summarize(Summary(measures))
    items = stocked.items.values()
    prices = [has(item, PRICE) for item in items if has(item, PRICE) is not None]
    pages = [has(item, PAGES) for item in items if has(item, PAGES) is not None]
    assert group.values == ()
    assert group.numbers[:2] == (200, sum(has(item, BRAND) is not None for item in items))
    assert group.numbers[2] == sum(prices)
    assert group.numbers[3] == pytest.approx(sum(prices) / len(prices))
    assert group.numbers[4:7] == (min(pages), max(pages), sum(pages))
    assert all(isinstance(number, int) for number in group.numbers[4:7])
    assert group.numbers[7].isoformat() == "1970-01-01T00:00:00+00:00"
    (nothing,) = stocked.replica.summarize(
        Summary(measures, Compare("brand", Kind.TEXT, "eq", ("Canon",)))
    )
    assert nothing.numbers == (0, 0, 0.0, None, None, None, 0, None)


def test_groups_are_those_of_plain_python_and_records_without_a_value_are_one(stocked):
    where = Compare("price", Kind.DECIMAL, "gt", (3,))
    summary = Summary((Measure("count"), Measure("sum", PAGES)), where, (BRAND, TOUCH))
    expected = {}
    for item in stocked.items.values():
        if matches(where, item, stocked.replica.terms):
            of = expected.setdefault((has(item, BRAND), has(item, TOUCH)), [0, 0])
            of[0] += 1
            of[1] += has(item, PAGES) or 0
    found = {group.values: list(group.numbers) for group in stocked.replica.summarize(summary)}
    assert found == expected
    assert (None, None) in found


def test_more_groups_than_are_answered_are_refused_and_not_cut(asked):
    asked.commit({str(at): {"i.pages": at} for at in range(MOST_GROUPS)})
    summary = Summary((Measure("count"),), by=(PAGES,))
    assert len(asked.replica.summarize(summary)) == MOST_GROUPS
    asked.commit({"one more": {"i.pages": -1}})
    with pytest.raises(Problem, match="more than 1000 groups"):
        asked.replica.summarize(summary)


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (Summary(()), "0 measures"),
        (Summary((Measure("sum"),)), "sum is of a property"),
        (Summary((Measure("sum", BRAND),)), "sum is of numbers"),
        (Summary((Measure("max", TOUCH),)), "max is of numbers and times"),
        (Summary((Measure("count", Column("gtin", Kind.LIST)),)), "several values"),
        (Summary((Measure("count"),), by=(Column("name", Kind.LOCALIZED_TEXT),)), "several"),
        (Summary((Measure("count"),), by=(Column("parts", Kind.RECORDS),)), "several values"),
    ],
)
def test_what_cannot_be_worked_out_is_refused(asked, summary, said):
    with pytest.raises(Problem, match=said):
        asked.replica.summarize(summary)
