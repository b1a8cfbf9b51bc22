"""Operations on one's own sign-ins, and on what they let clients do."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shared.auth import activity
from shared.auth.caller import EVERY_TYPE
from shared.errors import Problem
from shared.identity import authorizations, sessions
from shared.identity.known import Known, known
from shared.identity.principals import SessionId
from shared.identity.records import AUTHORIZATIONS, SESSIONS, Authorization
from shared.paging import Paged, PageOf
from shared.queries import AUTHORIZATIONS_OF_ORGANIZATION
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_sessions", org_types=EVERY_TYPE, free=True)


class OwnSession(Result):
    """A sign-in of one's own. `current`: the one this is asked in."""

    issuer: str
    session: str
    created_at: datetime
    expires_at: datetime | None
    current: bool


@family.tool(
    scope="organization:read", effect=Effect.READ, risk=Risk.LOW, title="List your sign-ins"
)
def list_own_sessions(call: Call, args: Args) -> list[OwnSession]:
    """List where you are signed in, newest first."""
    del args
    found = sessions.active_of(call, call.caller.subject)
    return [
        OwnSession(
            issuer=each.value.issuer,
            session=each.id.partition(":")[2],
            created_at=each.value.created_at,
            expires_at=each.value.expires_at,
            current=each.id == call.caller.session,
        )
        for each in found
    ]


class EndOwnSession(Args):
    """Which sign-in; the one this is asked in when left out."""

    session: SessionId | None = None


class Ended(Result):
    """How many were ended."""

    ended: int


@family.tool(
    scope="organization:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="Sign out",
    idempotent=True,
)
def end_own_session(call: Call, args: EndOwnSession) -> Ended:
    """Sign out of one sign-in: its tokens, also those of clients it let in, are refused at once."""
    issuer, _, current = call.caller.session.partition(":")
    session = args.session or current
    found = SESSIONS.find(call.app.documents, f"{issuer}:{session}")
    mine = found is not None and found.value.principal == call.caller.subject
    if not mine and session != current:
        raise Problem("not_found", "You have no such sign-in.", kind="session")
    sessions.end_session(call, sessions.EndSession(session=session, issuer=issuer))
    return Ended(ended=1)


@family.tool(
    scope="organization:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="Sign out everywhere",
    idempotent=True,
)
def end_own_sessions(call: Call, args: Args) -> Ended:
    """Sign out everywhere: every token you or your clients have is refused on the next request."""
    del args
    every = sessions.EndAllSessions(principal=call.caller.subject)
    return Ended(ended=sessions.end_all_sessions(call, every).ended)


class ConnectedClient(Result):
    """A program that may act for a person of one's organization."""

    id: str
    name: Annotated[str, Field(description="What it calls itself; nobody has verified it.")]
    is_portal: bool
    person: str
    email: str | None
    scopes: tuple[str, ...]
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    last_seen_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List connected clients",
)
def list_own_clients(call: Call, args: Paged) -> PageOf[ConnectedClient]:
    """List the clients that may act for you, or as an owner for anybody in your organization."""
    org = call.access.org
    found, cursor = clients_of(call, args)
    about = known(
        call.app.documents,
        org,
        people=(each.value.person for each in found),
        callers=(activity.client(each.value.client) for each in found),
    )
    alive = sessions.alive(call, (each.value.session for each in found))
    items = [
        _view(call, each, about)
        for each in found
        if call.caller.role == "owner" or each.value.person == call.caller.subject
        if each.value.session in alive
    ]
    return PageOf[ConnectedClient](items=items, next_cursor=cursor)


class EndOwnClient(authorizations.EndAuthorization):
    """Which client's authorization."""


@family.tool(
    scope="organization:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="Disconnect a client",
    idempotent=True,
)
def end_own_client(call: Call, args: EndOwnClient) -> Ended:
    """Take from a client what you, or as an owner anybody in your organization, let it do."""
    found = AUTHORIZATIONS.find(call.app.documents, args.id)
    own = found is not None and found.value.person == call.caller.subject
    if (
        found is None
        or found.value.org != call.access.org
        or not (own or call.caller.role == "owner")
    ):
        raise Problem("not_found", "No such client is connected.", kind="client")
    because = "ended by the person" if own else "ended by an owner"
    authorizations.end(call, args.id, because=because)
    return Ended(ended=1)


def clients_of(call: Call, args: Paged) -> tuple[list[Found[Authorization]], str | None]:
    """What people of the organization let clients do, in force now; a page, newest first."""
    query = args.of(AUTHORIZATIONS_OF_ORGANIZATION, org=call.access.org, state="active")
    found, cursor = AUTHORIZATIONS.page(call.app.documents, query)
    return [each for each in found if each.value.expires_at > call.now], cursor


def _view(call: Call, found: Found[Authorization], about: Known) -> ConnectedClient:
    given = found.value
    used = about.seen.get(activity.client(given.client), {})
    return ConnectedClient(
        id=found.id,
        name=given.client_name,
        is_portal=given.client == call.app.settings.portal_url,
        person=given.person,
        email=about.emails.get(given.person),
        scopes=given.scopes,
        created_at=given.created_at,
        refreshed_at=given.rotated_at,
        expires_at=given.expires_at,
        last_seen_at=used.get("seenAt"),
        last_error=used.get("error"),
        last_error_at=used.get("errorAt"),
    )
