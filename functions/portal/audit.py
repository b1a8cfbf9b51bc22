"""Who changed what, when: of the whole platform for operators, of their own for owners."""

from typing import Any

from functions.portal.forms import given
from functions.portal.visit import NOTHING_REFUSED, Refused, Visit
from shared.errors import Problem
from shared.identity import audit
from shared.serve.pages.web import Outgoing, with_query
from shared.tool import Tool


def every(visit: Visit) -> Outgoing:
    """The platform's events, filtered."""
    return _shown(visit, audit.family["list_audit_events"], ("org", "event", "by"))


def own(visit: Visit) -> Outgoing:
    """The organization's events."""
    return _shown(visit, audit.own_family["list_own_audit_events"], ("event",))


def _shown(visit: Visit, tool: Tool[audit.ListAuditEvents], filters: tuple[str, ...]) -> Outgoing:
    asked = {name: visit.asked(name) for name in filters}
    refused = NOTHING_REFUSED
    page: dict[str, Any] = {"items": [], "nextCursor": None}
    try:
        page = visit.run(tool, **given({**asked, "cursor": visit.asked("cursor")}))
    except Problem as problem:
        if problem.code != "invalid":
            raise
        refused = Refused.because("filter", asked, problem)
    more = None
    if page["nextCursor"]:
        place = f"{visit.portal.base}{visit.path}"
        more = with_query(place, {**given(asked), "cursor": page["nextCursor"]})
    return visit.page(
        "audit.html",
        422 if refused.form else 200,
        events=page["items"],
        more=more,
        filters=filters,
        refused=Refused("filter", asked, refused.fields, refused.message),
    )
