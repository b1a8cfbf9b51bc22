"""Where pictures of products lie, for pages that a client shows: no conversation pays for it."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import Field

from shared.auth.access import Access
from shared.catalog.reach import heads_of, reached
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("pictures", org_types=frozenset({"catalog_partner"}), free=True)

MOST_ORIGINS: Final = 100
"""Clients make one header of them, and headers have limits."""


class PictureOrigins(Result):
    """From where pictures may be loaded."""

    origins: Annotated[list[str], Field(description="Such as `https://cdn.books.example`.")]


def _every_head(_: Any, access: Access) -> Iterable[str]:
    return heads_of(access)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List where pictures lie",
    reads=_every_head,
)
def list_picture_origins(call: Call, args: Args) -> PictureOrigins:
    """List the origins of the pictures of the catalogs your organization may use now."""
    del args
    found = dict.fromkeys(origin for each in reached(call) for origin in each.head.pictures)
    return PictureOrigins(origins=sorted(found)[:MOST_ORIGINS])
