"""A question that is too large, or asks what cannot be asked, is refused with what to do."""

from datetime import UTC, datetime

import pytest

from shared.errors import Problem
from shared.query import ast
from shared.query.ast import All, Any, Compare, Facet, Keys, Not, Question, Sort, Words
from shared.query.checks import check
from shared.query.kinds import Kind

NUMBER = Compare("price", Kind.DECIMAL, "eq", (1,))


def text(op="eq", *values, **more):
    return Compare("brand", Kind.TEXT, op, values or ("a",), **more)


def nested(depth):
    if not depth:
        return NUMBER
    inner = nested(depth - 1)
    return All((inner,)) if depth % 2 else Not(inner)


ALLOWED = [
    Question(),
    Question(where=nested(ast.MOST_DEPTH)),
    Question(where=All((NUMBER,) * ast.MOST_COMPARISONS)),
    Question(where=text("in", *map(str, range(ast.MOST_VALUES)))),
    Question(where=text("in", "x" * 10_000)),
    Question(facets=(Facet("brand", Kind.TEXT, size=100),) * 10, limit=0),
    Question(order=(Sort("key"),) * 3, limit=500),
    Question(order=(Sort("score"),)),
    Question(where=Compare("pages", Kind.INTEGER, "gt", (12.5,))),
]
REFUSED = [
    (Question(where=nested(ast.MOST_DEPTH + 1)), "6 levels"),
    (Question(where=Any((NUMBER,) * (ast.MOST_COMPARISONS + 1))), "51 comparisons"),
    (Question(where=text("in", *map(str, range(201)))), "201 values"),
    (Question(where=Keys(tuple(map(str, range(201))))), "201 keys"),
    (Question(where=Keys((), op="starts_with")), "keys begin with"),
    (Question(where=text("contains", "x" * 201)), "201 letters"),
    (Question(where=text("contains", "")), "0 letters"),
    (Question(where=Words("x" * 201)), "201 letters"),
    (Question(where=Words("")), "0 letters"),
    (Question(facets=(Facet("brand", Kind.TEXT),) * 11), "11 facets"),
    (Question(facets=(Facet("brand", Kind.TEXT, size=101),)), "101 values"),
    (Question(facets=(Facet("brand", Kind.TEXT, size=0),)), "0 values"),
    (Question(facets=(Facet("color", Kind.CLEARED),)), "no kind"),
    (Question(order=(Sort("key"),) * 4), "4 columns"),
    (Question(order=(Sort("score"), Sort("key"))), "score alone"),
    (Question(order=(Sort("property", "gtin", Kind.LIST),)), "is a list"),
    (Question(order=(Sort("property", "name", Kind.LOCALIZED_TEXT),)), "language"),
    (Question(limit=501), "501 records"),
    (Question(limit=-1), "-1 records"),
    (Question(where=Compare("price", Kind.DECIMAL, "contains", ("1",))), "cannot be asked"),
    (Question(where=text("lt", "a")), "cannot be asked"),
    (Question(where=Compare("touch", Kind.BOOLEAN, "gt", (True,))), "cannot be asked"),
    (Question(where=text(language="sv")), "no languages"),
    (
        Question(where=Compare("name", Kind.LOCALIZED_TEXT, "cleared", (), "sv")),
        "all languages",
    ),
    (Question(where=text("eq", "a", "b")), "takes 1"),
    (Question(where=Compare("price", Kind.DECIMAL, "between", (1,))), "takes 2"),
    (Question(where=text("eq", 1)), "a text"),
    (Question(where=Compare("price", Kind.DECIMAL, "eq", ("1",))), "finite number"),
    (Question(where=Compare("price", Kind.DECIMAL, "eq", (True,))), "finite number"),
    (Question(where=Compare("price", Kind.DECIMAL, "eq", (float("nan"),))), "finite number"),
    (Question(where=Compare("price", Kind.DECIMAL, "eq", (10**400,))), "finite number"),
    (Question(where=Compare("touch", Kind.BOOLEAN, "eq", (1,))), "true or false"),
    (
        Question(where=Compare("at", Kind.TIMESTAMP, "eq", (datetime(2026, 1, 1),))),  # noqa: DTZ001
        "offset",
    ),
    (Question(where=Compare("g", Kind.ENGINE, "exists")), "no kind"),
]


@pytest.mark.parametrize("question", ALLOWED)
def test_what_may_be_asked_is_asked(question):
    check(question)


@pytest.mark.parametrize(("question", "says"), REFUSED)
def test_what_may_not_be_asked_is_refused_and_says_why(question, says):
    with pytest.raises(Problem, match=says) as refused:
        check(question)
    assert refused.value.code == "invalid"
    assert refused.value.details["field"]


def test_a_time_in_any_offset_may_be_asked_for():
    check(Question(where=Compare("at", Kind.TIMESTAMP, "gte", (datetime.now(UTC),))))
