"""The browser at the other end: its cookies, who is signed in there, and whether a form is ours.

Two cookies: one that only tells browsers apart, given to everybody, and the session of whoever
signed in. Both are `__Host-` cookies over https. The session cookie holds the session's id and a
seal of it, because the id alone stands in every access token.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from functions.auth.server import AuthServer
from shared.identity.records import SESSIONS, Session
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, Pair

SIGNED_IN_FOR: Final = timedelta(hours=12)
"""How long a browser stays signed in here; what it let clients do lives longer."""


@dataclass(frozen=True)
class Browser:
    """One browser, as its cookies show it.

    Attributes:
        key: tells it apart from other browsers; unguessable.
        is_new: whether `key` must still be given to it.
        session: the id of the session it is signed in with, or None.
        person: whose session that is.
        since: when that session began, epoch seconds.
        upstream: the id of the provider it was begun with; empty where by a mailed code.
    """

    key: str
    is_new: bool
    session: str | None = None
    person: str = ""
    since: float = 0.0
    upstream: str = ""


def browser_of(server: AuthServer, request: Incoming) -> Browser:
    """Whose browser this is. A session that ended or that we did not seal is none."""
    key = request.cookies.get(server.browser_cookie, "")
    known = len(key) == 32 and key.isalnum()  # noqa: PLR2004  the length we give
    browser = Browser(key if known else secrets.token_hex(16), is_new=not known)
    text = request.cookies.get(server.session_cookie, "")
    session, _, tag = text.partition(".")
    if not server.proves(tag, "session-cookie", session):
        return browser
    found = SESSIONS.find(server.app.documents, f"own:{session}")
    if found is None or not _is_good(found.value, server):
        return browser
    return replace(
        browser,
        session=session,
        person=found.value.principal,
        since=found.value.created_at.timestamp(),
        upstream=found.value.upstream,
    )


def remembered(server: AuthServer, browser: Browser, answer: Outgoing) -> Outgoing:
    """The answer, telling a new browser its key."""
    if not browser.is_new:
        return answer
    cookie = server.set_cookie("browser", browser.key, SIGNED_IN_FOR)
    return answer.having(cookie)


def session_cookie(server: AuthServer, session: str) -> Pair:
    """The header that signs a browser in."""
    value = f"{session}.{server.proof('session-cookie', session)}"
    return server.set_cookie("session", value, SIGNED_IN_FOR)


def no_session_cookie(server: AuthServer) -> Pair:
    """The header that makes a browser forget who was signed in."""
    return server.set_cookie("session", "", timedelta(0))


def form_token(server: AuthServer, browser: Browser, form: str, request_id: str) -> str:
    """What a form of ours carries: good for one form of one request in this browser and session."""
    return server.proof("form", browser.key, browser.session or "", form, request_id)


def check_form(
    server: AuthServer, request: Incoming, browser: Browser, form: str, request_id: str
) -> None:
    """Raise `access_denied` (403) unless our own page in this browser sent this form."""
    token = request.form.get("csrf") or ""
    parts = (browser.key, browser.session or "", form, request_id)
    if (
        not server.is_from_here(request)
        or browser.is_new
        or not server.proves(token, "form", *parts)
    ):
        raise OAuthError(
            "access_denied",
            "This form was not sent from the page we showed. Go back to your app and start again.",
            status=403,
        )


def _is_good(session: Session, server: AuthServer) -> bool:
    now = server.app.clock.now()
    expired = session.expires_at is not None and session.expires_at <= now
    return session.state == "active" and not expired and now < session.created_at + SIGNED_IN_FOR
