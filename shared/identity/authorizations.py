"""Authorizations: what people let clients do, how that is continued, and how it ends.

One authorization is one family of refresh tokens: good for IDLE without use and LONGEST in all, and
never longer than its session. Each refresh makes the next generation. The token before the current
one keeps working for GRACE, and gives the same successor to everybody who asks, because clients
race with themselves; anything older is a stolen or replayed token and ends the family
(RFC 9700 4.14.2).
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from shared.errors import Conflict, Problem
from shared.identity.principals import PrincipalId
from shared.identity.records import AUTHORIZATIONS, SESSIONS, Authorization
from shared.paging import Paged, PageOf
from shared.ports.documents import ABSENT, Query, Write
from shared.queries import AUTHORIZATIONS_OF_PERSON
from shared.records import Found
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("authorizations", org_types=frozenset({"operator"}))

IDLE: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=90)
GRACE: Final = timedelta(seconds=60)
KEPT_ENDED: Final = timedelta(hours=2)
"""How long a session remembers an ended authorization: longer than any access token lives."""
ATTEMPTS: Final = 8
_PURPOSE: Final = "refresh-token"
_FORM: Final = re.compile(r"ort_([0-9a-f]{32})_([0-9]{1,9})_([A-Za-z0-9_-]{22})")


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a text with the form of a refresh token says; nothing of it is proven yet."""

    authorization: str
    generation: int
    tag: bytes

    @classmethod
    def parse(cls, text: str) -> "RefreshToken | None":
        """The token, or None when the text is none of ours."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        return cls(match[1], int(match[2]), urlsafe_b64decode(f"{match[3]}=="))


def prepared(
    call: Call,
    *,
    client: str,
    client_name: str,
    audience: str,
    scopes: Iterable[str],
    session: str,
) -> Found[Authorization]:
    """An authorization of the calling person, not yet kept."""
    authorization = Authorization(
        person=call.caller.subject,
        org=call.caller.org,
        client=client,
        client_name=client_name,
        audience=audience,
        scopes=tuple(sorted(scopes)),
        session=session,
        generation=1,
        nonce=secrets.token_hex(16),
        rotated_at=call.now,
        created_at=call.now,
        ends_at=call.now + LONGEST,
        expires_at=call.now + IDLE,
    )
    return Found(secrets.token_hex(16), authorization, "")


def begin(call: Call, found: Found[Authorization], also: Iterable[Write] = ()) -> None:
    """Let a client act for a person from now on; `also` is written with it.

    Raises Conflict when what `also` rests on changed.
    """
    call.commit(
        [*also, AUTHORIZATIONS.put(found.id, found.value, if_version=ABSENT)],
        event="authorization.issued",
        target=found.id,
        client=found.value.client_name,
        scopes=list(found.value.scopes),
    )


def refresh_token(call: Call, found: Found[Authorization]) -> str:
    """The current refresh token of an authorization: the same text whoever asks."""
    tag = call.app.keys.sealing().seal(_PURPOSE, _message(found.id, found.value))
    text = urlsafe_b64encode(tag).rstrip(b"=").decode()
    return f"ort_{found.id}_{found.value.generation}_{text}"


def proven(call: Call, token: RefreshToken) -> Found[Authorization] | None:
    """The authorization a refresh token was issued for, of whatever generation; None if forged."""
    found = AUTHORIZATIONS.find(call.app.documents, token.authorization)
    if found is None:
        return None
    issued = found.value.model_copy(update={"generation": token.generation})
    message = _message(found.id, issued)
    return found if call.app.keys.sealing().holds(_PURPOSE, message, token.tag) else None


def advance(call: Call, token: RefreshToken) -> Found[Authorization]:
    """Use a proven refresh token: the authorization with its next generation current.

    Raises `unauthenticated` when it has ended or expired, and ends it when the token is too old.
    """
    for _ in range(ATTEMPTS):
        found = AUTHORIZATIONS.get(call.app.documents, token.authorization)
        current = found.value
        _check_alive(current, call.now)
        behind = current.generation - token.generation
        if behind == 1 and call.now - current.rotated_at <= GRACE:
            return found
        if behind != 0:
            if behind > 0:
                end(call, found.id, because="replayed")
            raise _over("This refresh token was used before. Sign in again.")
        moved = current.model_copy(
            update={
                "generation": current.generation + 1,
                "rotated_at": call.now,
                "expires_at": min(current.ends_at, call.now + IDLE),
            }
        )
        try:
            call.commit(
                [AUTHORIZATIONS.put(found.id, moved, if_version=found.version)],
                event="authorization.refreshed",
                target=found.id,
                org=current.org,
            )
        except Conflict:
            continue
        return Found(found.id, moved, "")
    raise Problem("unavailable", "Too many refreshes at the same moment. Try again.")


def end(call: Call, id_: str, *, because: str) -> Authorization:
    """End an authorization and say so in its session, so that its access tokens end with it.

    Idempotent. Raises `not_found`.
    """
    for _ in range(ATTEMPTS):
        found = AUTHORIZATIONS.get(call.app.documents, id_)
        if found.value.state == "ended":
            return found.value
        over = found.value.model_copy(update={"state": "ended", "ended_because": because})
        writes: list[Write] = [AUTHORIZATIONS.put(id_, over, if_version=found.version)]
        session = SESSIONS.find(call.app.documents, f"own:{over.session}")
        if session is not None:
            kept = {
                name: at for name, at in session.value.ended.items() if at > call.now - KEPT_ENDED
            }
            noted = session.value.model_copy(update={"ended": {**kept, id_: call.now}})
            writes.append(SESSIONS.put(session.id, noted, if_version=session.version))
        try:
            call.commit(
                writes,
                event="authorization.replayed" if because == "replayed" else "authorization.ended",
                target=id_,
                org=over.org,
                because=because,
                client=over.client_name,
            )
        except Conflict:
            continue
        return over
    raise Problem("unavailable", "Too many changes at the same moment. Try again.")


def end_authorizations(call: Call, person: str, org: str, *, because: str) -> None:
    """End all that a person lets clients do for an organization."""
    query = Query(AUTHORIZATIONS_OF_PERSON, equal={"person": person, "state": "active"})
    for each in AUTHORIZATIONS.every(call.app.documents, query):
        if each.value.org == org:
            end(call, each.id, because=because)


class AuthorizationView(Result):
    """An authorization without anything that could be used to continue it."""

    id: str
    person: str
    org: str
    client_name: str
    scopes: tuple[str, ...]
    session: str
    state: str
    created_at: datetime
    rotated_at: datetime
    expires_at: datetime


class EndAuthorization(Args):
    """Which authorization."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


