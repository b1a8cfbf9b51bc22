"""Card definitions: what cards are made of, and the states that a definition goes through.

A card is one thing seen whole: all that entries of several sources say of it, under properties of
its own. Cards are computed; their revision stands in the name of their collection, so that what
applications read never changes under them, and a new revision is built beside the old one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

from shared.engine.typed import Declared
from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.configuration import Configuration, Defined, Definition, Kind
from shared.pipeline.sources import Source, TypeName, kind_of
from shared.query.kinds import Kind as Holds

MOST_CARDS: Final = 200
"""Definitions of one tenant."""
MOST_SOURCES: Final = 5
"""Of one definition."""
MOST_PROPERTIES: Final = 1_000
"""Of one definition."""
PREFIX: Final = "card"

RESTORE: Final = "update_card_definition with the status Active brings it back."
CardStatus = Literal["Draft", "Active", "PendingChanges", "Updating", "Archived"]
Action = Literal["edit", "discard", "activate", "end", "archive", "restore"]
_MOVES: Final[Mapping[tuple[CardStatus, Action], CardStatus]] = {
    ("Draft", "edit"): "Draft",
    ("Draft", "activate"): "Updating",
    ("Active", "edit"): "PendingChanges",
    ("PendingChanges", "edit"): "PendingChanges",
    ("PendingChanges", "discard"): "Active",
    ("PendingChanges", "activate"): "Updating",
    ("Updating", "end"): "Active",
    ("Draft", "archive"): "Archived",
    ("Active", "archive"): "Archived",
    ("Archived", "restore"): "Active",
}


class CardSource(Exact):
    """A source of cards: its entries have the card's key, or name it in `join_property`."""

    source_id: str
    join_property: str = ""


class Mapped(Exact):
    """Where a property's value comes from."""

    source_id: str
    source_property_id: str


class CardProperty(Exact):
    """A property of cards. The first of `mapped` that has a value wins, in each language."""

    id: str
    name: str = ""
    type: TypeName
    delimiter: str | None = None
    managed_tag_id: str = ""
    required: bool = False
    mapped: tuple[Mapped, ...]

    @property
    def kind(self) -> Holds:
        """What its values are held as."""
        return kind_of(self.type)

    @property
    def declared(self) -> Declared:
        """What its values have to be."""
        return Declared(self.kind, self.delimiter)


class Content(Exact):
    """What cards are made of."""

    sources: tuple[CardSource, ...] = ()
    properties: tuple[CardProperty, ...] = ()

    @property
    def kinds(self) -> dict[str, Holds | None]:
        """What each property holds."""
        return {each.id: each.kind for each in self.properties}

    def find(self, property_: str) -> CardProperty | None:
        """The property of that id, or None."""
        return next((each for each in self.properties if each.id == property_), None)


class Kept(Exact):
    """A revision that is no longer in use, and is kept true for published versions that read it."""

    revision: int
    content: Content


class SegmentDefinition(Exact):
    """A kind of segments of a card; `properties` are those they ask for first."""

    id: str
    name: str = ""
    properties: tuple[str, ...] = ()


