"""What a search found beside its records: counted values, and how far it is behind."""

from shared.engine.catching_up import Freshness
from shared.query.answers import Answer
from shared.studio.asked import Search
from shared.tool import Result


class CountShown(Result):
    """A value, and how many records have it."""

    value: str | int | float | bool
    count: int


class FacetShown(Result):
    """A property's values, most frequent first; `approximate` where there are very many."""

    property: str
    values: list[CountShown]
    approximate: bool


class Behind(Result):
    """How far the answer is behind: commits that are not in it yet."""

    revision: int
    head: int
    behind: int


def facets_shown(args: Search, answer: Answer) -> list[FacetShown]:
    """What was counted, in the order it was asked for."""
    return [
        FacetShown(
            property=asked.property.lower(),
            values=[CountShown(value=plain(each.value), count=each.count) for each in counted],
            approximate=number in answer.approximate,
        )
        for number, (asked, counted) in enumerate(zip(args.facets, answer.facets, strict=True))
    ]


def behind_shown(freshness: Freshness) -> Behind:
    """How far an answer is behind."""
    return Behind(revision=freshness.revision, head=freshness.head, behind=freshness.behind)


def plain(value: object) -> str | int | float | bool:
    """A value as JSON has it; a time as its text."""
    return value if isinstance(value, bool | int | float) else str(value)
