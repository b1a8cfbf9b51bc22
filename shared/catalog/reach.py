"""What a call can reach: the granted, published catalogs, their segments and restrictions.

Nothing here widens access: heads come from the gate's read, grants from the access it judged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.auth.access import Access, Grant
from shared.catalog.heads import Head, head_path
from shared.catalog.opened import opened_segments
from shared.catalog.search.facets import Facet
from shared.catalog.segment.reader import Segment
from shared.tool import Call


@dataclass(frozen=True, slots=True)
class Reached:
    """A catalog this call may use: what it serves, and which part of it counts."""

    head: Head
    only: tuple[Facet, ...]

    def segment(self, call: Call, number: int | None = None) -> Segment:
        """The served version, or an earlier one. Raises `cursor_expired` when it is gone."""
        opened = call.app.once(opened_segments)
        return opened.open(self.head.catalog, self.head.number if number is None else number)


def reached(call: Call, names: Iterable[str] | None = None) -> list[Reached]:
    """The catalogs granted on this call's surface now, in order of key; of `names` if given.

    A granted catalog that was never published does not exist for partners yet.
    """
    wanted = None if names is None else frozenset(names)
    return [
        Reached(Head.of(snapshot), _only(grant))
        for grant in call.access.holding(call.surface, call.now.timestamp())
        if wanted is None or grant.catalog in wanted
        if (snapshot := call.found.get(head_path(grant.catalog))) is not None
    ]


def heads_of(access: Access, names: Iterable[str] | None = None) -> Iterator[str]:
    """Where the heads of the granted catalogs are kept; of `names` if given."""
    if names is None:
        return (head_path(catalog) for catalog in access.grants)
    return (head_path(name) for name in dict.fromkeys(names) if name in access.grants)


def _only(grant: Grant) -> tuple[Facet, ...]:
    return tuple(Facet.model_validate(facet) for facet in grant.only or ())