class CardDefinition(Definition):
    """A card definition, `card:{id}` of the configuration.

    Attributes:
        revision: the one that is in use; 0 while there is none. Its cards are the collection
            `card.{id}.{revision}`.
        content: of that revision; of a draft, as it is so far.
        pending: edits that wait to be activated, or are being built.
        building: the revision that is being built, by `job`; 0 while none is.
        last: the highest revision there ever was.
        kept: revisions before that one, which published versions read.
    """

    name: str
    description: str = ""
    status: CardStatus = "Draft"
    revision: int = 0
    content: Content = Content()
    pending: Content | None = None
    building: int = 0
    last: int = 0
    kept: tuple[Kept, ...] = ()
    job: str = ""
    segment_definitions: tuple[SegmentDefinition, ...] = ()
    created_at: datetime

    @property
    def working(self) -> Content:
        """As it is once everything is activated."""
        return self.pending or self.content

    @property
    def cards(self) -> str:
        """The collection of the cards that are in use."""
        return collection_of(self.id, self.revision)

    @property
    def collections(self) -> list[str]:
        """The collections of all revisions that are kept true."""
        return [collection_of(self.id, each) for each in self.revisions]

    @property
    def revisions(self) -> list[int]:
        """All revisions that are kept true."""
        kept = (each.revision for each in self.kept)
        return [each for each in (*kept, self.revision, self.building) if each]

    @property
    def contents(self) -> list[Content]:
        """What cards of any of them are made of, and those to come."""
        return [*(each.content for each in self.kept), self.content, self.working]

    @property
    def built(self) -> str:
        """The collection of the cards that are in use. Raises `conflict` while there are none."""
        self.check_built()
        return self.cards

    def check_built(self) -> None:
        """Raises `conflict` while there are no cards to be used."""
        if self.status == "Archived":
            message = f"The card definition {self.id!r} is Archived. {RESTORE}"
            raise Problem("conflict", message, status=self.status)
        if not self.revision:
            raise Problem(
                "conflict",
                f"The card definition {self.id!r} has no cards yet: it is {self.status}. "
                "Use activate_card_definition first.",
                status=self.status,
            )

    def of_revision(self, revision: int) -> Content | None:
        """What cards of a revision are made of; None where it is no longer kept true."""
        if revision and revision == self.building:
            return self.working
        if revision and revision == self.revision:
            return self.content
        return next((each.content for each in self.kept if each.revision == revision), None)

    def moved(self, action: Action) -> CardStatus:
        """The status after an action. Raises `conflict`, naming what can be done."""
        after = _MOVES.get((self.status, action))
        if after is None:
            can = ", ".join(each for status, each in _MOVES if status == self.status)
            raise Problem(
                "conflict",
                f"The card definition {self.id!r} is {self.status}; what can follow is: {can}."
                + (" Wait for its job." if self.status == "Updating" else ""),
                status=self.status,
                job_id=self.job,
            )
        return "Draft" if action == "restore" and not self.revision else after


CARDS: Final = Kind(PREFIX, CardDefinition, "card definition")


def collection_of(card: str, revision: int) -> str:
    """The id of the collection that holds the cards of a revision."""
    return f"{PREFIX}.{card}.{revision}"


def inputs_of(card: str, content: Content) -> list[str]:
    """The collections that cards are computed from."""
    return sorted({*(f"source.{each.source_id}" for each in content.sources), members_of(card)})


def members_of(card: str) -> str:
    """The collection that says which cards segments name one by one."""
    return f"members.{card}"


def of_source(configuration: Configuration, source: str) -> Iterator[CardDefinition]:
    """The definitions that a source's entries come into."""
    for each in configuration.every(CARDS):
        contents = each.value.contents
        if any(source == of.source_id for content in contents for of in content.sources):
            yield each.value


def check_unmapped(configuration: Configuration, source: str, property_: str) -> None:
    """Raises `conflict` where cards take values from a source's property."""
    taken = Mapped(source_id=source, source_property_id=property_)
    users = [
        card.id
        for card in of_source(configuration, source)
        for content in card.contents
        if any(taken in each.mapped for each in content.properties)
        or any((source, property_) == (s.source_id, s.join_property) for s in content.sources)
    ]
    if users:
        raise Problem(
            "conflict",
            f"The cards {', '.join(dict.fromkeys(users))} take values from {property_!r}. Change "
            "them first.",
            used_by=list(dict.fromkeys(users)),
        )


def check_no_tag(configuration: Configuration, tag: str) -> None:
    """Raises `conflict` where a property of cards takes its values from a managed tag."""
    users = [
        each.value.id
        for each in configuration.every(CARDS)
        for content in (each.value.content, each.value.working)
        if any(tag == of.managed_tag_id for of in content.properties)
    ]
    if users:
        named = list(dict.fromkeys(users))
        message = f"Properties of the cards {', '.join(named)} name {tag!r}. Change them first."
        raise Problem("conflict", message, used_by=named)


def redefined(configuration: Configuration, before: Defined[Source], after: Source) -> list[str]:
    """The collections that mean something else once a source does: its entries, and cards.

    Cards do only where their values are converted by what changed.
    """
    was = before.value
    delimiters = [[each.delimiter for each in s.properties.values()] for s in (was, after)]
    if was.languages == after.languages and delimiters[0] == delimiters[1][: len(delimiters[0])]:
        return [after.entries]
    cards = of_source(configuration, after.id)
    return [after.entries, *(each for card in cards for each in card.collections)]
