"""What the properties of a source hold: their types, how often they are filled, and examples."""

from shared.pipeline import schedules
from shared.pipeline.filters import OPERATORS, filter_type
from shared.pipeline.schedules import FeedShown
from shared.pipeline.sources import SOURCES, Property
from shared.pipeline.workspace import Workspace
from shared.query.answers import Answer
from shared.query.ast import Compare, Facet, Question
from shared.query.kinds import Kind
from shared.tool import Result

EXAMPLES = 3
_DECIMALS = 4


class PropertySchema(Result):
    """A property: what it holds, how it is filtered, how many entries have it, and examples."""

    id: str
    type: str
    delimiter: str
    localized: bool
    filter_type: str
    operators: list[str]
    display_name: str
    description: str
    state: str
    fill_rate: float
    sample_values: list[str | int | float | bool]


class SchemaPage(Result):
    """Properties in order of id."""

    items: list[PropertySchema]
    languages: list[str]
    feed: FeedShown | None
    entry_count: int
    next_cursor: str | None
    has_more: bool
    total: int


def describe(space: Workspace, source_id: str, *, query: str, after: str, limit: int) -> SchemaPage:
    """A page of a source's properties. Raises `not_found`."""
    source = space.configuration.get(SOURCES, source_id).value
    asked = query.lower()
    found = sorted(
        (id_, each)
        for id_, each in source.properties.items()
        if asked in id_ or asked in each.display_name.lower()
    )
    rest = [(id_, each) for id_, each in found if id_ > after]
    shown = rest[:limit]
    head = space.head(source.entries)
    questions = [_question(id_, each.kind or Kind.TEXT) for id_, each in shown]
    answers = space.collections.ask_each(space.name(source.entries), questions, head).answers
    return SchemaPage(
        items=[
            _schema(id_, each, answer, head.count)
            for (id_, each), answer in zip(shown, answers, strict=True)
        ],
        languages=list(source.languages),
        feed=schedules.shown(space, source.id, source.feed),
        entry_count=head.count,
        next_cursor=shown[-1][0] if len(rest) > len(shown) else None,
        has_more=len(rest) > len(shown),
        total=len(found),
    )


def _question(id_: str, kind: Kind) -> Question:
    """How many entries have the property, and what most of them have."""
    return Question(
        where=Compare(id_, kind, "exists"), facets=(Facet(id_, kind, size=EXAMPLES),), limit=0
    )


def _schema(id_: str, given: Property, answer: Answer, count: int) -> PropertySchema:
    type_ = filter_type(given.kind)
    return PropertySchema(
        id=id_,
        type=given.type or "",
        delimiter=given.delimiter or "",
        localized=given.kind is not None and given.kind.is_localized,
        filter_type=type_,
        operators=list(OPERATORS[type_]),
        display_name=given.display_name or id_,
        description=given.description,
        state=given.state,
        fill_rate=round(answer.total / count, _DECIMALS) if count else 0.0,
        sample_values=[_example(each.value) for each in answer.facets[0]],
    )


def _example(value: object) -> str | int | float | bool:
    return value if isinstance(value, bool | int | float) else str(value)[:100]
