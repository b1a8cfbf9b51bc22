"""What a tenant holds, and how much of it there may be."""

from functions.portal.visit import Visit
from shared.pipeline import own_limits
from shared.serve.pages.web import Outgoing


def show(visit: Visit) -> Outgoing:
    """Every limit of the tenant, with how much of it is used."""
    visit.in_tenant()
    found = visit.run(own_limits.family["get_own_limits"])
    return visit.page("limits.html", tenant=visit.tenant, limits=found)
