"""All different values that records have as a property, and how many records have each."""

from shared.engine.index import View, was_cut
from shared.engine.page import MOST_VALUES, counts, terms
from shared.engine.search import compiled
from shared.query.answers import Counted, Vocabulary
from shared.query.ast import Values
from shared.query.checks import check_condition, check_values


def vocabulary(view: View, asked: Values) -> Vocabulary:
    """The values among the records that match, most frequent first; at most MOST_VALUES.

    Long texts, which the column only has the beginnings of, are left out: nobody can ask for those.
    Raises `invalid`, `too_broad`.
    """
    check_condition(asked.where)
    check_values(asked)
    query = compiled(view, asked.where)
    found = view.searcher.aggregate(query, {"values": {"terms": terms(asked, MOST_VALUES)}})
    values = found["values"]
    buckets = values["buckets"]
    if asked.property:
        whole = [each for each in buckets if not was_cut(str(each["key"]))]
        found_values = counts(asked.kind, whole)
    else:
        found_values = tuple(Counted(each["key"], each["doc_count"]) for each in buckets)
    is_short = values["doc_count_error_upper_bound"] or values["sum_other_doc_count"]
    return Vocabulary(found_values, approximate=bool(is_short))
