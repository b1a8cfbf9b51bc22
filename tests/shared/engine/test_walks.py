"""Walks through an answer, page by page."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.engine.page import MOST_RANKED
from shared.engine.replica import Replica
from shared.engine.searchable import Sealing
from shared.errors import Problem
from shared.query.ast import Compare, Facet, Question, Sort, Words
from shared.query.kinds import Kind
from shared.query.values import values_of
from tests.shared.engine import made
from tests.shared.engine.conftest import SEALING, Asked

COLUMNS = [
    *(
        Sort("property", property_, kind, "sv" if kind.is_localized else None)
        for property_, kind in (*made.PROPERTIES, ("changing", Kind.DECIMAL))
        if not kind.is_list
    ),
    Sort("updated"),
    Sort("key"),
]
PRICE = Sort("property", "price", Kind.DECIMAL)


def falling(sort):
    return Sort(sort.by, sort.property, sort.kind, sort.language, descending=True)


@pytest.fixture
def stocked(asked):
    """120 records of everything in several index segments; 30 have nothing to order by."""
    chance = made.by_number(Random(5))
    for begin in range(0, 90, 30):
        asked.commit({f"k{at:03}": made.body(chance) for at in range(begin, begin + 30)})
    asked.commit({f"n{at:03}": {"s.only": "this"} for at in range(30)})
    whole = {f"w{at:03}": {"n.price": float(at)} for at in range(10)}
    asked.commit(whole)
    assert asked.replica.segments > 3
    return asked


def in_order(items, sorts):
    """The keys as an order puts them: without a value last, equal ones by key."""
    found = sorted(items, key=lambda item: item.key)
    for sort in reversed(sorts):
        valued = [item for item in found if _value(item, sort) is not None]
        missing = [item for item in found if _value(item, sort) is None]
        valued.sort(key=lambda item, by=sort: _value(item, by), reverse=sort.descending)
        found = [*valued, *missing]
    return [item.key for item in found]


def _value(item, sort):
    if sort.by == "key":
        return tuple(map(ord, item.key))
    if sort.by == "updated":
        return item.updated
    values = values_of(item.body, sort.property, sort.kind, sort.language)
    return values[0] if values else None


@pytest.mark.parametrize("sort", [each for sort in COLUMNS for each in (sort, falling(sort))])
def test_every_order_is_walked_by_value_then_key_with_what_has_none_last(stocked, sort):
    if sort.kind.is_text and sort.by == "property":  # long ones stand by how they begin
        walked = [item.key for item in stocked.walk(Question().where, order=(sort,), limit=7)]
        short = {key for key, item in stocked.items.items() if len(_value(item, sort) or "") < 200}
        expected = in_order([stocked.items[key] for key in short], (sort,))
        missing = [key for key in expected if _value(stocked.items[key], sort) is None]
        assert [key for key in walked if key in short and key not in missing] == [
            key for key in expected if key not in missing
        ]
        assert walked[len(walked) - len(missing) :] == missing
        assert sorted(walked) == sorted(stocked.items)
        return
    walked = [item.key for item in stocked.walk(Question().where, order=(sort,), limit=7)]
    assert walked == in_order(stocked.items.values(), (sort,))


@pytest.mark.parametrize("equal", [1, 3, 7, 40])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 5, 50])
def test_equal_values_stand_by_key_however_many_they_are(asked, equal, descending, limit):
    for part in range(4):
        numbers = range(part, 60, 4)
        asked.commit({f"k{at:02}": {"n.price": float(at // equal)} for at in numbers})
    sort = falling(PRICE) if descending else PRICE
    walked = [item.key for item in asked.walk(Question().where, order=(sort,), limit=limit)]
    assert walked == in_order(asked.items.values(), (sort,))


def test_three_columns_decide_one_after_the_other(stocked):
    sorts = (
        Sort("property", "touch", Kind.BOOLEAN, descending=True),
        Sort("property", "price", Kind.DECIMAL),
        Sort("key", descending=True),
    )
    walked = [item.key for item in stocked.walk(Question().where, order=sorts, limit=9)]
    assert walked == in_order(stocked.items.values(), sorts)


@pytest.mark.parametrize("sort", COLUMNS)
def test_edits_between_pages_lose_nothing_that_stayed(stocked, sort):
    """A hundred others come, go and change meanwhile, which also merges index segments."""
    random = Random(9)
    stayed = set(random.sample(sorted(stocked.items), 60))
    others = [key for key in stocked.items if key not in stayed]
    walked, cursor, chance = [], None, made.by_number(random)
    while cursor or not walked:
        answer = stocked.ask(order=(falling(sort),), cursor=cursor, limit=9)
        walked += [item.key for item in answer.items if item.key in stayed]
        cursor = answer.cursor
        changed = {key: made.body(chance) for key in random.sample(others, 2)}
        stocked.commit(changed | {f"new{random.random()}": made.body(chance)})
        if not answer.items:
            break
    assert sorted(walked) == sorted(stayed)


def test_the_last_page_says_that_it_is_the_last(asked):
    asked.commit({str(number): {} for number in range(6)})
    first = asked.ask(limit=3)
    second = asked.ask(limit=3, cursor=first.cursor)
    assert first.cursor
    assert second.cursor is None
    assert [item.key for item in second.items] == ["3", "4", "5"]
    assert asked.ask(limit=0) == asked.ask(limit=0, order=(PRICE,))
    assert asked.ask(limit=0).cursor is None


def test_a_page_and_its_numbers_are_of_one_moment_and_an_item_is_the_record(asked):
    asked.commit({"a": {"s.p": "x", "n.q": 1.5, "m.r": {"sv": "å"}}}).commit({"b": {"s.p": "x"}})
    answer = asked.ask(facets=(Facet("p", Kind.TEXT),))
    assert answer.items == (asked.items["a"], asked.items["b"])
    assert (answer.total, answer.facets[0][0].count, answer.seq) == (2, 2, 2)


def test_a_page_may_be_larger_or_count_other_facets_than_the_one_before(asked):
    asked.commit({str(number): {"s.p": "x"} for number in range(6)})
    first = asked.ask(limit=1, facets=(Facet("p", Kind.TEXT),))
    assert [item.key for item in asked.ask(limit=4, cursor=first.cursor).items] == list("1234")


def cursor_of(asked, **more):
    return asked.ask(limit=1, **more).cursor


def refused(asked, sealing=SEALING, **more):
    with pytest.raises(Problem) as problem:
        asked.replica.answer(Question(**more), sealing)
    return problem.value


def test_a_cursor_of_another_question_order_or_collection_is_refused(asked):
    asked.commit({str(number): {"n.price": 1.0} for number in range(3)})
    where = Compare("price", Kind.DECIMAL, "eq", (1.0,))
    cursor = cursor_of(asked, where=where)
    assert asked.ask(where, cursor=cursor).items
    assert refused(asked, cursor=cursor).code == "invalid"
    assert refused(asked, where=where, order=(PRICE,), cursor=cursor).code == "invalid"
    other = Sealing("tenants/other/collections/source.products", 1, SEALING.keys)
    assert refused(asked, other, where=where, cursor=cursor).code == "invalid"
    forged = Sealing(SEALING.collection, 1, (b"another key of thirty-two letters",))
    assert refused(asked, forged, where=where, cursor=cursor).code == "invalid"
    assert refused(asked, cursor="none").details == {"field": "cursor"}


def test_a_cursor_of_a_history_before_is_expired_and_of_an_older_key_is_good(asked):
    asked.commit({str(number): {} for number in range(3)})
    cursor = cursor_of(asked)
    rebuilt = Sealing(SEALING.collection, 2, SEALING.keys)
    assert refused(asked, rebuilt, cursor=cursor).code == "cursor_expired"
    rolled = Sealing(SEALING.collection, 1, (b"a newer key of thirty-two letter", *SEALING.keys))
    assert asked.replica.answer(Question(cursor=cursor), rolled).items


def test_an_order_by_score_pages_by_number_up_to_a_limit(asked):
    asked.commit({f"{number:05}": {"s.p": "toner"} for number in range(MOST_RANKED + 5)})
    score = (Sort("score"),)
    found, cursor = set(), None
    while cursor or not found:
        answer = asked.ask(Words("toner"), order=score, limit=200, cursor=cursor)
        found |= {item.key for item in answer.items}
        cursor = answer.cursor
    assert len(found) == MOST_RANKED
    assert answer.total == MOST_RANKED + 5


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=12))
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_any_decimals_are_walked_in_order(tmp_path_factory, numbers):
    asked = Asked(Replica.create(tmp_path_factory.mktemp("replica"), "en"))
    for begin in range(0, len(numbers), 3):
        part = numbers[begin : begin + 3]
        asked.commit({f"{begin + at}": {"n.price": number} for at, number in enumerate(part)})
    walked = [item.key for item in asked.walk(Question().where, order=(PRICE,), limit=1)]
    assert walked == in_order(asked.items.values(), (PRICE,))


def test_a_page_may_pass_over_records_and_goes_on_behind_them(stocked):
    for sort in (PRICE, Sort("updated"), Sort("key"), falling(PRICE)):
        every = [item.key for item in stocked.walk(None, order=(sort,))]
        page = stocked.ask(order=(sort,), skip=50, limit=20)
        assert [item.key for item in page.items] == every[50:70]
        after = stocked.ask(order=(sort,), skip=50, limit=20, cursor=page.cursor)
        assert [item.key for item in after.items] == every[70:90]
    assert stocked.ask(skip=10_000).items == ()
    with pytest.raises(Problem, match="records to pass over"):
        stocked.ask(skip=10_001)
