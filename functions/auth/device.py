"""The device flow (RFC 8628): a program without a browser shows a code, a person types it here."""

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Final

from functions.auth import limits, pending
from functions.auth.browser import Browser, browser_of, check_form, form_token
from functions.auth.client_documents import find_client
from functions.auth.pages import page
from functions.auth.server import AuthServer
from functions.auth.sign_in import sign_in_page
from functions.auth.tenant_access import decide_tenant
from shared.errors import Conflict
from shared.identity import authorizations
from shared.identity.devices import (
    DEVICES,
    GOOD_FOR,
    INTERVAL,
    KEPT,
    LETTERS,
    USER_CODES,
    Device,
    UserCode,
    new_user_code,
    shown_code,
)
from shared.identity.records import Authorization
from shared.ports.documents import ABSENT, Write
from shared.records import Found
from shared.serve.discovery import DEVICE_CODE
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, as_json, redirect, with_query
from shared.tool import Call

CODES: Final = 10
"""Codes a person may type in `CODE_SECONDS`, right ones too: a limit that only counted wrong ones
would tell a right one from a wrong one after it."""
CODE_SECONDS: Final = 900
_CODE: Final = re.compile(f"[{LETTERS}]{{8}}")


def device_authorization(server: AuthServer, request: Incoming) -> Outgoing:
    """A device asks (RFC 8628 3.1)."""
    form = request.form
    id_ = form.need("client_id")
    client = find_client(server, id_)
    if not client.may(DEVICE_CODE):
        raise OAuthError("unauthorized_client", "The client did not register for device codes.")
    device_code, user_code = secrets.token_urlsafe(32), new_user_code()
    now = server.app.clock.now()
    resource = server.resource(form.every("resource"))
    device = Device(
        client=id_,
        client_name=client.shown_name,
        scopes=resource.face.wanted(form.get("scope")),
        audience=resource.audience,
        tenant=resource.tenant,
        interval=INTERVAL,
        asked_at=now,
        address=request.address,
        good_until=now + GOOD_FOR,
        expires_at=now + KEPT,
    )
    link = UserCode(device=_name(device_code), expires_at=device.expires_at)
    server.app.documents.commit(
        [
            DEVICES.put(_name(device_code), device, if_version=ABSENT),
            USER_CODES.put(user_code, link, if_version=ABSENT),
        ]
    )
    shown = shown_code(user_code)
    place = f"{server.issuer}/device"
    return as_json(
        {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": place,
            "verification_uri_complete": with_query(place, {"user_code": shown}),
            "expires_in": int(GOOD_FOR.total_seconds()),
            "interval": INTERVAL,
        }
    )


def device_entry(server: AuthServer, request: Incoming) -> Outgoing:
    """Where a person is sent to type the code; they sign in first."""
    typed = (request.query.get("user_code") or "")[:20]
    asked = pending.start(server, kind="device_entry", user_code=typed)
    browser = browser_of(server, request)
    if pending.needs_sign_in(browser, asked):
        return sign_in_page(server, browser, asked)
    return device_page(server, browser, asked)


def device_page(
    server: AuthServer, browser: Browser, asked: pending.Pending, *, problem: str = ""
) -> Outgoing:
    """The form for the code."""
    return page(
        server,
        "device.html",
        400 if problem else 200,
        user_code=asked.user_code,
        request=pending.sealed(server, asked),
        csrf=form_token(server, browser, "device", asked.id),
        problem=problem,
    )


def enter_code(server: AuthServer, request: Incoming) -> Outgoing:
    """The code was typed: go on to consent. Each is counted before it is looked up."""
    asked = pending.opened(server, request.form.get("request"))
    browser = browser_of(server, request)
    check_form(server, request, browser, "device", asked.id)
    if pending.needs_sign_in(browser, asked):
        return sign_in_page(server, browser, asked)
    typed = request.form.get("user_code") or ""
    limits.count(server, "device", browser.person, most=CODES, seconds=CODE_SECONDS)
    found = _waiting(server, typed)
    if found is None:
        return device_page(
            server, browser, asked, problem="That code is not waiting. Look at the device again."
        )
    device = found.value
    chosen = pending.start(
        server,
        kind="device",
        client=device.client,
        scopes=device.scopes,
        audience=device.audience,
        tenant=device.tenant,
        device=found.id,
        adds_to=device.adds_to,
        browser=_name(browser.key),
        user_code=typed.upper(),
    )
    place = with_query(f"{server.issuer}/consent", {"request": pending.sealed(server, chosen)})
    return redirect(place)


