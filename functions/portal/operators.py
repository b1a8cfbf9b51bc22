"""The operators' view of organizations: create, disable, limit; grants and first members."""

from typing import Any
from urllib.parse import quote

from functions.portal.forms import given
from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.terms import SURFACES, chosen, terms
from functions.portal.visit import Visit
from shared.errors import Problem
from shared.identity import grants
from shared.identity import organizations as orgs
from shared.serve.pages.web import Outgoing


def organizations(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """Every organization."""
    asked = given({"cursor": visit.asked("cursor")})
    listed = visit.run(orgs.family["list_organizations"], **asked)
    return visit.page(
        "organizations.html",
        organizations=listed["items"],
        more=listed["nextCursor"],
        default_rate=orgs.DEFAULT_RATE,
        refused=refused,
    )


def create(visit: Visit) -> Outgoing:
    """A new organization."""
    typed = visit.typed("id", "name", "type", "rate_limit")
    visit.change(
        orgs.family["create_organization"],
        given(typed),
        typed=typed,
        again=lambda refused: organizations(visit, _taken(refused, typed)),
        form="create",
    )
    return visit.go(_at(typed["id"]), "The organization was created. Add its first owner.")


def organization(visit: Visit, refused: Refused = NOTHING_REFUSED, id_: str = "") -> Outgoing:
    """One organization: its state, its grants, its people."""
    id_ = id_ or visit.asked("id")
    found, granted, people = visit.run_each(
        (orgs.family["get_organization"], {"id": id_}),
        (grants.family["list_grants"], {"org": id_}),
        (orgs.family["list_members"], {"org": id_}),
    )
    return visit.page(
        "organization.html",
        organization=found,
        grants=granted["items"],
        more_grants=granted["nextCursor"],
        members=people["items"],
        refused=refused,
        surfaces=SURFACES,
        chosen=chosen(refused.of("grant")),
    )


def change(visit: Visit) -> Outgoing:
    """Disabled, enabled, or another limit."""
    typed = visit.typed("id", "state", "rate_limit")
    _changed(visit, orgs.family["change_organization"], given(typed), typed, "change", typed["id"])
    return visit.go(_at(typed["id"]), "The change counts from the next request on.")


def grant(visit: Visit) -> Outgoing:
    """A grant, or other terms for one."""
    typed, agreed = terms(visit)
    named = visit.typed("org", "catalog")
    typed, arguments = {**named, **typed}, {**named, **agreed}
    _changed(visit, grants.family["grant_catalog"], arguments, typed, "grant", typed["org"])
    return visit.go(_at(typed["org"]), "The grant counts from the next request on.")


def withdraw(visit: Visit) -> Outgoing:
    """A grant is taken back."""
    typed = visit.typed("org", "catalog")
    visit.run(grants.family["withdraw_grant"], **typed)
    return visit.go(_at(typed["org"]), "The grant was withdrawn. It is refused from now on.")


def member(visit: Visit) -> Outgoing:
    """Somebody belongs to the organization."""
    typed = visit.typed("org", "email", "role")
    _changed(visit, orgs.family["set_member"], typed, typed, "member", typed["org"])
    return visit.go(_at(typed["org"]), f"{typed['email']} can sign in now.")


def _changed(
    visit: Visit,
    tool: Any,
    arguments: dict[str, Any],
    typed: dict[str, str],
    form: str,
    org: str,
) -> None:
    visit.change(
        tool,
        arguments,
        typed=typed,
        again=lambda refused: organization(visit, refused, org),
        form=form,
    )


def _taken(refused: Refused, typed: dict[str, str]) -> Refused:
    """That an organization exists already is about its id."""
    exists = Problem("conflict", "There is an organization with this id.", field="id")
    return Refused.because("create", typed, exists) if refused.code == "conflict" else refused


def _at(org: str) -> str:
    return f"/organization?id={quote(org, safe='')}"
