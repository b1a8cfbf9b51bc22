"""Card definitions as callers give them: checked against the sources, created, changed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from shared.errors import Problem
from shared.pipeline import segments
from shared.pipeline.card_filters import sources_of
from shared.pipeline.card_projection import check_join
from shared.pipeline.cards import (
    CARDS,
    MOST_CARDS,
    MOST_PROPERTIES,
    MOST_SOURCES,
    CardDefinition,
    CardProperty,
    CardSource,
    Content,
    Mapped,
    SegmentDefinition,
)
from shared.pipeline.configuration import Configuration
from shared.pipeline.properties import PROPERTY_ID
from shared.pipeline.sources import SOURCE_ID, SOURCES, Source, TypeName, checked_type, invalid
from shared.pipeline.tagging import unfit
from shared.tool import Args

_LISTED: Final = 100


class GivenSource(Args):
    """A source of cards."""

    source_id: Annotated[str, Field(pattern=SOURCE_ID)]
    join_property: Annotated[
        str, Field(max_length=100, description="Its value is the card's key; else the entry's is.")
    ] = ""


class GivenCardProperty(Args):
    """A property of cards; the same id again is a further place to take a value from."""

    id: Annotated[str, Field(pattern=PROPERTY_ID)]
    name: Annotated[str, Field(max_length=200)] = ""
    source_id: Annotated[str, Field(max_length=100, description="The first if empty.")] = ""
    source_property_id: Annotated[str, Field(max_length=100, description="As id if empty.")] = ""
    type: Annotated[Literal[TypeName, ""], Field(description="The source's if empty.")] = ""
    delimiter: Annotated[str, Field(max_length=1)] = ""
    managed_tag_id: Annotated[str, Field(max_length=100)] = ""
    required: bool = False


class GivenSegmentDefinition(Args):
    """A kind of segments; `properties` are those they ask for first."""

    id: Annotated[str, Field(pattern=SOURCE_ID)]
    name: Annotated[str, Field(max_length=200)] = ""
    properties: tuple[Annotated[str, Field(max_length=100)], ...] = ()


GivenSegmentDefinitions = Annotated[tuple[GivenSegmentDefinition, ...], Field(max_length=50)]
GivenSources = Annotated[tuple[GivenSource, ...], Field(max_length=MOST_SOURCES)]
GivenCardProperties = Annotated[tuple[GivenCardProperty, ...], Field(max_length=MOST_PROPERTIES)]


class Wrong(NamedTuple):
    """One thing that does not fit: where, and what to do."""

    path: str
    message: str


def check_new(configuration: Configuration, card_id: str) -> None:
    """Raises `conflict` for an id that is taken, `too_large` for one definition too many."""
    if configuration.find(CARDS, card_id) is not None:
        message = f"There is a card definition {card_id!r} already."
        raise Problem("conflict", message, field="id")
    if sum(1 for _ in configuration.every(CARDS)) >= MOST_CARDS:
        message = f"The tenant has {MOST_CARDS} card definitions, and may have no more."
        raise Problem("too_large", message, limit=MOST_CARDS)


def checked_content(
    configuration: Configuration,
    sources: Sequence[GivenSource],
    properties: Sequence[GivenCardProperty],
    before: Sequence[CardProperty] = (),
) -> Content:
    """What cards are to be made of; `before`: properties that stay where none is given in place.

    Raises `invalid` with all that is wrong.
    """
    made = Content(
        sources=tuple(
            CardSource(source_id=each.source_id, join_property=each.join_property.lower())
            for each in sources
        ),
        properties=tuple(_with(before, properties, configuration, sources)),
    )
    wrong = [
        *_wrong_sources(configuration, made),
        *_wrong_properties(configuration, properties, made),
    ]
    if wrong:
        errors = [each._asdict() for each in wrong[:_LISTED]]
        raise Problem("invalid", f"{wrong[0].path}: {wrong[0].message}", errors=errors)
    return made


def checked_segment_definitions(
    configuration: Configuration,
    card_id: str,
    content: Content,
    given: Sequence[GivenSegmentDefinition],
) -> tuple[SegmentDefinition, ...]:
    """A card's segment definitions as they are to be.

    Raises `invalid` for an id that is taken and an unknown property, `conflict` for one that is
    left out and that segments belong to.
    """
    others = {
        known.id
        for each in configuration.every(CARDS)
        if each.value.id != card_id
        for known in each.value.segment_definitions
    }
    made: dict[str, SegmentDefinition] = {}
    for number, each in enumerate(given):
        path = f"segment_definitions[{number}]"
        if each.id in others or each.id in made:
            raise invalid(f"{path}.id", f"There is a segment definition {each.id!r} already.")
        properties = tuple(id_.lower() for id_ in each.properties)
        for at, id_ in enumerate(properties):
            if content.find(id_) is None:
                raise invalid(f"{path}.properties[{at}]", f"The card has no property {id_!r}.")
        made[each.id] = SegmentDefinition(id=each.id, name=each.name, properties=properties)
    for segment in segments.of_card(configuration, card_id):
        if segment.definition and segment.definition not in made:
            message = f"The segment {segment.id!r} belongs to {segment.definition!r}."
            raise Problem("conflict", message, used_by=[segment.id])
    return tuple(made.values())


def checked_again(configuration: Configuration, card: CardDefinition) -> None:
    """Whether a definition still fits its sources. Raises `invalid` with all that does not."""
    sources = [GivenSource(**each.model_dump()) for each in card.working.sources]
    checked_content(configuration, sources, (), card.working.properties)


def _with(
    before: Sequence[CardProperty],
    given: Sequence[GivenCardProperty],
    configuration: Configuration,
    sources: Sequence[GivenSource],
) -> Iterable[CardProperty]:
    """The properties there are, with those that are given in the place of their former selves."""
    first = sources[0].source_id if sources else ""
    made: dict[str, CardProperty] = {each.id: each for each in before}
    new: dict[str, CardProperty] = {}
    for each in given:
        id_ = each.id.lower()
        mapped = Mapped(
            source_id=each.source_id or first,
            source_property_id=(each.source_property_id or id_).lower(),
        )
        there = new.get(id_)
        if there is not None:
            new[id_] = there.model_copy(update={"mapped": (*there.mapped, mapped)})
            continue
        source = configuration.find(SOURCES, mapped.source_id)
        known = source.value.properties.get(mapped.source_property_id) if source else None
        type_: TypeName = each.type or (known.type if known and known.type else "Text")
        taken = known.delimiter if known and known.type == type_ else None
        new[id_] = CardProperty(
            id=id_,
            name=each.name,
            type=type_,
            delimiter=each.delimiter or taken,
            managed_tag_id=each.managed_tag_id,
            required=each.required,
            mapped=(mapped,),
        )
    return (made | new).values()


def _wrong_sources(configuration: Configuration, content: Content) -> Iterator[Wrong]:
    found: dict[str, Source] = {}
    for number, each in enumerate(content.sources):
        path = f"sources[{number}]"
        source = configuration.find(SOURCES, each.source_id)
        if source is None:
            yield Wrong(f"{path}.source_id", f"There is no data source {each.source_id!r}.")
        elif each.source_id in found:
            yield Wrong(f"{path}.source_id", f"{each.source_id!r} comes twice.")
        elif each.join_property and (wrong := check_join(source.value, each.join_property)):
            yield Wrong(f"{path}.join_property", wrong)
        elif source is not None:
            found[each.source_id] = source.value
    keyed = [
        (number, each.source_id)
        for number, each in enumerate(content.sources)
        if not each.join_property and each.source_id in found
    ]
    together = _related([found[id_] for _, id_ in keyed])
    for number, id_ in keyed:
        if id_ not in together:
            message = (
                f"{keyed[0][1]!r} and {id_!r} are not declared to have the same keys. "
                "Relate them with update_data_source, or name a join_property."
            )
            yield Wrong(f"sources[{number}]", message)
    if not content.sources:
        yield Wrong("sources", "Name at least one source.")


def _related(sources: Sequence[Source]) -> set[str]:
    """Those of the sources that are related to the first, also by way of others of them."""
    reached = {each.id for each in sources[:1]}
    for _ in sources:
        named = {id_ for each in sources if each.id in reached for id_ in each.related}
        reached |= {each.id for each in sources if each.id in named or reached & {*each.related}}
    return reached


def _wrong_properties(
    configuration: Configuration, given: Sequence[GivenCardProperty], content: Content
) -> Iterator[Wrong]:
    sources = sources_of(configuration, content)
    at = {each.id.lower(): number for number, each in reversed(list(enumerate(given)))}
    if len(content.properties) > MOST_PROPERTIES:
        yield Wrong("properties", f"A card has at most {MOST_PROPERTIES} properties.")
    for each in content.properties:
        path = f"properties[{at[each.id]}]" if each.id in at else f"properties.{each.id}"
        wrong = checked_type(path, each.type, each.delimiter or "")
        if wrong is not None:
            yield Wrong(*wrong)
        if each.managed_tag_id and (message := unfit(configuration, each)):
            yield Wrong(f"{path}.managed_tag_id", message)
        for mapped in each.mapped:
            source = sources.get(mapped.source_id)
            if source is None:
                yield Wrong(f"{path}.source_id", f"{mapped.source_id!r} is none of its sources.")
            elif mapped.source_property_id not in source.properties:
                message = f"{source.id!r} has no property {mapped.source_property_id!r}."
                yield Wrong(f"{path}.source_property_id", message)
            elif _needs_language(each, source, mapped.source_property_id):
                message = f"The values have no language. Name those of {source.id!r} first."
                yield Wrong(f"{path}.type", message)


def _needs_language(property_: CardProperty, source: Source, from_: str) -> bool:
    """Whether values without a language are to be localized, and nothing says in which."""
    kind = source.properties[from_].kind
    return property_.kind.is_localized and not (kind and kind.is_localized) and not source.languages
