"""Which partners see which of a tenant's catalogs, on which terms; granting and withdrawing."""

from collections.abc import Mapping
from typing import Any

from functions.portal import chart
from functions.portal.forms import given
from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.terms import SURFACES, chosen, terms
from functions.portal.visit import Visit
from shared.pipeline import own_demand
from shared.serve.pages.web import Outgoing, with_query
from shared.studio.tools import access


def show(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """Every catalog of the tenant, or one, with who sees it."""
    visit.in_tenant()
    asked = {"catalog": visit.asked("id"), "cursor": visit.asked("cursor")}
    listed = visit.run(access.family["list_partner_access"], **given(asked))
    keys = [each["catalog"] for each in listed["items"]]
    told = visit.run(own_demand.family["get_own_demand"], catalogs=keys) if keys else {"items": ()}
    return visit.page(
        "partners.html",
        tenant=visit.tenant,
        catalogs=listed["items"],
        demand={each["catalog"]: _demand(each) for each in told["items"]},
        more=listed["nextCursor"],
        surfaces=SURFACES,
        chosen=chosen(refused),
        refused=refused,
    )


def _demand(told: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked of one catalog: its partners' bars and sums by organization, and words."""
    calls = {each["organization"]: each["calls"] for each in told["partners"]}
    return {
        "calls": {org: (chart.alone(by_day), sum(by_day)) for org, by_day in calls.items()},
        "vain": told["vain"],
        "days": len(told["days"]),
    }


def grant(visit: Visit) -> Outgoing:
    """A grant, or other terms for one."""
    visit.in_tenant()
    typed, agreed = terms(visit)
    named = visit.typed("catalog", "organization")
    typed, arguments = {**named, **typed}, {**named, **agreed}
    visit.change(
        access.family["grant_partner_access"],
        arguments,
        typed=typed,
        again=lambda refused: show(visit, refused),
        form="grant",
    )
    return visit.go(_place(visit), f"{typed['organization']} sees it from the next call on.")


def withdraw(visit: Visit) -> Outgoing:
    """A partner no longer sees a catalog."""
    visit.in_tenant()
    typed = visit.typed("catalog", "organization")
    visit.run(access.family["withdraw_partner_access"], **typed, confirm=True)
    return visit.go(_place(visit), f"{typed['organization']} is refused from now on.")


def _place(visit: Visit) -> str:
    return with_query("/partners", {"tenant": visit.tenant})
