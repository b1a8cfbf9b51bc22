"""What stands at the side of every page: where a signed-in person can go."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Link(NamedTuple):
    """One place. `below`: pages that are reached from it, on which it is the current one too."""

    to: str
    text: str
    below: tuple[str, ...] = ()


_OF_DATA: Final = (
    "/definition",
    "/source",
    "/entries",
    "/entry",
    "/changes",
    "/changes/undo",
    "/import",
    "/import/draft",
    "/jobs",
    "/limits",
    "/job",
    "/partners",
    "/people",
)
_OF_TYPE: Final[Mapping[str, tuple[Link, ...]]] = {
    "catalog_partner": (
        Link("/", "Catalogs", ("/preview", "/product")),
        Link("/connect", "Connect"),
        Link("/bigquery", "BigQuery"),
        Link("/keys", "API keys"),
    ),
    "catalog_owner": (
        Link("/data", "Product data", _OF_DATA),
        Link("/connect", "Connect"),
        Link("/keys", "API keys"),
    ),
    "operator": (
        Link("/organizations", "Organizations", ("/organization",)),
        Link("/catalogs", "Catalogs", ("/catalog",)),
        Link("/tenants", "Tenants", ("/tenant",)),
        Link("/audit", "Audit trail"),
    ),
}
"""Type of organization -> what its people alone see."""
_FOR_ALL: Final = (
    Link("/usage", "Usage"),
    Link("/members", "Members"),
    Link("/sessions", "Sessions"),
)
_FOR_OWNERS: Final = (Link("/history", "History"),)


def menu(account: Mapping[str, Any]) -> tuple[Link, ...]:
    """The places for whom `get_account` describes, in the order they stand in."""
    owned = _FOR_OWNERS if account["role"] == "owner" else ()
    return (*_OF_TYPE[account["organizationType"]], *_FOR_ALL, *owned)
