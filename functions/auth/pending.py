"""What a client asked for, on its way through sign-in and consent: sealed, and kept by the browser.

Nothing is stored until a person decided, so that asking costs us no write; a decision is stored
under the request's id, so that each is made once.
"""

import secrets
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.auth.browser import Browser
from functions.auth.server import AuthServer
from shared.serve.pages.web import OAuthError, Outgoing, Pair, redirect, with_query

LIFETIME: Final = 900
"""Seconds a person has from the client's request to their decision."""
_PURPOSE: Final = "authorization-request"


class Pending(BaseModel):
    """An authorization request that was found good (RFC 6749 4.1.1), or a device's.

    Attributes:
        id: names it; used once.
        challenge: the PKCE S256 challenge; empty for a device.
        audience: the face it is for; `tenant` where the address of one of its tenants was named.
        device: the id of the device's request, when it is one.
        adds_to: the authorization that is to have access to `tenant` besides, when that is asked.
        browser: the hash of the browser that typed a device's code, the only one that may decide.
        user_code: what a person typed, or followed, before they signed in.
        later: the person chose to answer invitations another time.
        fresh: when asked to sign in anew, the time (epoch) after which that must have happened.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    until: int
    kind: Literal["code", "device", "device_entry"] = "code"
    client: str = ""
    redirect_uri: str = ""
    state: str | None = None
    challenge: str = ""
    scopes: tuple[str, ...] = ()
    audience: str = ""
    tenant: str = ""
    device: str = ""
    adds_to: str = ""
    user_code: str = ""
    browser: str = ""
    later: bool = False
    fresh: int | None = None


def start(server: AuthServer, **fields: object) -> Pending:
    """A new pending request."""
    until = int(server.app.clock.time()) + LIFETIME
    return Pending.model_validate({"id": secrets.token_urlsafe(12), "until": until, **fields})


def sealed(server: AuthServer, pending: Pending) -> str:
    """The text a browser keeps."""
    return server.seal(_PURPOSE, pending.model_dump_json(exclude_defaults=True).encode())


def opened(server: AuthServer, text: str | None) -> Pending:
    """The request a browser kept. Raises `invalid_request` for any other text, and when late."""
    raw = server.unseal(_PURPOSE, text or "")
    try:
        pending = Pending.model_validate_json(raw) if raw is not None else None
    except ValidationError:
        pending = None
    if pending is None or pending.until <= server.app.clock.time():
        raise OAuthError(
            "invalid_request", "This sign-in took too long or is not ours. Start again in the app."
        )
    return pending


def needs_sign_in(browser: Browser, asked: Pending) -> bool:
    """Whether somebody must sign in before they can be asked."""
    return browser.session is None or (asked.fresh is not None and browser.since < asked.fresh)


def answered(
    server: AuthServer, uri: str, state: str | None, headers: tuple[Pair, ...] = (), **answer: str
) -> Outgoing:
    """The answer on its way back to the client, saying who gives it (RFC 9207)."""
    return redirect(with_query(uri, {**answer, "state": state, "iss": server.issuer}), headers)


def refused(server: AuthServer, uri: str, state: str | None, error: OAuthError) -> Outgoing:
    """An error on its way back to the client (RFC 6749 4.1.2.1)."""
    return answered(server, uri, state, error=error.error, error_description=error.description)
