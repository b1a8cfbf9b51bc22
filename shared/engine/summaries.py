"""Summaries: counts, sums, means and extremes of all records that match, in groups or at all.

Groups are exact, whatever their number: they are walked in order of their values.
"""

from typing import Any, Final

from tantivy import Query

from shared.engine import index
from shared.engine.index import View, path_of
from shared.engine.page import value
from shared.engine.search import compiled
from shared.errors import Problem
from shared.query.answers import Group
from shared.query.ast import MOST_GROUPS, Measure, Summary, Value
from shared.query.checks import check_summary
from shared.query.kinds import Kind

_COUNTS: Final = "value_count"


def groups(view: View, summary: Summary) -> tuple[Group, ...]:
    """One group for each set of equal values; one for all records where none are asked for.

    Raises `invalid`; `too_broad` for more than MOST_GROUPS.
    """
    check_summary(summary)
    query = compiled(view, summary.where)
    measured = {str(number): _asked(each) for number, each in enumerate(summary.measures)}
    if not summary.by:
        counted = view.searcher.aggregate(query, measured)
        return (Group((), _numbers(summary, counted)),)
    return tuple(
        Group(
            tuple(
                None if (key := bucket["key"][str(number)]) is None else value(column.kind, key)
                for number, column in enumerate(summary.by)
            ),
            _numbers(summary, bucket),
        )
        for bucket in _buckets(view, query, summary, measured)
    )


def _buckets(
    view: View, query: Query, summary: Summary, measured: dict[str, Any]
) -> list[dict[str, Any]]:
    sources = [
        {str(number): {"terms": {"field": path_of(each.kind, each.property), **_MISSING}}}
        for number, each in enumerate(summary.by)
    ]
    walked = {"composite": {"size": MOST_GROUPS + 1, "sources": sources}, "aggs": measured}
    found: list[dict[str, Any]] = view.searcher.aggregate(query, {"by": walked})["by"]["buckets"]
    if len(found) > MOST_GROUPS:
        raise Problem(
            "too_broad",
            f"There are more than {MOST_GROUPS} groups. Add a condition, or group by less.",
            limit=MOST_GROUPS,
        )
    return found


_MISSING: Final = {"missing_bucket": True, "missing_order": "last"}


def _asked(measure: Measure) -> dict[str, Any]:
    if measure.column is None:
        return {_COUNTS: {"field": index.SEQ}}
    path = path_of(measure.column.kind, measure.column.property)
    return {_COUNTS if measure.function == "count" else measure.function: {"field": path}}


def _numbers(summary: Summary, counted: dict[str, Any]) -> tuple[Value | None, ...]:
    return tuple(
        _number(each, counted[str(number)]["value"]) for number, each in enumerate(summary.measures)
    )


def _number(measure: Measure, found: float | None) -> Value | None:
    """A number in the kind that is asked for; the sum of nothing is 0, any other number none."""
    if found is None:
        return None
    if measure.function == "count":
        return int(found)
    kind = measure.column.kind if measure.column else Kind.INTEGER
    if kind is Kind.DECIMAL or measure.function == "avg":
        return found
    return value(kind, found)
