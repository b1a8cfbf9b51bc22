"""What is too much to be looked at is refused or said to be approximate, never cut off silently."""

import pytest

from shared.engine.page import MOST_VALUES
from shared.engine.replica import Replica
from shared.engine.search import MOST_CANDIDATES
from shared.errors import Problem
from shared.indexes.folders import temporary_folder
from shared.query.ast import All, Compare, Facet, Not, Words
from shared.query.kinds import Kind
from tests.shared.engine.conftest import Asked

EACH = Facet("each", Kind.TEXT)
PART = Facet("part", Kind.TEXT)


@pytest.fixture(scope="module")
def vast():
    """One index segment with one value more than can be counted exactly, of one property."""
    with temporary_folder() as folder:
        asked = Asked(Replica.create(folder, "en"))
        yield asked.commit(
            {
                f"{at:05}": {"s.each": f"Value {at:05}", "s.part": f"part {at % 100}"}
                for at in range(MOST_VALUES + 1)
            }
        )


def text(property_, op, value, **more):
    return Compare(property_, Kind.TEXT, op, (value,), **more)


def refused(vast, where):
    with pytest.raises(Problem) as problem:
        vast.ask(where)
    assert problem.value.details == {"limit": MOST_CANDIDATES}
    return problem.value.code


def test_a_facet_with_more_values_than_are_counted_exactly_says_so(vast):
    answer = vast.ask(facets=(PART, EACH), limit=0)
    assert answer.total == MOST_VALUES + 1
    assert answer.approximate == {1}
    assert sum(counted.count for counted in answer.facets[0]) == 651 + 9 * 650
    narrowed = vast.ask(text("part", "eq", "PART 7"), facets=(EACH,), limit=0)
    assert not narrowed.approximate
    assert len(narrowed.facets[0]) == 10


def test_a_text_that_too_many_values_contain_is_too_broad(vast):
    assert refused(vast, text("each", "contains", "value")) == "too_broad"
    assert vast.ask(text("each", "contains", "00")).total == len(
        vast.expected(text("each", "contains", "00"))
    )


def test_what_the_records_must_be_looked_at_for_may_be_narrowed_by_what_stands_beside_it(vast):
    broad = text("part", "starts_with", "part", case_sensitive=True)
    assert refused(vast, broad) == "too_broad"
    assert refused(vast, Words("value", on=("each",))) == "too_broad"
    beside = text("part", "eq", "part 7")
    assert vast.ask(All((broad, beside))).total == 650
    assert vast.ask(All((Not(broad), beside))).total == 0
    assert vast.ask(All((Words("value", on=("each",)), beside))).total == 650
