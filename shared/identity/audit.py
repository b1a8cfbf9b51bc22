"""Operations that read the audit trail: who changed what, when, by which way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from shared.auth.caller import EVERY_TYPE
from shared.auth.gate import is_safe_id
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.identity.records import PEOPLE, OrgId
from shared.paging import Paged, PageOf
from shared.ports.documents import Shape, Snapshot
from shared.queries import (
    AUDIT,
    AUDIT_BY,
    AUDIT_OF_EVENT,
    AUDIT_OF_EVENT_IN_ORGANIZATION,
    AUDIT_OF_ORGANIZATION,
)
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("audit", org_types=frozenset({"operator"}))
own_family = Family("own_audit", org_types=EVERY_TYPE, free=True)

Event = Annotated[
    str,
    Field(
        pattern=r"^[a-z_]{1,40}\.[a-z_]{1,40}$",
        description="Only events of this name, such as grant.given.",
    ),
]


class AuditEvent(Result):
    """One change or security event."""

    at: datetime
    event: str
    target: str
    org: str
    by: str
    by_email: str | None
    surface: str
    request_id: str
    details: dict[str, Any]


class ListAuditEvents(Paged):
    """Which events; all when nothing is named."""

    org: OrgId | None = None
    event: Event | None = None
    by: Annotated[
        str | None,
        Field(max_length=200, description="Who did it: a principal, key id or operator's name."),
    ] = None


_SHAPES: dict[frozenset[str], Shape] = {
    frozenset(): AUDIT,
    frozenset({"org"}): AUDIT_OF_ORGANIZATION,
    frozenset({"event"}): AUDIT_OF_EVENT,
    frozenset({"org", "event"}): AUDIT_OF_EVENT_IN_ORGANIZATION,
    frozenset({"by"}): AUDIT_BY,
}


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List audit events")
def list_audit_events(call: Call, args: ListAuditEvents) -> PageOf[AuditEvent]:
    """List audit events, newest first, 100 a page.

    By organization, by event, by both, or by who did it.
    """
    return _page(call, args, org=args.org, event=args.event, by=args.by)


class ListOwnAuditEvents(Paged):
    """Which events of one's organization."""

    event: Event | None = None


@own_family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List your audit events",
    role=Role.OWNER,
)
def list_own_audit_events(call: Call, args: ListOwnAuditEvents) -> PageOf[AuditEvent]:
    """List what was changed in your organization, newest first, 100 a page."""
    return _page(call, args, org=call.access.org, event=args.event)


def _page(call: Call, args: Paged, **asked: str | None) -> PageOf[AuditEvent]:
    equal = {name: value for name, value in asked.items() if value is not None}
    shape = _SHAPES.get(frozenset(equal))
    if shape is None:
        raise Problem(
            "invalid",
            "Who did it cannot be combined with the other filters. Leave those out.",
            field="by",
        )
    documents = call.app.documents
    page = documents.query(args.of(shape, **equal))
    people = {PEOPLE.path(each.data["by"]) for each in page.items if is_safe_id(each.data["by"])}
    known = documents.get_many(sorted(people))
    return PageOf[AuditEvent](
        items=[_view(each, known) for each in page.items], next_cursor=page.cursor
    )


def _view(snapshot: Snapshot, people: Mapping[str, Snapshot]) -> AuditEvent:
    person = people.get(PEOPLE.path(snapshot.data["by"]))
    email = None if person is None else person.data["email"]
    return AuditEvent.model_validate({**snapshot.data, "byEmail": email})
