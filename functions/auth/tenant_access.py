"""Somebody of a tenant's organization lets an operator's connection work in the tenant.

It acts with the role of who allowed it, as long as they have it, and ends with the connection.
"""

from functions.auth import pending
from functions.auth.browser import Browser, form_token
from functions.auth.pages import page
from functions.auth.server import AuthServer
from shared.identity.devices import DEVICES, Device
from shared.identity.records import (
    AUTHORIZATIONS,
    ORGANIZATIONS,
    PEOPLE,
    Authorization,
    TenantAccess,
)
from shared.ports.documents import Write
from shared.records import Found
from shared.serve.pages.web import OAuthError, Outgoing
from shared.tool import Call


def tenant_page(
    server: AuthServer, browser: Browser, asked: pending.Pending, org: str, email: str
) -> Outgoing:
    """Who wants to work in which tenant."""
    found = _alive(server, asked.adds_to)
    operator = PEOPLE.find(server.app.documents, found.value.person)
    of = ORGANIZATIONS.find(server.app.documents, found.value.org)
    face = server.face_of(asked.audience)
    return page(
        server,
        "tenant_access.html",
        client=found.value.client_name,
        operator=operator.value.email if operator else found.value.person,
        operators=of.value.name if of else found.value.org,
        tenant=asked.tenant,
        org=org,
        email=email,
        user_code=asked.user_code,
        scopes=[face.scopes[scope] for scope in asked.scopes],
        ends_at=found.value.ends_at,
        request=pending.sealed(server, asked),
        csrf=form_token(server, browser, "consent", asked.id),
        switch=form_token(server, browser, "switch", asked.id),
    )


def decide_tenant(
    server: AuthServer, call: Call, device: Found[Device], *, allowed: bool, once: Write
) -> Outgoing:
    """Note the tenant at the authorization, or that somebody said no. Raises Conflict."""
    tenant, writes = device.value.tenant, [once]
    if allowed:
        found = _alive(server, device.value.adds_to)
        access = TenantAccess(org=call.caller.org, by=call.caller.subject, at=call.now)
        more = {**found.value.tenants, tenant: access}
        changed = found.value.model_copy(update={"tenants": more})
        writes.append(AUTHORIZATIONS.put(found.id, changed, if_version=found.version))
    decided = device.value.model_copy(
        update={"state": "allowed" if allowed else "denied", "decided_at": call.now}
    )
    call.commit(
        [*writes, DEVICES.put(device.id, decided, if_version=device.version)],
        event="authorization.tenant_added" if allowed else "consent.denied",
        target=device.value.adds_to,
        client=device.value.client_name,
        tenant=tenant,
    )
    return page(server, "done.html", allowed=allowed)


def _alive(server: AuthServer, id_: str) -> Found[Authorization]:
    found = AUTHORIZATIONS.find(server.app.documents, id_)
    now = server.app.clock.now()
    if found is None or found.value.state != "active" or found.value.expires_at <= now:
        raise OAuthError("invalid_request", "The connection that asked has ended.")
    return found
