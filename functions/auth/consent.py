"""Consent: asked for every authorization, whatever was allowed before (confused deputy, phishing).

The page says what the client calls itself, as unverified; where the browser will be sent; what it
would be able to do, for which organization, as whom.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from functions.auth import pending
from functions.auth.browser import Browser, browser_of, check_form, form_token
from functions.auth.client_documents import find_client, is_document_url, is_portal
from functions.auth.clients import is_loopback
from functions.auth.codes import issue
from functions.auth.device import check_browser, decide_device, device_page
from functions.auth.invitations import invitations_page
from functions.auth.pages import error_page, page
from functions.auth.records import DECISIONS, Decision
from functions.auth.server import AuthServer
from functions.auth.sign_in import sign_in_page
from functions.auth.tenant_access import tenant_page
from shared.auth.caller import EVERY_TYPE
from shared.auth.faces import only_reading
from shared.errors import Conflict
from shared.identity.devices import DEVICES, Device
from shared.identity.records import MEMBERSHIPS, ORGANIZATIONS, PEOPLE, TENANTS
from shared.ports.documents import ABSENT, Query, Write
from shared.queries import MEMBERSHIPS_OF_PRINCIPAL
from shared.serve.pages.web import Incoming, OAuthError, Outgoing

KEPT: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Choice:
    """An organization a person may act for."""

    id: str
    name: str


def show_consent(server: AuthServer, request: Incoming) -> Outgoing:
    """Where signing in leads to: the page, or signing in first."""
    asked = pending.opened(server, request.query.get("request"))
    browser = browser_of(server, request)
    if pending.needs_sign_in(browser, asked):
        return sign_in_page(server, browser, asked)
    if asked.kind == "device_entry":
        return device_page(server, browser, asked)
    check_browser(browser, asked)
    return asked_or_granted(server, browser, asked, request.head.request_id)


def asked_or_granted(
    server: AuthServer, browser: Browser, asked: pending.Pending, request_id: str
) -> Outgoing:
    """The page; for our own portal only where there is a choice of organization to make.

    Who was invited answers that first.
    """
    invited = invitations_page(server, browser, asked)
    if invited is not None:
        return invited
    if is_portal(server, asked.client):
        choices = organizations(server, browser, asked)
        if len(choices) == 1:
            return _granted(server, browser, asked, choices[0].id, request_id)
    return consent_page(server, browser, asked)


def consent_page(server: AuthServer, browser: Browser, asked: pending.Pending) -> Outgoing:
    """Who asks for what."""
    choices = organizations(server, browser, asked)
    person = PEOPLE.find(server.app.documents, browser.person)
    email = person.value.email if person else browser.person
    if not choices:
        return page(
            server,
            "nobody.html",
            403,
            email=email,
            request=pending.sealed(server, asked),
            switch=form_token(server, browser, "switch", asked.id),
        )
    if asked.adds_to:
        return tenant_page(server, browser, asked, choices[0].name, email)
    if is_portal(server, asked.client):
        return _choice_page(server, browser, asked, choices)
    client = find_client(server, asked.client)
    face = server.face_of(asked.audience)
    where = urlsplit(asked.redirect_uri)
    return page(
        server,
        "consent.html",
        client=client.shown_name,
        published_by=urlsplit(asked.client).hostname if is_document_url(asked.client) else None,
        user_code=asked.user_code,
        destination=_destination(where),
        on_this_machine=is_loopback(where),
        own_scheme=where.scheme not in ("http", "https", ""),
        device=_device(server, asked),
        resource=asked.audience,
        serves=face.title,
        scopes=[face.scopes[scope] for scope in asked.scopes],
        can_be_read_only=0 < len(only_reading(asked.scopes)) < len(asked.scopes),
        choices=choices,
        email=email,
        request=pending.sealed(server, asked),
        csrf=form_token(server, browser, "consent", asked.id),
        switch=form_token(server, browser, "switch", asked.id),
    )


def _destination(where: SplitResult) -> str:
    """All that decides where the browser goes: on the web scheme, host and port.

    Of any other address only the scheme, because what looks like a host there says nothing.
    """
    if where.scheme in ("http", "https"):
        return f"{where.scheme}://{where.netloc}"
    return f"{where.scheme}:"


def _device(server: AuthServer, asked: pending.Pending) -> Device | None:
    """The device that asked, where one did. Raises `not_found`."""
    return DEVICES.get(server.app.documents, asked.device).value if asked.device else None


def _choice_page(
    server: AuthServer, browser: Browser, asked: pending.Pending, choices: list[Choice]
) -> Outgoing:
    """For which organization the portal is opened."""
    return page(
        server,
        "choice.html",
        choices=choices,
        request=pending.sealed(server, asked),
        csrf=form_token(server, browser, "consent", asked.id),
        switch=form_token(server, browser, "switch", asked.id),
    )


def decide(server: AuthServer, request: Incoming) -> Outgoing:
    """Allow or deny was pressed. The first decision counts."""
    asked = pending.opened(server, request.form.get("request"))
    browser = browser_of(server, request)
    check_form(server, request, browser, "consent", asked.id)
    if pending.needs_sign_in(browser, asked):
        return sign_in_page(server, browser, asked)
    check_browser(browser, asked)
    allowed = request.form.get("decision") == "allow"
    org = _chosen(server, browser, asked, request.form.get("org")) if allowed else ""
    if request.form.get("read_only"):
        asked = asked.model_copy(update={"scopes": only_reading(asked.scopes) or asked.scopes})
    once = _once(server, asked, allowed=allowed)
    call = server.call(browser.person, org, request.head.request_id)
    try:
        if asked.kind == "device":
            return decide_device(server, call, browser, asked, allowed=allowed, once=once)
        if not allowed:
            call.commit([once], event="consent.denied", target=asked.id)
            denied = OAuthError("access_denied", "The person said no.")
            return pending.refused(server, asked.redirect_uri, asked.state, denied)
    except Conflict:
        return _decided_already(server)
    return _granted(server, browser, asked, org, request.head.request_id)


def _granted(
    server: AuthServer, browser: Browser, asked: pending.Pending, org: str, request_id: str
) -> Outgoing:
    """Send the browser back with a code. The first decision about a request counts."""
    call = server.call(browser.person, org, request_id)
    code = secrets.token_urlsafe(32)
    try:
        issue(server, call, browser, asked, code, _once(server, asked, allowed=True))
    except Conflict:
        return _decided_already(server)
    return pending.answered(server, asked.redirect_uri, asked.state, code=code)


def _once(server: AuthServer, asked: pending.Pending, *, allowed: bool) -> Write:
    """The write that makes a decision the only one about its request."""
    decision = Decision(allowed=allowed, expires_at=server.app.clock.now() + KEPT)
    return DECISIONS.put(asked.id, decision, if_version=ABSENT)


def _decided_already(server: AuthServer) -> Outgoing:
    return error_page(server, "This was decided already. Go back to your app.")


def organizations(server: AuthServer, browser: Browser, asked: pending.Pending) -> list[Choice]:
    """The organizations a person may act for now at the face that is asked for, by name.

    Where a tenant's address is asked for, only the one the tenant belongs to; where they signed in
    with a provider, only those it speaks for. Who lets somebody else in acts for the tenant's.
    """
    types = EVERY_TYPE if asked.adds_to else server.face_of(asked.audience).org_types
    acts_for = _spoken_for(server, browser)
    tenant = TENANTS.find(server.app.documents, asked.tenant) if asked.tenant else None
    owner = tenant.value.org if tenant and not tenant.value.is_deleted else None
    query = Query(MEMBERSHIPS_OF_PRINCIPAL, equal={"principal": browser.person}, limit=1000)
    found, _ = MEMBERSHIPS.page(server.app.documents, query)
    ids = [
        each.value.org
        for each in found
        if each.value.state == "active" and (not asked.tenant or each.value.org == owner)
    ]
    paths = [ORGANIZATIONS.path(id_) for id_ in ids]
    records = server.app.documents.get_many(paths)
    read = [ORGANIZATIONS.read(snapshot) for snapshot in records.values()]
    active = [
        Choice(each.id, each.value.name)
        for each in read
        if each.value.state == "active" and each.value.type in types
        if acts_for(each.id, each.value.type)
    ]
    return sorted(active, key=lambda choice: (choice.name.casefold(), choice.id))


def _spoken_for(server: AuthServer, browser: Browser) -> Callable[[str, str], bool]:
    """Which organizations (id, type) a sign-in may lead to."""
    if not browser.upstream:
        return lambda _org, _type: True
    known = [each for each in server.settings.upstreams if each.id == browser.upstream]
    return known[0].acts_for if known else lambda _org, _type: False


def _chosen(server: AuthServer, browser: Browser, asked: pending.Pending, named: str | None) -> str:
    """The organization that was chosen, or the only one. Raises `access_denied`."""
    ids = [choice.id for choice in organizations(server, browser, asked)]
    if named is None and len(ids) == 1:
        return ids[0]
    if named not in ids:
        raise OAuthError("access_denied", "Choose one of your organizations.", status=403)
    return named
