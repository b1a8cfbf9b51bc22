"""The first page: the catalogs granted to the organization, how fresh, on which terms."""

from typing import Any

from functions.portal.visit import Visit
from shared.catalog.tools import own
from shared.serve.pages.web import Outgoing

HOME = {"operator": "/organizations", "catalog_owner": "/members"}
"""Where people begin whose organization is granted nothing."""


def show(visit: Visit) -> Outgoing:
    """Every granted catalog."""
    elsewhere = HOME.get(visit.account["organizationType"])
    if elsewhere is not None:
        return visit.go(elsewhere)
    return visit.page("catalogs.html", _shown, visit.read(own.family["list_own_catalogs"]))


def _shown(catalogs: list[dict[str, Any]]) -> dict[str, Any]:
    total = sum(each["productCount"] or 0 for each in catalogs)
    return {"catalogs": catalogs, "total": total}
