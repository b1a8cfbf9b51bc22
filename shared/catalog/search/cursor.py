"""What a partner's cursor says: how far each catalog was walked, and in which version of it.

So any instance continues in the very order the walk began in. Anything that is not a cursor of
ours for this very question is no cursor, a cursor of another question neither: it says nothing
about this one. Over REST the walk then starts at page 1, as its published client expects; over MCP
it is `cursor_mismatch`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from shared import cursors
from shared.catalog.search.order import Position
from shared.errors import Problem


class Place(NamedTuple):
    """How far one catalog was walked.

    Attributes:
        version: the catalog's version, as its owner names it.
        position: where the order goes on; None for its start.
        only: digest of the caller's restriction when the walk began.
        revision: the order's, see `Order`.
        at: the second since 1970 when the walk began; its order is that of then.
    """

    version: str
    position: Position | None
    only: str
    revision: str = ""
    at: int = 0


def seal(places: Mapping[str, Place], question: str, key: bytes) -> str:
    """The cursor that continues at these places, by catalog; `question`: its digest."""
    return cursors.seal({name: [*place] for name, place in places.items()}, question, key)


def unseal(cursor: str | None, question: str, key: bytes) -> dict[str, Place] | None:
    """The places of a cursor of this question; None when it is absent or is none of ours."""
    places = cursors.unseal(cursor, question, key)
    if places is None:
        return None
    return {
        catalog: Place(version, tuple(position) if position else None, *more)
        for catalog, (version, position, *more) in places.items()
    }


def mismatch() -> Problem:
    """`cursor_mismatch`: what a face says that does not begin again at page 1."""
    return Problem(
        "cursor_mismatch",
        "This cursor is damaged, or was given for another question. Ask exactly as for the page "
        "before, or search again without a cursor.",
    )


def expired() -> Problem:
    """`cursor_expired`: what a cursor of ours is answered with when its order cannot go on.

    That is when its version is no longer kept, or the caller's restriction on a catalog or how we
    order products changed.
    """
    return Problem(
        "cursor_expired",
        "The catalog, its order, or what you may see of it changed since this cursor was given. "
        "Search again without a cursor.",
    )