@family.tool(
    scope="identity:write",
    effect=Effect.DESTROY,
    risk=Risk.MEDIUM,
    title="End a client's authorization",
    idempotent=True,
)
def end_authorization(call: Call, args: EndAuthorization) -> AuthorizationView:
    """Take from a client what a person let it do. Its tokens are refused on the next request."""
    return _view(args.id, end(call, args.id, because="ended by an operator"))


class ListAuthorizations(Paged):
    """Whose authorizations."""

    person: PrincipalId


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List authorizations")
def list_authorizations(call: Call, args: ListAuthorizations) -> PageOf[AuthorizationView]:
    """List what a person lets clients do, newest first, 100 a page."""
    query = args.of(AUTHORIZATIONS_OF_PERSON, person=args.person, state="active")
    found, cursor = AUTHORIZATIONS.page(call.app.documents, query)
    items = [_view(each.id, each.value) for each in found if each.value.expires_at > call.now]
    return PageOf[AuthorizationView](items=items, next_cursor=cursor)


def _check_alive(authorization: Authorization, now: datetime) -> None:
    if authorization.state == "ended" or authorization.expires_at <= now:
        raise _over("This authorization has ended. Sign in again.")


def _over(message: str) -> Problem:
    return Problem("unauthenticated", message)


def _message(id_: str, authorization: Authorization) -> bytes:
    return f"{id_}|{authorization.generation}|{authorization.nonce}".encode()


def _view(id_: str, authorization: Authorization) -> AuthorizationView:
    shown: dict[str, Any] = {
        name: getattr(authorization, name)
        for name in AuthorizationView.model_fields
        if name != "id"
    }
    return AuthorizationView(id=id_, **shown)
