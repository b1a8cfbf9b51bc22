"""A draft that somebody's assistant made, as a form: they correct it, and submit or decline it.

Submitting runs the tool that creates what is drafted, as an assistant's call would, so it checks
the same and needs the same role.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from functions.portal import review_form
from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.review_form import Field, Read
from functions.portal.visit import Again, Visit
from shared.auth.faces import STUDIO
from shared.errors import Problem
from shared.serve.pages.web import Outgoing
from shared.studio.tools import (
    card_definitions,
    destinations,
    endpoints,
    own_reviews,
    segments,
    sources,
)
from shared.tool import Tool

_CREATE: Final[Mapping[str, Tool[Any]]] = {
    tool.name: tool
    for tool in (
        sources.family["create_data_source"],
        card_definitions.family["create_card_definition"],
        segments.family["create_segment"],
        destinations.family["create_destination"],
        destinations.family["create_api_version"],
        endpoints.family["create_endpoint"],
    )
}
_FORM: Final = "review"
family = own_reviews.family


def show(visit: Visit) -> Outgoing:
    """The draft, to be corrected; or what came of it."""
    review = _asked(visit)
    issues = [each for each in review["draft"]["issues"] if each["severity"] == "error"]
    fields = _fields(review)
    found = Problem("invalid", "", errors=[{"path": e["field"], **e} for e in issues])
    refused = Refused.because(_FORM, {each.name: each.text for each in fields}, found)
    return _page(visit, review, fields, refused if issues else NOTHING_REFUSED)


def submit(visit: Visit) -> Outgoing:
    """Create what was drafted, as it was corrected."""
    review = _asked(visit)
    tool, fields = _CREATE[review["tool"]], _fields(review)
    read = review_form.read(tool, fields, visit.request.form)
    if read.wrong:
        refused = Refused(_FORM, read.typed, read.wrong)
        return _page(visit, review, fields, refused)._replace(status=422)
    id_ = visit.asked("id")
    try:
        hold = visit.run(family["start_own_review"], id=id_, arguments=read.arguments)["hold"]
    except Problem as problem:
        if problem.code != "conflict":
            raise
        return visit.go(_place(visit))  # that page says what came of it
    made = _created(visit, review, read, hold)
    with suppress(Problem):  # it is created, whether or not the assistant can be told
        visit.run(family["end_own_review"], id=id_, hold=hold, result=made)
    return visit.go(_place(visit), "It was created. Your assistant will see what you submitted.")


def _created(visit: Visit, review: Mapping[str, Any], read: Read, hold: str) -> Any:
    """What the tool answered, as assistants see it.

    Where it refuses, the draft can be submitted again.
    """
    try:
        return replace(visit, spelling=STUDIO.spelling).change(
            _CREATE[review["tool"]],
            read.arguments,
            typed=read.typed,
            again=lambda refused: _page(visit, review, _fields(review), refused),
            form=_FORM,
        )
    except (Again, Problem):
        with suppress(Problem):  # the hold ends by itself
            visit.run(family["end_own_review"], id=visit.asked("id"), hold=hold)
        raise


def decline(visit: Visit) -> Outgoing:
    """It is not wanted; the assistant is told why."""
    visit.in_tenant()
    note = visit.typed("note")["note"]
    try:
        visit.run(family["decline_own_review"], id=visit.asked("id"), note=note)
    except Problem as problem:
        if problem.code != "conflict":
            raise
    return visit.go(_place(visit))


def _asked(visit: Visit) -> dict[str, Any]:
    visit.in_tenant()
    found: dict[str, Any] = visit.run(family["get_own_review"], id=visit.asked("id"))
    return found


def _fields(review: Mapping[str, Any]) -> list[Field]:
    return review_form.fields_of(_CREATE[review["tool"]], review["draft"])


def _page(
    visit: Visit, review: Mapping[str, Any], fields: list[Field], refused: Refused
) -> Outgoing:
    draft = review["draft"]
    rest = [each for each in fields if not each.is_main]
    return visit.page(
        "review.html",
        review=review,
        title=draft["form"]["title"],
        tenant=visit.tenant,
        main=[each for each in fields if each.is_main],
        rest=rest,
        open=any(each.value is not None or each.name in refused.fields for each in rest),
        notes=[each for each in draft["issues"] if each["severity"] == "note"],
        facts=review_form.facts(draft["preview"]),
        refused=refused,
        query=_query(visit),
        signed_in_before=_CREATE[review["tool"]].scope not in visit.token.scopes,
    )


def _query(visit: Visit) -> str:
    return urlencode({"tenant": visit.tenant, "id": visit.asked("id")})


def _place(visit: Visit) -> str:
    return f"/review?{_query(visit)}"
