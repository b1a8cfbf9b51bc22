"""Signing in: with an upstream provider, or by a one-time code sent by e-mail. No passwords.

The code works only in the browser that asked for it, for ten minutes, five tries. The link in the
mail carries it behind a `#`, which no server and no log ever sees, and only fills the form in:
programs that open links in mail sign nobody in.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from functions.auth import pending
from functions.auth.browser import (
    Browser,
    browser_of,
    check_form,
    form_token,
    no_session_cookie,
    session_cookie,
)
from functions.auth.mail_limits import count_mail, known_browser
from functions.auth.pages import error_page, page
from functions.auth.records import EMAIL_CODES, EmailCode
from functions.auth.server import AuthServer
from shared.errors import Conflict
from shared.identity.addresses import exact
from shared.identity.people import link_identity, person_of_email
from shared.identity.sessions import begin
from shared.ports.documents import ABSENT, Delete, Write
from shared.records import Found
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, redirect, with_query

GOOD_FOR: Final = timedelta(minutes=10)
TRIES: Final = 5
_MAIL: Final = """\
Your sign-in code is

    {shown}

Type it in the browser where you started. It works once, there, for ten minutes.
Or open this page in that browser, where the code is filled in:
{link}

If you did not try to sign in, do nothing: nobody gets in without this code."""


def sign_in_page(
    server: AuthServer, browser: Browser, asked: pending.Pending, *, problem: str = ""
) -> Outgoing:
    """How to sign in: a button per upstream provider, or the e-mail form where there is none."""
    return page(
        server,
        "sign_in.html",
        400 if problem else 200,
        upstreams=server.settings.upstreams,
        request=pending.sealed(server, asked),
        csrf=form_token(server, browser, "sign-in", asked.id),
        problem=problem,
    )


def send_code(server: AuthServer, request: Incoming) -> Outgoing:
    """The e-mail form was sent: mail a code, and say so whoever the address belongs to."""
    asked = pending.opened(server, request.form.get("request"))
    browser = browser_of(server, request)
    check_form(server, request, browser, "sign-in", asked.id)
    if server.settings.upstreams:
        raise OAuthError("access_denied", "Sign in with your organization's provider.", status=403)
    email = exact((request.form.get("email") or "").strip(" \t"))
    if email is None:
        return sign_in_page(server, browser, asked, problem="Type your whole e-mail address.")
    return mail_code(server, request, asked, email)


def mail_code(
    server: AuthServer,
    request: Incoming,
    asked: pending.Pending,
    email: str,
    *,
    upstream: str = "",
    subject: str = "",
) -> Outgoing:
    """Mail a code to whoever has this address, and go where it is typed. Raises TooMany.

    `upstream` and `subject`: whose word for the address the code is to confirm.
    """
    browser = browser_of(server, request)
    person = person_of_email(server.app.documents, email)
    count_mail(server, request, email, person.id if person else None)
    id_, code = secrets.token_hex(16), f"{secrets.randbelow(10**8):08d}"
    record = EmailCode(
        email=email,
        person=person.id if person else None,
        proof=server.proof("email-code", id_, code),
        browser=_hash(browser.key),
        request=pending.sealed(server, asked),
        upstream=upstream,
        subject=subject,
        expires_at=server.app.clock.now() + GOOD_FOR,
    )
    server.app.documents.commit([EMAIL_CODES.put(id_, record, if_version=ABSENT)])
    place = with_query(f"{server.issuer}/sign-in/code", {"attempt": id_})
    if person is not None:
        shown = f"{code[:4]} {code[4:]}"
        text = _MAIL.format(shown=shown, link=f"{place}#{code}")
        server.app.mailer.send(person.value.email, "Your sign-in code", text)
    return redirect(place)


def code_page(server: AuthServer, request: Incoming) -> Outgoing:
    """Where the code is typed. Opening it changes nothing."""
    browser = browser_of(server, request)
    id_ = request.query.need("attempt")
    found = _attempt(server, id_)
    if found is None:
        return _start_again(server)
    if found.value.browser != _hash(browser.key):
        return error_page(
            server, "Type the code in the browser where you started to sign in.", status=403
        )
    return _code_form(server, browser, found)


def check_code(server: AuthServer, request: Incoming) -> Outgoing:
    """The code was typed: sign the browser in, or count a wrong try. Five of them end it."""
    browser = browser_of(server, request)
    id_ = request.form.need("attempt")
    check_form(server, request, browser, "code", id_)
    code = "".join(c for c in request.form.get("code") or "" if c.isascii() and c.isdigit())
    for _ in range(TRIES):
        found = _attempt(server, id_)
        if found is None or found.value.browser != _hash(browser.key):
            return _start_again(server)
        attempt = found.value
        fits = server.proves(attempt.proof, "email-code", id_, code)
        try:
            if fits and attempt.person is not None:
                return _code_fits(server, request, found, attempt.person)
            counted = attempt.model_copy(update={"tries": attempt.tries + 1})
            put = EMAIL_CODES.put(id_, counted, if_version=found.version)
            server.app.documents.commit([put])
        except Conflict:
            continue
        if counted.tries >= TRIES:
            return _start_again(server)
        return _code_form(
            server, browser, Found(id_, counted, ""), problem="That is not the code. Look again."
        )
    return _start_again(server)


def _code_fits(
    server: AuthServer, request: Incoming, found: Found[EmailCode], person: str
) -> Outgoing:
    """The person proved to have the address. Raises Conflict."""
    attempt = found.value
    also: list[Write] = [Delete(EMAIL_CODES.path(found.id), if_version=found.version)]
    if attempt.upstream:
        call = server.call(person, "", request.head.request_id)
        also += link_identity(call, person, attempt.upstream, attempt.subject)
    asked = pending.opened(server, attempt.request)
    return signed_in(server, request, asked, person, upstream=attempt.upstream, also=also)


def signed_in(
    server: AuthServer,
    request: Incoming,
    asked: pending.Pending,
    person: str,
    *,
    upstream: str = "",
    also: Sequence[Write] = (),
) -> Outgoing:
    """Begin a session for this browser and go on with what was asked. Raises Conflict.

    `upstream`: the provider the person came from; without one they typed a mailed code.
    """
    call = server.call(person, "", request.head.request_id)
    session = begin(call, upstream=upstream, also=also)
    place = with_query(f"{server.issuer}/consent", {"request": pending.sealed(server, asked)})
    return redirect(place, (session_cookie(server, session), known_browser(server, person)))


def switch_account(server: AuthServer, request: Incoming) -> Outgoing:
    """Sign in as somebody else: forget who is signed in here, and ask again."""
    asked = pending.opened(server, request.form.get("request"))
    browser = browser_of(server, request)
    check_form(server, request, browser, "switch", asked.id)
    place = with_query(f"{server.issuer}/consent", {"request": pending.sealed(server, asked)})
    return redirect(place, (no_session_cookie(server),))


def _attempt(server: AuthServer, id_: str) -> Found[EmailCode] | None:
    if not re.fullmatch(r"[0-9a-f]{32}", id_):
        return None
    found = EMAIL_CODES.find(server.app.documents, id_)
    if found is None or found.value.expires_at <= server.app.clock.now():
        return None
    return found if found.value.tries < TRIES else None


def _code_form(
    server: AuthServer, browser: Browser, found: Found[EmailCode], *, problem: str = ""
) -> Outgoing:
    return page(
        server,
        "code.html",
        400 if problem else 200,
        attempt=found.id,
        email=found.value.email,
        csrf=form_token(server, browser, "code", found.id),
        problem=problem,
    )


def _start_again(server: AuthServer) -> Outgoing:
    return error_page(
        server, "This code does not work any more. Go back to your app and sign in again."
    )


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
