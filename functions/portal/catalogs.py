"""The first page: the catalogs granted to the organization, how fresh, on which terms."""

from functions.portal.visit import Visit
from shared.catalog.tools import own
from shared.serve.pages.web import Outgoing

HOME = {"operator": "/organizations", "catalog_owner": "/data"}
"""Where people begin whose organization is granted nothing."""


def show(visit: Visit) -> Outgoing:
    """Every granted catalog."""
    elsewhere = HOME.get(visit.account["organizationType"])
    if elsewhere is not None:
        return visit.go(elsewhere)
    found = visit.run(own.family["list_own_catalogs"])
    total = sum(each["productCount"] or 0 for each in found)
    return visit.page("catalogs.html", catalogs=found, total=total)