def check_browser(browser: Browser, asked: pending.Pending) -> None:
    """Raise `access_denied` (403) where another browser typed the code: its person was to consent.

    The page's address could be sent to somebody else, who would let the sender's device act as
    them.
    """
    if asked.kind == "device" and asked.browser != _name(browser.key):
        raise OAuthError(
            "access_denied",
            "Type the code that your device shows in the browser you consent in.",
            status=403,
        )


def decide_device(
    server: AuthServer,
    call: Call,
    browser: Browser,
    asked: pending.Pending,
    *,
    allowed: bool,
    once: Write,
) -> Outgoing:
    """Tell the waiting device, when it asks next, what was decided. Raises Conflict."""
    found = DEVICES.get(server.app.documents, asked.device)
    if found.value.state != "pending" or found.value.good_until <= call.now:
        raise OAuthError("invalid_request", "The code is too old. Start again on the device.")
    if asked.adds_to:
        return decide_tenant(server, call, found, allowed=allowed, once=once)
    decided = found.value.model_copy(
        update={
            "state": "allowed" if allowed else "denied",
            "scopes": asked.scopes,
            "person": browser.person,
            "org": call.caller.org,
            "session": browser.session or "",
            "decided_at": call.now,
        }
    )
    call.commit(
        [once, DEVICES.put(found.id, decided, if_version=found.version)],
        event="consent.given" if allowed else "consent.denied",
        target=asked.id,
        client=decided.client_name,
        scopes=list(decided.scopes),
    )
    return page(server, "done.html", allowed=allowed)


def poll(
    server: AuthServer, request: Incoming, device_code: str, client: str
) -> tuple[Call, Found[Authorization]]:
    """A device asks whether it may (RFC 8628 3.5). Raises OAuthError until it may."""
    found = DEVICES.find(server.app.documents, _name(device_code))
    now = server.app.clock.now()
    if found is None or found.value.client != client or found.value.state == "used":
        raise OAuthError("invalid_grant", "The device code is unknown, used or another client's.")
    device = found.value
    if device.good_until <= now:
        raise OAuthError("expired_token", "The device code has expired. Start again.")
    if device.state == "denied":
        raise OAuthError("access_denied", "The person said no.")
    if device.state == "pending":
        _wait(server, found)
    call = server.admit(
        device.person,
        device.org,
        device.session,
        request.head.request_id,
        since=device.decided_at or device.good_until - GOOD_FOR,
    )
    begun = authorizations.prepared(
        call,
        client=client,
        client_name=device.client_name,
        audience=device.audience,
        scopes=device.scopes,
        session=device.session,
    )
    used = device.model_copy(update={"state": "used"})
    try:
        authorizations.begin(call, begun, [DEVICES.put(found.id, used, if_version=found.version)])
    except Conflict:
        raise OAuthError("invalid_grant", "The device code was used before.") from None
    return call, begun


def _wait(server: AuthServer, found: Found[Device]) -> None:
    """Always raises: `authorization_pending`, or `slow_down` when asked again too soon."""
    device, now = found.value, server.app.clock.now()
    soon = device.polled_at is not None and now < device.polled_at + timedelta(
        seconds=device.interval - 0.5
    )
    interval = device.interval + INTERVAL if soon else device.interval
    polled = device.model_copy(update={"polled_at": now, "interval": interval})
    try:
        server.app.documents.commit([DEVICES.put(found.id, polled, if_version=found.version)])
    except Conflict:
        soon = True
    if soon:
        raise OAuthError("slow_down", f"Ask every {interval} seconds.")
    raise OAuthError("authorization_pending", "The person has not decided yet.")


def _waiting(server: AuthServer, typed: str) -> Found[Device] | None:
    code = re.sub(r"[\s-]", "", typed).upper()
    if not _CODE.fullmatch(code):
        return None
    link = USER_CODES.find(server.app.documents, code)
    found = DEVICES.find(server.app.documents, link.value.device) if link else None
    if found is None or found.value.good_until <= server.app.clock.now():
        return None
    return found if found.value.state == "pending" else None


def _name(device_code: str) -> str:
    return hashlib.sha256(device_code.encode()).hexdigest()
