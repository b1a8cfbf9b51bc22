"""All different values that records have as a property, and how many records have each."""

from shared.engine.index import View, was_cut
from shared.engine.page import MOST_VALUES, counts, terms
from shared.engine.search import compiled
from shared.query.answers import Vocabulary
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
    buckets = [each for each in values["buckets"] if not was_cut(str(each["key"]))]
    is_short = values["doc_count_error_upper_bound"] or values["sum_other_doc_count"]
    return Vocabulary(counts(asked.kind, buckets), approximate=bool(is_short))
