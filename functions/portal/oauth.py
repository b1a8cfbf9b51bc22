"""The portal as an OAuth client: codes and refresh tokens in, sessions out.

Its client id is its own address, its tokens are for itself alone, and they stay in a cookie that
only we can read: any instance serves any request, and nothing is stored.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from functions.portal.portal import Portal
from shared.errors import Problem
from shared.serve.pages.web import Incoming, Pair, with_query
from shared.settings import Settings

SIGNED_IN_FOR: Final = timedelta(hours=12)
"""How long a browser that asks for nothing stays signed in."""
EARLY: Final = 30
"""Seconds before an access token ends that it is replaced."""
TIMEOUT: Final = 10.0
MOST_BYTES: Final = 32_768
MOST_COOKIE: Final = 3_900
"""Bytes of a cookie that every browser keeps (RFC 6265 6.1: 4096 with its name and attributes)."""
COOKIE: Final = "portal"


class Session(BaseModel):
    """What the browser keeps for us: the tokens, and when the access token ends (epoch)."""

    model_config = ConfigDict(frozen=True)

    access: str
    refresh: str | None
    until: float


@dataclass(frozen=True)
class Server:
    """The authorization server people are sent to."""

    authorize_url: str
    token_url: str
    client_id: str
    scopes: tuple[str, ...]
    issuer: str | None


def server_of(settings: Settings) -> Server:
    """Ours, or the external one that is set."""
    own = settings.auth_url
    if settings.portal_client is None:
        return Server(
            f"{own}/oauth2/authorize", f"{own}/oauth2/token", settings.portal_url, (), own
        )
    client = settings.portal_client
    issuer = next(each for each in settings.issuers if each.id == client.issuer)
    return Server(
        client.authorize_url, client.token_url, client.client_id, client.scopes, issuer.issuer
    )


def authorize_url(portal: Portal, state: str, verifier: str, *, anew: bool) -> str:
    """Where a browser asks for a code (RFC 6749 4.1.1, RFC 7636)."""
    server = server_of(portal.settings)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return with_query(
        server.authorize_url,
        {
            "response_type": "code",
            "client_id": server.client_id,
            "redirect_uri": callback(portal),
            "state": state,
            "scope": " ".join(server.scopes) or None,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "login" if anew else None,
        },
    )


def callback(portal: Portal) -> str:
    """Where the authorization server sends the browser back to."""
    return f"{portal.url}/signed-in"


def redeem(portal: Portal, code: str, verifier: str) -> Session:
    """The session a code stands for. Raises `unauthenticated`, `unavailable`."""
    return _asked(
        portal,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback(portal),
            "code_verifier": verifier,
        },
    )


def refreshed(portal: Portal, session: Session) -> Session:
    """The session with a new access token. Raises `unauthenticated`, `unavailable`."""
    if session.refresh is None:
        raise _over()
    return _asked(
        portal,
        {"grant_type": "refresh_token", "refresh_token": session.refresh},
        before=session.refresh,
    )


def is_due(portal: Portal, session: Session) -> bool:
    """Whether the access token ends now or soon."""
    return portal.app.clock.time() >= session.until - EARLY


def session_of(portal: Portal, request: Incoming) -> Session | None:
    """The session a browser keeps, if it does."""
    text = request.cookies.get(portal.cookie(COOKIE), "")
    hidden = portal.reveal(COOKIE, text) if 0 < len(text) <= MOST_COOKIE else None
    try:
        return None if hidden is None else Session.model_validate_json(hidden)
    except ValidationError:
        return None


def kept(portal: Portal, session: Session) -> Pair:
    """The header that makes a browser keep a session."""
    value = portal.hide(COOKIE, session.model_dump_json().encode())
    if len(value) > MOST_COOKIE:
        raise Problem("unavailable", "The sign-in server's tokens are too large for a cookie.")
    return portal.set_cookie(COOKIE, value, SIGNED_IN_FOR)


def forgotten(portal: Portal) -> Pair:
    """The header that makes a browser forget its session."""
    return portal.set_cookie(COOKIE, "", timedelta(0))


def _asked(portal: Portal, form: dict[str, str], *, before: str | None = None) -> Session:
    server = server_of(portal.settings)
    given = {**form, "client_id": server.client_id}
    answer = portal.app.fetch.post(server.token_url, given, timeout=TIMEOUT, max_bytes=MOST_BYTES)
    if answer.status >= 500:  # noqa: PLR2004  HTTP: the server's own failure
        raise Problem("unavailable", "Signing in does not answer now. Try again.")
    try:
        tokens = orjson.loads(answer.body)
        access, lifetime = str(tokens["access_token"]), float(tokens.get("expires_in", 300))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise _over() from None
    refresh = tokens.get("refresh_token", before)
    return Session(access=access, refresh=refresh, until=portal.app.clock.time() + lifetime)


def _over() -> Problem:
    return Problem("unauthenticated", "Your sign-in has ended. Sign in again.")
