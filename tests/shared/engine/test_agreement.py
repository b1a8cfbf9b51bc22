"""The search engine finds exactly what the predicate accepts, whatever is asked of whatever."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.engine.replica import Replica
from shared.indexes.folders import temporary_folder
from shared.query.ast import MOST_COMPARISONS
from tests.shared.engine import made
from tests.shared.engine.conftest import Asked

QUESTIONS = 300


@pytest.fixture(scope="module")
def collection():
    """300 records in several segments, a third of them changed again, some deleted."""
    chance = made.by_number(Random(17))
    with temporary_folder() as folder:
        asked = Asked(Replica.create(folder, "en"))
        keys = [
            *map(str, range(290)),
            "é1",
            "É1",
            "k 1",
            "K 1",
            "e\u0301",
            "שלום",
            "=",
            "~a",
            "a.b",
        ]
        for begin in range(0, len(keys), 60):
            asked.commit({key: made.body(chance) for key in keys[begin : begin + 60]})
        asked.commit({key: made.body(chance) for key in keys[::3]}, deleted=keys[1::18])
        assert asked.replica.segments > 1
        yield asked


@pytest.mark.slow
def test_300_nested_questions_are_answered_as_the_predicate_decides(collection):
    chance = made.by_number(Random(300))
    answered = total = 0
    while answered < QUESTIONS:
        where = made.question(chance)
        if len(list(made.leaves(where))) > MOST_COMPARISONS:
            continue
        answer = collection.ask(where, limit=0)
        expected = collection.expected(where)
        assert collection.keys(where) == expected, where
        assert answer.total == len(expected)
        answered += 1
        total += len(expected)
    assert total > 10_000


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_condition_found_by_hypothesis_is_answered_as_the_predicate_decides(collection, data):
    where = made.leaf(_drawing(data))
    assert collection.keys(where) == collection.expected(where)


@pytest.mark.slow
@given(st.data())
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_records_found_by_hypothesis_are_told_apart_as_the_predicate_does(data):
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=210)
    texts = data.draw(st.lists(text, min_size=1, max_size=4))
    numbers = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3))
    wholes = data.draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3))
    with temporary_folder() as folder:
        asked = Asked(Replica.create(folder, "en"))
        for at, (kind, values) in enumerate((("s", texts), ("n", numbers), ("i", wholes))):
            for number, value in enumerate(values):
                asked.commit({f"{at}{number}": {f"{kind}.p": value}})
        for where in _about(texts, numbers, wholes):
            assert asked.keys(where) == asked.expected(where), where


def _about(texts, numbers, wholes):
    compare = made.Compare
    for text in texts:
        for sensitive in (True, False):
            yield compare("p", made.Kind.TEXT, "eq", (text,), None, sensitive)
            for op in ("starts_with", "contains", "similar"):
                part = text[len(text) // 3 :][:200] if op == "contains" else text[:200]
                if part:
                    yield compare("p", made.Kind.TEXT, op, (part,), None, sensitive)
    for number in (*numbers, *wholes):
        for kind in (made.Kind.DECIMAL, made.Kind.INTEGER):
            for op in ("eq", "lt", "lte", "gt", "gte"):
                yield compare("p", kind, op, (number,))


def _drawing(data):
    return made.Chance(
        lambda values: data.draw(st.sampled_from(list(values))),
        lambda low, high: data.draw(st.integers(low, high)),
    )
