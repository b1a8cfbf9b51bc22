"""Columns of a file as properties of a source: which is which, and what new ones hold.

A new property holds what all its values in the file are: whole numbers and others are decimals,
anything mixed is text. So no row is wrong because of a property that nobody declared.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import orjson

from shared.engine.typed import Declared, Entry, Given, normal_language
from shared.pipeline.drafts import slug
from shared.pipeline.row import Row
from shared.pipeline.sources import DELIMITERS, Property, Source, found
from shared.pipeline.text_values import list_value, value_of
from shared.query.kinds import Kind

FEED_KEY: Final = "feed_key"
"""The property that keeps a file's own key where that is no entry's."""
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST_KEY: Final = 256
_NO_DELIMITER: Final = "\ufdd0"
"""A character that no text has: what a new list is checked by while its texts are not known."""


class _Place(NamedTuple):
    """Where a column's values go: a property, and the language of a localized one."""

    property: str
    language: str | None = None


class Columns:
    """Reads rows of one file as entries of one source, and learns what new properties hold.

    Args:
        source: with the properties it has.
        key: the column whose values are the entries' keys.
        mapping: properties by column, `title.en` for one language; empty: the column is left out.
    """

    def __init__(self, source: Source, key: str, mapping: Mapping[str, str]) -> None:
        self._source = source
        self._key = key
        self._mapping = mapping
        self._places: dict[str, _Place | None] = {}
        self._delimiters: dict[str, set[str]] = {}
        self._new: dict[str, Kind] = {}
        self._seen: set[str] = set()
        self._shown: set[tuple[str, type, bool]] = set()
        self._declared = dict(source.declared)

    @property
    def declared(self) -> Mapping[str, Declared]:
        """What the source's properties hold, and those that are new."""
        return self._declared

    @property
    def unseen(self) -> list[str]:
        """Columns that are named to be read, and that no row had."""
        return [each for each in (self._key, *self._mapping) if each not in self._seen]

    @property
    def seen(self) -> list[str]:
        """The columns that there were, in order of name."""
        return sorted(self._seen)

    def new(self) -> dict[str, Property]:
        """The properties that the source does not have, or whose type it did not know."""
        made = {}
        for id_, kind in self._new.items():
            taken = self._delimiters.get(id_, set())
            free = [each for each in (",", "|", ";", "/", ":") if each not in taken]
            delimiter = free[0] if free else DELIMITERS[0]
            shown = found(Declared(kind, delimiter if kind.is_list else None))
            known = self._source.properties.get(id_, Property())
            update = {"type": shown.type, "delimiter": shown.delimiter}
            made[id_] = known.model_copy(update=update)
        return made

    def entry(self, row: Row) -> Entry | None:
        """The entry of a row, its values as the file has them; None for a row without a key."""
        given: list[Given] = []
        self._seen.update(row.values)
        for column, value in row.values.items():
            place = self._places[column] if column in self._places else self._place(column)
            if place is None or value is None:
                continue
            if isinstance(value, dict):
                given.extend(self._fields(column, place, value))
            else:
                given.append(Given(place.property, value, place.language))
        named = row.values.get(self._key)
        key = "" if named is None else str(named).strip()
        if not key:
            return None
        own = entry_key(key)
        if own != key:
            given.append(Given(FEED_KEY, key))
        return Entry(own, tuple(given))

    def learned(self, entry: Entry) -> Entry:
        """The entry with its values as the properties hold them, which new ones now do."""
        for each in entry.given:
            self._learn(each)
        return converted(entry, self._declared)

    def _fields(self, column: str, place: _Place, value: dict[str, Any]) -> Iterator[Given]:
        """An object's fields: languages of a localized property, else properties of their own."""
        declared = self._declared.get(place.property)
        if declared is not None and declared.kind.is_localized:
            yield from (Given(place.property, each, key) for key, each in value.items())
        elif declared is not None or column in self._mapping:
            yield Given(place.property, value, place.language)
        else:
            for key, each in value.items():
                name = f"{column}.{key}"
                self._seen.add(name)
                own = self._place(name)
                if own is not None and each is not None:
                    yield Given(own.property, each, own.language)

    def _place(self, column: str) -> _Place | None:
        if column not in self._places:
            self._places[column] = self._found(column)
        return self._places[column]

    def _found(self, column: str) -> _Place | None:
        name = self._mapping.get(column)
        if name is None:
            if column == self._key:
                return None
            name = column
        elif not name:
            return None
        lower = name.lower()
        if lower in self._source.properties:
            return _Place(lower)
        property_, _, language = lower.rpartition(".")
        known = self._declared.get(property_)
        localized = known.kind.is_localized if known else column in self._mapping
        if localized and property_ and normal_language(language) is not None:
            return _Place(property_, normal_language(language))
        if column in self._mapping:
            return _Place(lower)
        made = slug(column).replace("-", "_")
        return _Place(made) if made else None

    def _learn(self, given: Given) -> None:
        id_, value = given.property, given.value
        if id_ in self._declared and id_ not in self._new:
            return
        if isinstance(value, list):
            signs = self._delimiters.setdefault(id_, set())
            signs.update(sign for sign in DELIMITERS for each in value if sign in str(each))
        shows = (id_, type(value), given.language is None)
        if shows in self._shown:
            return
        self._shown.add(shows)
        kind = _shown(given)
        before = self._new.get(id_)
        if before is not None and before is not kind:
            kind = _wider(before, kind)
        self._new[id_] = kind
        self._declared[id_] = Declared(kind, _NO_DELIMITER if kind.is_list else None)


