"""A catalog as one caller sees it, and its products as ready JSON."""

from dataclasses import dataclass
from functools import cached_property

import orjson

from shared.catalog.search.facets import within
from shared.catalog.segment.reader import Segment
from shared.facets import Facet


@dataclass(frozen=True)
class Shelf:
    """A catalog to search in.

    Attributes:
        catalog: its key.
        display_name: said in every answer.
        version: the owner's name of the version that `segment` is.
        segment: the version a walk is in: the current one on a first page, then the cursor's.
        current: the newest version. Items show what it says, and what it no longer has is left
            out; order and positions are those of `segment`.
        only: the caller's restriction to a part of the catalog.
    """

    catalog: str
    display_name: str
    version: str
    segment: Segment
    current: Segment
    only: tuple[Facet, ...] = ()

    def still_there(self, number: int) -> int | None:
        """The number in `current` of a product that `segment` knows by this one, or None.

        None when it was deleted or deactivated since, or is outside `only` by now.
        """
        if self.segment is self.current:
            return number
        now = self.current.active_number_of(self.segment.claims(number)[0])
        return now if now is not None and within(self.current, now, self.only) else None

    def item(self, number: int, score: float) -> bytes:
        """The list item of a product of `current`; `score` 0..1."""
        return self._as % (b"%d" % round(100 * score), self.current.item(number))

    def full(self, number: int) -> bytes:
        """The full view of a product of `current`."""
        return self._as % (b"null", self.current.full(number))

    @cached_property
    def _as(self) -> bytes:
        """The form of an item, to put a score and members into."""
        name = orjson.dumps(self.display_name).replace(b"%", b"%%")
        return b'{"catalogDisplayName":%b,"displayMatchScore":%%b,%%b}' % name
