"""Operations on sessions: what a sign-in left behind, and how it ends."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from shared.auth.gate import session_path
from shared.errors import Problem
from shared.identity.principals import (
    IssuerId,
    PrincipalId,
    SessionId,
    check_issuer,
    known_principal,
)
from shared.identity.records import SESSIONS, Session
from shared.paging import Paged, PageOf
from shared.ports.documents import ABSENT, Query, Write
from shared.queries import SESSIONS_OF_PRINCIPAL
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("sessions", org_types=frozenset({"operator"}))


LONGEST: Final = timedelta(days=90)
"""How long a sign-in, and everything that was allowed in it, can last."""


ROUNDS: Final = 20
"""How often sessions that began meanwhile are looked for."""


def begin(call: Call, *, upstream: str = "", also: Sequence[Write] = ()) -> str:
    """The id of a new session of the calling person; `also` is written with it. Raises Conflict.

    `upstream`: the provider they signed in with; without one it was a mailed code.
    """
    id_ = secrets.token_urlsafe(18)
    session = Session(
        issuer="own",
        principal=call.caller.subject,
        created_at=call.now,
        expires_at=call.now + LONGEST,
        upstream=upstream,
    )
    call.commit(
        [*also, SESSIONS.put(f"own:{id_}", session, if_version=ABSENT)],
        event="session.started",
        target=call.caller.subject,
        how=upstream or "email",
    )
    return id_


class SessionView(Result):
    """A session without anything that could be used to continue it."""

    issuer: str
    session: str
    principal: str
    state: str
    created_at: datetime
    expires_at: datetime | None


class StartSession(Args):
    """Whose session, and for how long."""

    subject: PrincipalId
    session: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    days: Annotated[int, Field(ge=1, le=90)] = 30


@family.tool(scope="identity:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Start a session")
def start_session(call: Call, args: StartSession) -> SessionView:
    """Start a session of our own issuer for a person, as a sign-in would."""
    session = Session(
        issuer="own",
        principal=known_principal(call, "own", args.subject),
        created_at=call.now,
        expires_at=call.now + timedelta(days=args.days),
    )
    id_ = f"own:{args.session}"
    call.commit(
        [SESSIONS.put(id_, session, if_version=ABSENT)],
        event="session.started",
        target=session.principal,
    )
    return _view(id_, session)


class EndSession(Args):
    """Which session; of another issuer, one we may never have seen."""

    session: SessionId
    issuer: IssuerId = "own"


@family.tool(
    scope="identity:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="End a session",
    idempotent=True,
)
def end_session(call: Call, args: EndSession) -> SessionView:
    """Sign a session out. Its tokens are refused on the next request."""
    check_issuer(call, args.issuer)
    id_ = session_path(args.issuer, args.session).partition("/")[2]
    found = SESSIONS.find(call.app.documents, id_)
    if found is None and args.issuer == "own":
        raise Problem("not_found", "There is no session with that id.", kind="session")
    if found is not None and found.value.state == "ended":
        return _view(id_, found.value)
    before = (
        found.value
        if found is not None
        else Session(
            issuer=args.issuer,
            principal="",
            created_at=call.now,
            expires_at=call.now + timedelta(days=90),
        )
    )
    return _view(id_, _end(call, id_, before))


def _end(call: Call, id_: str, session: Session) -> Session:
    """End a session whatever happens to it at this moment: nothing brings an ended one back.

    Everybody else writes it only as they read it, so nobody's change is lost that still counts.
    """
    ended = session.model_copy(update={"state": "ended"})
    target = session.principal or id_
    call.commit([SESSIONS.put(id_, ended)], event="session.ended", target=target)
    return ended


class EndAllSessions(Args):
    """Whose sessions."""

    principal: PrincipalId


class EndedSessions(Result):
    """How many sessions were ended."""

    ended: int


@family.tool(
    scope="identity:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="End all of a person's sessions",
    idempotent=True,
)
def end_all_sessions(call: Call, args: EndAllSessions) -> EndedSessions:
    """Sign a person out everywhere. Every token they have is refused on the next request."""
    ended = 0
    for _ in range(ROUNDS):
        active = active_of(call, args.principal)
        if not active:
            return EndedSessions(ended=ended)
        for found in active:
            _end(call, found.id, found.value)
        ended += len(active)
    raise Problem("unavailable", "They go on signing in. Try again, or remove them first.")


def active_of(call: Call, principal: str) -> list[Found[Session]]:
    """Every session of a person that is still good."""
    query = Query(SESSIONS_OF_PRINCIPAL, equal={"principal": principal})
    found = SESSIONS.every(call.app.documents, query)
    return [each for each in found if _is_active(each.value, call.now)]


def alive(call: Call, ids: Iterable[str]) -> set[str]:
    """Which of these sessions of our own are still good."""
    paths = {SESSIONS.path(f"own:{each}"): each for each in ids}
    found = call.app.documents.get_many(sorted(paths))
    return {
        paths[path]
        for path, snapshot in found.items()
        if _is_active(SESSIONS.read(snapshot).value, call.now)
    }


def _is_active(session: Session, now: datetime) -> bool:
    expired = session.expires_at is not None and session.expires_at <= now
    return session.state == "active" and not expired


class ListSessions(Paged):
    """Whose sessions."""

    principal: PrincipalId


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List sessions")
def list_sessions(call: Call, args: ListSessions) -> PageOf[SessionView]:
    """List a person's sessions, newest first, 100 a page."""
    query = args.of(SESSIONS_OF_PRINCIPAL, principal=args.principal)
    found, cursor = SESSIONS.page(call.app.documents, query)
    return PageOf[SessionView](
        items=[_view(record.id, record.value) for record in found], next_cursor=cursor
    )


def _view(id_: str, session: Session) -> SessionView:
    issuer, _, name = id_.partition(":")
    return SessionView(
        issuer=issuer,
        session=name,
        principal=session.principal,
        state=session.state,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )
