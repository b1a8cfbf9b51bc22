"""A card's values from those of its entries: pure, so that every card can be computed again.

What a source holds as another type is converted by way of its text. A value that has no such text
is left out, and the card says of which property (`lost`); a required property without a value is
`missing`, in each language where it is localized, and makes the card `incomplete` in that language,
or in all. These are the engine's own keys of the record, so they can be counted and asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from shared.engine.typed import Declared
from shared.pipeline.cards import CardProperty, Content
from shared.pipeline.conversion import converted
from shared.pipeline.filters import ANY
from shared.pipeline.sources import Source
from shared.query.kinds import Body, Kind, body_key

LOST: Final = "lost"
MISSING: Final = "missing"
INCOMPLETE: Final = "incomplete"
_KINDS: Final = tuple(
    each for each in Kind if each not in (Kind.ENGINE, Kind.CLEARED, Kind.RECORDS)
)


class _Column(NamedTuple):
    """Where a property's values come from: the keys that a body may have them under."""

    source: str
    keys: tuple[tuple[str, Declared], ...]
    languages: tuple[str, ...]


class CardValues:
    """Computes bodies of cards.

    Args:
        content: what cards are made of.
        sources: those of them that there are, by id.
    """

    def __init__(self, content: Content, sources: Mapping[str, Source]) -> None:
        self._properties = [
            (each, each.declared, body_key(each.kind, each.id), _columns(each, sources))
            for each in content.properties
        ]
        self.languages = languages_of(content, sources)

    def body(self, entries: Mapping[str, Sequence[Body]]) -> dict[str, Any]:
        """A card's body, from the bodies of its entries by source."""
        made: dict[str, Any] = {}
        lost: list[str] = []
        for property_, declared, key, columns in self._properties:
            value, whole = _value(declared, columns, entries)
            if value is not None:
                made[key] = value
            if not whole:
                lost.append(property_.id)
        if lost:
            made[body_key(Kind.ENGINE, LOST)] = lost
        missing = list(self._missing(made))
        if missing:
            made[body_key(Kind.ENGINE, MISSING)] = missing
            made[body_key(Kind.ENGINE, INCOMPLETE)] = self._incomplete(missing)
        return made

    def _incomplete(self, missing: Sequence[str]) -> list[str]:
        """The languages in which something is missing, and ANY."""
        named = {each.partition(".")[2] for each in missing}
        return [ANY, *(each for each in self.languages if "" in named or each in named)]

    def _missing(self, body: Body) -> Iterator[str]:
        for property_, _, key, _ in self._properties:
            if property_.required:
                yield from missing(property_, body.get(key), self.languages)


def missing(property_: CardProperty, value: Any, languages: Iterable[str]) -> Iterator[str]:
    """What a required property lacks: itself, or itself in a language (`name.sv`)."""
    if not property_.kind.is_localized:
        if value is None:
            yield property_.id
        return
    given = value or {}
    asked = list(languages)
    yield from (f"{property_.id}.{each}" for each in asked if each not in given)
    if not asked and not given:
        yield property_.id


def languages_of(content: Content, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """The languages of all its sources."""
    found = (sources[each.source_id] for each in content.sources if each.source_id in sources)
    return tuple(dict.fromkeys(language for source in found for language in source.languages))


def _columns(property_: CardProperty, sources: Mapping[str, Source]) -> list[_Column]:
    made = []
    for each in property_.mapped:
        source = sources.get(each.source_id)
        known = source.properties.get(each.source_property_id) if source else None
        if source is None or known is None:
            continue
        kinds = sorted(_KINDS, key=lambda kind: kind is not known.kind)  # the likeliest first
        delimiter = known.delimiter
        keys = tuple((body_key(k, each.source_property_id), Declared(k, delimiter)) for k in kinds)
        made.append(_Column(each.source_id, keys, source.languages))
    return made


def _value(
    becomes: Declared, columns: Sequence[_Column], entries: Mapping[str, Sequence[Body]]
) -> tuple[Any, bool]:
    """The first value that is not empty, and whether all that was met could be converted."""
    found: dict[str, Any] | None = None
    whole, localized = True, becomes.kind.is_localized
    for column in columns:
        for body in entries.get(column.source, ()):
            value, good = _converted(becomes, column, body)
            whole = whole and good
            if value is None or value in ("", [], {}):
                continue
            if not localized:
                return value, whole
            given = {language: one for language, one in value.items() if one not in ("", [])}
            found = {**given, **(found or {})}
    return found or None, whole


def _converted(becomes: Declared, column: _Column, body: Body) -> tuple[Any, bool]:
    """What a body has as the card holds it, and whether nothing of it is lost."""
    for key, was in column.keys:
        value = body.get(key)
        if value is None:
            continue
        if was.kind is becomes.kind and was.delimiter == becomes.delimiter:
            return value, True
        if becomes.kind.is_localized and not was.kind.is_localized and not column.languages:
            return None, False
        made = converted(value, was, becomes, column.languages)
        return made.value, made.whole
    return None, True
