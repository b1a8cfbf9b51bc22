"""What a call can reach: the granted, published catalogs, their segments and restrictions.

Nothing here widens access: heads come from the gate's read, grants from the access it judged.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.auth.access import Access, Grant
from shared.catalog.heads import Head, head_path, is_head
from shared.catalog.opened import opened_segments
from shared.catalog.search.shelf import Shelf
from shared.facets import Facet
from shared.tool import Call


class Reached(NamedTuple):
    """A catalog this call may use: what it serves, and which part of it counts."""

    head: Head
    only: tuple[Facet, ...]

    def shelf(self, call: Call, number: int | None = None) -> Shelf:
        """The catalog as this caller sees it, walked in the served version or an earlier one.

        Raises `cursor_expired` when the earlier one is gone.
        """
        head = self.head
        opened = call.app.once(opened_segments)
        current = opened.open(head.catalog, head.number)
        walked = head.number if number is None else number
        return Shelf(
            catalog=head.catalog,
            display_name=head.display_name,
            version=str(walked),
            segment=current if walked == head.number else opened.open(head.catalog, walked),
            current=current,
            at=call.now.timestamp(),
            only=self.only,
        )


def reached(call: Call, names: Iterable[str] | None = None) -> list[Reached]:
    """The catalogs granted on this call's surface now, in order of key; of `names` if given.

    A granted catalog that was never published, or is taken down, does not exist for partners.
    """
    wanted = None if names is None else frozenset(names)
    now, grants = call.now.timestamp(), call.access.grants
    found = []
    for path in sorted([path for path in call.found if is_head(path)]):
        head = Head.of(call.found[path])
        grant = grants.get(head.catalog)
        if (
            grant is not None
            and not head.down
            and grant.holds(call.surface, now)
            and (wanted is None or head.catalog in wanted)
        ):
            found.append(Reached(head, _only(grant)))
    return found


def heads_of(access: Access, names: Iterable[str] | None = None) -> Iterator[str]:
    """Where the heads of the granted catalogs are kept; of `names` if given."""
    if names is None:
        return (head_path(catalog) for catalog in access.grants)
    return (head_path(name) for name in dict.fromkeys(names) if name in access.grants)


def _only(grant: Grant) -> tuple[Facet, ...]:
    if not grant.only:
        return ()
    return tuple(Facet.model_validate(facet) for facet in grant.only)
