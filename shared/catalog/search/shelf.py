"""A catalog as one caller sees it, and its products as ready JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson

from shared.catalog.products.compact import without_empty
from shared.catalog.search.facets import within
from shared.catalog.search.order import Hit
from shared.catalog.segment.reader import Segment
from shared.facets import Facet


@dataclass(eq=False)
class Shelf:
    """A catalog to search in.

    Attributes:
        catalog: its key.
        display_name: said in every answer.
        version: the owner's name of the version that `segment` is.
        segment: the version a walk is in: the current one on a first page, then the cursor's.
        current: the newest version. Items show what it says, and what it no longer has is left
            out; order and positions are those of `segment`.
        at: the second since 1970 that is asked for; what offers are then is shown.
        only: the caller's restriction to a part of the catalog.
    """

    catalog: str
    display_name: str
    version: str
    segment: Segment
    current: Segment
    at: float
    only: tuple[Facet, ...] = ()

    def still_there(self, hits: Sequence[Hit], began: float) -> Iterable[Hit]:
        """Those of these products of `segment` that can be shown, by their numbers in `current`.

        `began`: the second that the walk is of. Left out is what was deleted or deactivated since,
        has expired, or is outside `only` by now.
        """
        same = self.segment is self.current
        unchanged = same and not (self.current.timed and began < int(self.at))
        return hits if unchanged else self._renumbered(hits)

    def shows(self, number: int) -> bool:
        """Whether the caller may see the product of `current` with this number."""
        return within(self.current, number, self.only, self.at)

    def _renumbered(self, hits: Sequence[Hit]) -> Iterator[Hit]:
        for hit in hits:
            now = self.current.active_number_of(self.segment.claims(hit.number).key, self.at)
            if now is not None and within(self.current, now, self.only, self.at):
                yield hit._replace(number=now)

    def item(self, number: int, score: float) -> bytes:
        """The list item of a product of `current`; `score` 0..1."""
        return b"%b%d,%b}" % (self._begin, round(100 * score), self.current.item(number, self.at))

    def card(self, number: int, score: float) -> bytes:
        """The card of a product of `current`, without the name of its catalog."""
        members = self.current.card(number, self.at)
        return b'{%b,"displayMatchScore":%d}' % (members, round(100 * score))

    def named_card(self, number: int, score: float) -> bytes:
        """The card of a product of `current`, with the key of its catalog."""
        return b'{"catalogKey":"%b",%b' % (self.catalog.encode(), self.card(number, score)[1:])

    def bare_item(self, number: int, score: float) -> bytes:
        """The list item of a product of `current`, without members that are null or empty."""
        return orjson.dumps(without_empty(orjson.loads(self.item(number, score))))

    def bare(self, number: int) -> bytes:
        """The full view of a product of `current`, without members that are null or empty."""
        name = orjson.dumps(self.display_name)
        return b'{"catalogDisplayName":%b,%b}' % (name, self.current.bare(number, self.at))

    def full(self, number: int) -> bytes:
        """The full view of a product of `current`."""
        return b"%bnull,%b}" % (self._begin, self.current.full(number, self.at))

    @cached_property
    def _begin(self) -> bytes:
        """How every view begins, up to the score."""
        name = orjson.dumps(self.display_name)
        return b'{"catalogDisplayName":%b,"displayMatchScore":' % name
