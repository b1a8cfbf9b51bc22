"""The token endpoint (RFC 6749 3.2): codes, refresh tokens, device codes, service accounts."""

from typing import Any

from functions.auth import codes, device, service
from functions.auth.client_documents import find_client
from functions.auth.server import AuthServer
from shared.errors import Problem
from shared.identity import authorizations
from shared.identity.records import Authorization
from shared.records import Found
from shared.serve.discovery import DEVICE_CODE
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, Params, as_json
from shared.tool import Call

_ENDED = frozenset({"unauthenticated", "forbidden", "not_found"})


def token(server: AuthServer, request: Incoming) -> Outgoing:
    """An access token, and for people a refresh token. Every refusal is RFC 6749 5.2's."""
    if "authorization" in request.head.headers:
        raise unauthenticated("Clients do not authenticate with the Authorization header here.")
    form = request.form
    grant = form.need("grant_type")
    if grant == "client_credentials":
        return as_json(service.access(server, request, form), headers=_PRAGMA)
    client = public_client(server, form)
    try:
        if grant == "authorization_code":
            call, found = codes.redeem(server, request, form, client)
            scopes = found.value.scopes
        elif grant == DEVICE_CODE:
            call, found = device.poll(server, request, form.need("device_code"), client)
            scopes = found.value.scopes
        elif grant == "refresh_token":
            call, found, scopes = _refresh(server, request, form, client)
        else:
            raise OAuthError("unsupported_grant_type", "This grant type is not offered here.")
    except Problem as problem:
        if problem.code not in _ENDED:
            raise
        raise OAuthError("invalid_grant", problem.message) from None
    return as_json(_answer(server, call, found, scopes), headers=_PRAGMA)


def public_client(server: AuthServer, form: Params) -> str:
    """The id of the public client that asks. Raises `invalid_client`, `invalid_request`."""
    if form.get("client_secret") or form.get("client_assertion"):
        raise unauthenticated("This client is public: send client_id alone.")
    id_ = form.need("client_id")
    find_client(server, id_)
    return id_


def unauthenticated(message: str) -> OAuthError:
    """`invalid_client`, naming the scheme a client tried to use (RFC 6749 5.2)."""
    error = OAuthError("invalid_client", message, status=401)
    error.headers = (("www-authenticate", 'Basic realm="token"'),)
    return error


_PRAGMA = (("pragma", "no-cache"),)


def _refresh(
    server: AuthServer, request: Incoming, form: Params, client: str
) -> tuple[Call, Found[Authorization], tuple[str, ...]]:
    """The next generation. A forged token, or another client's, changes nothing."""
    parsed = authorizations.RefreshToken.parse(form.need("refresh_token"))
    anybody = server.call("", "", request.head.request_id)
    before = None if parsed is None else authorizations.proven(anybody, parsed)
    if parsed is None or before is None or before.value.client != client:
        raise OAuthError("invalid_grant", "The refresh token is not good for this client.")
    granted = before.value
    asked = server.face_of(granted.audience).known(form.get("scope"))
    scopes = _narrowed(asked, granted.scopes)
    resources = form.every("resource")
    if resources and server.resource(resources).audience != granted.audience:
        raise OAuthError("invalid_target", "The token was issued for another resource.")
    call = server.admit(
        granted.person,
        granted.org,
        granted.session,
        request.head.request_id,
        since=granted.created_at,
    )
    return call, authorizations.advance(call, parsed), scopes


def _narrowed(asked: frozenset[str], granted: tuple[str, ...]) -> tuple[str, ...]:
    """Those asked for that were granted (RFC 6749 6); all where none of the face's is asked for.

    A client that a person let only look goes on asking for what it asked for at first.
    """
    kept = asked.intersection(granted)
    if asked and not kept:
        raise OAuthError("invalid_scope", "A refresh cannot add scopes. Ask the person again.")
    return tuple(sorted(kept)) or granted


def _answer(
    server: AuthServer, call: Call, found: Found[Authorization], scopes: tuple[str, ...]
) -> dict[str, Any]:
    granted = found.value
    access = server.app.tokens.mint(
        subject=granted.person,
        org=granted.org,
        client=granted.client,
        session=granted.session,
        scopes=scopes,
        audience=granted.audience,
        authorization=found.id,
        client_name=granted.client_name,
    )
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": server.settings.access_seconds,
        "scope": " ".join(scopes),
        "refresh_token": authorizations.refresh_token(call, found),
    }
