"""Signing in and out. Signing out ends the session everywhere, not only here."""

import hmac
import re
import secrets
from datetime import timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.portal import oauth
from functions.portal.portal import Portal
from functions.portal.visit import Visit
from shared.auth.faces import PORTAL
from shared.errors import Problem
from shared.identity import own_sessions
from shared.serve.pages.web import Incoming, Outgoing, redirect

COOKIE: Final = "portal-sign-in"
GOOD_FOR: Final = timedelta(minutes=15)
_PLACE: Final = re.compile(r"/(?!/)[A-Za-z0-9/_.~?=&%+-]{0,500}")


class Started(BaseModel):
    """A sign-in on its way, kept by the browser for us."""

    model_config = ConfigDict(frozen=True)

    state: str
    verifier: str
    to: str
    until: float


def begin(portal: Portal, request: Incoming) -> Outgoing:
    """Send the browser to the authorization server, to come back where it wanted to go."""
    to = request.query.get("to") or "/"
    started = Started(
        state=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        to=to if _PLACE.fullmatch(to) else "/",
        until=portal.app.clock.time() + GOOD_FOR.total_seconds(),
    )
    cookie = portal.set_cookie(
        COOKIE, portal.hide(COOKIE, started.model_dump_json().encode()), GOOD_FOR
    )
    anew = request.query.get("anew") is not None
    place = oauth.authorize_url(portal, started.state, started.verifier, anew=anew)
    return redirect(place, (cookie,))


def finish(portal: Portal, request: Incoming) -> Outgoing:
    """The browser came back with a code: keep what it stands for."""
    query = request.query
    started = _started(portal, request)
    state = query.get("state") or ""
    if started is None or not hmac.compare_digest(started.state.encode(), state.encode()):
        return _stopped(portal, "This sign-in took too long or began in another browser.")
    if query.get("iss") not in (None, oauth.server_of(portal.settings).issuer):
        return _stopped(portal, "The answer came from another server.")
    code = query.get("code")
    if code is None:
        return _stopped(portal, "You were not signed in.")
    try:
        session = oauth.redeem(portal, code, started.verifier)
        portal.app.tokens.verify(session.access, PORTAL)
    except Problem as problem:
        return _stopped(portal, problem.message, status=problem.status)
    over = portal.set_cookie(COOKIE, "", timedelta(0))
    return redirect(f"{portal.url}{started.to}", (oauth.kept(portal, session), over))


def sign_out(visit: Visit) -> Outgoing:
    """End the session, everywhere."""
    visit.run(own_sessions.family["end_own_session"])
    portal = visit.portal
    return redirect(f"{portal.url}/signed-out", (oauth.forgotten(portal),))


def signed_out(portal: Portal, request: Incoming) -> Outgoing:
    """What is left to see afterwards."""
    del request
    return portal.page("signed_out.html")


def _started(portal: Portal, request: Incoming) -> Started | None:
    hidden = portal.reveal(COOKIE, request.cookies.get(portal.cookie(COOKIE), ""))
    try:
        started = None if hidden is None else Started.model_validate_json(hidden)
    except ValidationError:
        return None
    return started if started and started.until > portal.app.clock.time() else None


def _stopped(portal: Portal, message: str, *, status: int = 400) -> Outgoing:
    return portal.page("stopped.html", status, message=message)
