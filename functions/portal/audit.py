"""Who changed what, when: of the whole platform for operators, of their own for owners."""

from functions.portal.forms import given
from functions.portal.refused import NOTHING_FOUND, NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.errors import Problem
from shared.identity import audit
from shared.serve.pages.web import Outgoing, with_query
from shared.tool import Tool


def every(visit: Visit) -> Outgoing:
    """The platform's events, filtered."""
    return _listed(visit, audit.family["list_audit_events"], ("org", "event", "by"))


def own(visit: Visit) -> Outgoing:
    """The organization's events."""
    return _listed(visit, audit.own_family["list_own_audit_events"], ("event",))


def _listed(visit: Visit, tool: Tool[audit.ListAuditEvents], filters: tuple[str, ...]) -> Outgoing:
    asked = {name: visit.asked(name) for name in filters}
    found, refused, status = NOTHING_FOUND, NOTHING_REFUSED, 200
    try:
        found = visit.run(tool, **given({**asked, "cursor": visit.asked("cursor")}))
    except Problem as problem:
        if problem.code != "invalid":
            raise
        refused, status = Refused.because("filter", asked, problem), problem.status
    place, cursor = f"{visit.portal.base}{visit.path}", found["nextCursor"]
    return visit.page(
        "audit.html",
        status,
        events=found["items"],
        more=with_query(place, {**given(asked), "cursor": cursor}) if cursor else None,
        filters=filters,
        refused=Refused("filter", asked, refused.fields, refused.message),
    )