def converted(entry: Entry, declared: Mapping[str, Declared]) -> Entry:
    """The entry with its values as the properties hold them, as far as they stand for such.

    An empty text is one for properties of text, and no value for others. A day is the moment it
    begins, in UTC.
    """
    given = []
    for each in entry.given:
        value = _converted(each.value, declared.get(each.property))
        if value is each.value and value is not None:
            given.append(each)
        elif value is not None:
            given.append(Given(each.property, value, each.language))
    return Entry(entry.key, tuple(given), entry.combine)


def _converted(value: Any, declared: Declared | None) -> Any:
    kind = declared.kind if declared else None
    if value is None:
        return None
    if isinstance(value, str):
        return _of_text(value, declared)
    if isinstance(value, list) and (kind is None or kind.is_list):
        return [each if isinstance(each, str) else _text(each) for each in value]
    if isinstance(value, int | float) and kind in (None, _KINDS[type(value)]):
        return value
    if kind is Kind.DECIMAL and type(value) is int:
        return float(value)
    text = _text(value)
    return text if isinstance(value, list | dict) else value_of(text, declared)


_KINDS: Final = {bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.DECIMAL}


def _of_text(text: str, declared: Declared | None) -> Any:
    kind = declared.kind if declared else None
    if not text:
        return text if kind in (None, Kind.TEXT, Kind.LOCALIZED_TEXT) else None
    if kind is Kind.TIMESTAMP and _DAY.fullmatch(text):
        return f"{text}T00:00:00Z"
    if declared is not None and declared.kind.is_list:
        return list_value(text, declared.delimiter)
    return value_of(text, declared)


def _text(value: Any) -> str:
    """A number as people write it; anything else as JSON."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return orjson.dumps(value).decode()


def _shown(given: Given) -> Kind:
    """What a value shows that its property holds."""
    value, localized = given.value, given.language is not None
    if isinstance(value, list):
        return Kind.LOCALIZED_LIST if localized else Kind.LIST
    if localized:
        return Kind.LOCALIZED_TEXT
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, int):
        return Kind.INTEGER
    return Kind.DECIMAL if isinstance(value, float) else Kind.TEXT


def _wider(one: Kind, other: Kind) -> Kind:
    if {one, other} <= {Kind.INTEGER, Kind.DECIMAL}:
        return Kind.DECIMAL
    return Kind.LOCALIZED_TEXT if one.is_localized and other.is_localized else Kind.TEXT


def entry_key(key: str) -> str:
    """A file's own key as an entry's: as it is, or made of the letters that keys may have."""
    plain = all(each.isascii() and (each.isalnum() or each in "_-") for each in key)
    if plain and len(key) <= _LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:10]
    return f"{slug(key)[:80] or 'key'}-{digest}"
