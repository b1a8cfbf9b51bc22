"""Sources: what a tenant's entries come in as, and what their properties hold.

A source has no fixed schema. It knows every property that ever came, and the type of each: as it
was declared, or as its first value showed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.engine.typed import DEFAULT_DELIMITER, Declared, normal_language
from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.configuration import Configuration, Definition, Kind
from shared.query.kinds import Kind as Holds

MOST_SOURCES: Final = 200
MOST_PROPERTIES: Final = 10_000
"""Of one source."""
MOST_LANGUAGES: Final = 20
MOST_ENTRIES: Final = 300_000
"""Of one source: what a replica of 4 GiB can hold beside others."""
DELIMITERS: Final = (",", ";", ":", "|", "/")
SOURCE_ID: Final = r"^[A-Za-z0-9_-]{1,100}$"

TypeName = Literal[
    "Text", "LocalizedText", "List", "LocalizedList", "Boolean", "Timestamp", "Integer", "Decimal"
]
_KINDS: Final[Mapping[TypeName, Holds]] = {
    "Text": Holds.TEXT,
    "LocalizedText": Holds.LOCALIZED_TEXT,
    "List": Holds.LIST,
    "LocalizedList": Holds.LOCALIZED_LIST,
    "Boolean": Holds.BOOLEAN,
    "Timestamp": Holds.TIMESTAMP,
    "Integer": Holds.INTEGER,
    "Decimal": Holds.DECIMAL,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


class Property(Exact):
    """A property of a source. Without a type, the first value that comes decides it."""

    display_name: str = ""
    type: TypeName | None = None
    delimiter: str | None = None
    description: str = ""
    state: Literal["Active", "Updating", "Deleting"] = "Active"

    @property
    def kind(self) -> Holds | None:
        """What its values are held as."""
        return None if self.type is None else _KINDS[self.type]

    @property
    def declared(self) -> Declared | None:
        """What its values are checked by."""
        return None if self.kind is None else Declared(self.kind, self.delimiter)


class Feed(Exact):
    """A file that a source fetches by itself; how it is read is said as for an import."""

    url: str
    every: str
    key_column: str = "id"
    mapping: dict[str, str] = Field(default_factory=dict)
    sheet: str = ""
    kind: str = ""
    variants_source_id: str = ""
    base_url: str = ""
    currency: str = ""


class Source(Definition):
    """A source, `source:{id}` of the configuration; its entries are the collection `source.{id}`.

    `related`: sources whose entries have the same keys; `feed`: what it fetches by itself.
    """

    name: str
    description: str = ""
    type: Literal["Generic", "Media"] = "Generic"
    status: Literal["Active", "Purging"] = "Active"
    languages: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    feed: Feed | None = None
    properties: dict[str, Annotated[Property, Field()]] = Field(default_factory=dict)
    created_at: datetime

    @property
    def entries(self) -> str:
        """The id of the collection that holds its entries."""
        return entries_of(self.id)

    @property
    def declared(self) -> dict[str, Declared]:
        """The properties whose type is known, as imports check them."""
        return {
            id_: each.declared for id_, each in self.properties.items() if each.declared is not None
        }

    def with_properties(self, changed: Mapping[str, Property]) -> "Source":
        """The source with these properties added or in the place of their former selves."""
        return self.model_copy(update={"properties": {**self.properties, **changed}})


SOURCES: Final = Kind("source", Source, "data source")


def entries_of(source: str) -> str:
    """The id of the collection that holds a source's entries."""
    return f"source.{source}"


def kind_of(type_: TypeName) -> Holds:
    """What values of a type are held as."""
    return _KINDS[type_]


def shown_type(kind: Holds) -> TypeName:
    """What people call what a value is held as."""
    return _NAMES[kind]


def checked_type(path: str, type_: TypeName | None, delimiter: str) -> tuple[str, str] | None:
    """What is wrong with a type and its delimiter: where, and what to do; None for nothing."""
    is_list = type_ is not None and _KINDS[type_].is_list
    if is_list and delimiter not in DELIMITERS:
        said = " ".join(DELIMITERS)
        return (
            f"{path}.delimiter",
            f"A list needs the delimiter its texts never hold: one of {said}",
        )
    if not is_list and delimiter:
        return f"{path}.delimiter", "Only lists have a delimiter. Leave it out."
    return None


def found(declared: Declared) -> Property:
    """A property that came with an import: of the type that its value shows."""
    delimiter = (declared.delimiter or DEFAULT_DELIMITER) if declared.kind.is_list else None
    return Property(type=_NAMES[declared.kind], delimiter=delimiter)


def checked_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """Languages in one spelling, each once. Raises `invalid`."""
    normal = []
    for number, each in enumerate(languages):
        one = normal_language(each)
        if one is None:
            raise invalid(f"languages[{number}]", "A language is such as en, sv-SE or zh-Hans-CN.")
        normal.append(one)
    if len(normal) > MOST_LANGUAGES:
        raise invalid("languages", f"A source has at most {MOST_LANGUAGES} languages.")
    return tuple(dict.fromkeys(normal))


def checked_relations(of: Configuration, source: str, related: Iterable[str]) -> tuple[str, ...]:
    """Related sources, each once. Raises `invalid` for the source itself and for unknown ones."""
    made = tuple(dict.fromkeys(related))
    for number, each in enumerate(made):
        path = f"related_source_ids[{number}]"
        if each == source:
            raise invalid(path, "A source is not related to itself.")
        if of.find(SOURCES, each) is None:
            raise invalid(path, f"There is no data source {each!r}.")
    return made


def active(of: Configuration, source: str) -> Source:
    """A source that takes changes. Raises `not_found`; `conflict` while it is being emptied."""
    value = of.get(SOURCES, source).value
    if value.status == "Purging":
        raise Problem("conflict", f"The source {source!r} is being emptied. Wait for its job.")
    return value


def invalid(path: str, message: str) -> Problem:
    """One thing that is wrong with what was given."""
    return Problem("invalid", f"{path}: {message}", errors=[{"path": path, "message": message}])
