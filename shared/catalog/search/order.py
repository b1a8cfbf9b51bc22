"""An order: where every product that answers a question stands, asked for stretch by stretch."""

from typing import NamedTuple, Protocol

Position = tuple[int, int]
"""A place between two products of an order. What it means is the order's own business."""


class Hit(NamedTuple):
    """A product at its place.

    Attributes:
        number: the product's, in its segment.
        score: 0..1, never rising along the order, and comparable between catalogs.
        after: the place right behind it.
    """

    number: int
    score: float
    after: Position


class Order(Protocol):
    """The one total order of a question within one version of a catalog.

    Every match stands in it exactly once, and where does not depend on how many are taken at once.
    """

    @property
    def revision(self) -> str:
        """Differs when the same question would be put in another order by other code of ours."""

    @property
    def text(self) -> str:
        """What is looked for: the query, or as the catalog spells it; empty when it browses."""

    @property
    def left_out(self) -> int:
        """How many words of the query are not looked for, because it has too many."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Words of the query that no product has, however they are spelled."""

    def hits(self, after: Position | None, limit: int) -> list[Hit]:
        """The next so many hits behind a place (None: from the start); fewer at the end."""

    def count(self) -> int:
        """How many products there are in it."""
