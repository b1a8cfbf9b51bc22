"""Service accounts (RFC 6749 4.4) that prove who they are with a signed assertion (RFC 7523 2.2).

No shared secrets: the organization's program signs with its own key, we hold the public half. An
assertion is good once, for at most five minutes, and only here.
"""

import hashlib
from datetime import timedelta
from typing import Any, Final

import jwt
from jwt import PyJWK

from functions.auth.records import SEEN, Seen
from functions.auth.server import AuthServer
from shared.errors import Conflict, Problem
from shared.identity.principals import is_service_account
from shared.identity.records import SERVICE_ACCOUNTS, ServiceAccount
from shared.ports.documents import ABSENT
from shared.records import Found
from shared.serve.discovery import ASSERTION_ALGORITHMS
from shared.serve.pages.web import Incoming, OAuthError, Params

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST: Final = 300
SKEW: Final = 30
MOST_BYTES: Final = 8192


def access(server: AuthServer, request: Incoming, form: Params) -> dict[str, Any]:
    """The token answer for a service account. Raises `invalid_client`, `invalid_scope`."""
    account = _authenticated(server, form)
    record = account.value
    resource = server.resource(form.every("resource"))
    asked = resource.face.known(form.get("scope"))
    scopes = sorted(asked or set(record.scopes) & resource.face.scopes.keys())
    if not scopes or not asked <= set(record.scopes):
        raise OAuthError("invalid_scope", "The service account does not have these scopes.")
    try:
        server.admit(
            account.id,
            record.org,
            record.session,
            request.head.request_id,
            since=record.created_at,
        )
    except Problem as problem:
        if problem.code not in ("unauthenticated", "forbidden"):
            raise
        raise _refused(problem.message) from None
    token = server.app.tokens.mint(
        subject=account.id,
        org=record.org,
        client=account.id,
        session=record.session,
        scopes=scopes,
        audience=resource.audience,
        client_name=record.name,
    )
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": server.settings.access_seconds,
        "scope": " ".join(scopes),
    }


def _authenticated(server: AuthServer, form: Params) -> Found[ServiceAccount]:
    text = form.get("client_assertion") or ""
    if form.get("client_assertion_type") != ASSERTION or not 0 < len(text) <= MOST_BYTES:
        raise _refused("Authenticate with private_key_jwt.")
    try:
        header = jwt.get_unverified_header(text)
        id_ = str(jwt.decode(text, options={"verify_signature": False}).get("sub"))
    except (jwt.PyJWTError, RecursionError):
        raise _refused("The client assertion is not a JWT.") from None
    if not is_service_account(id_):
        raise _refused("The client assertion names no service account.")
    found = SERVICE_ACCOUNTS.find(server.app.documents, id_)
    if found is None or found.value.state != "active" or form.get("client_id") not in (None, id_):
        raise _refused("The client assertion names no service account.")
    claims = _verified(text, header, found.value)
    _check(server, claims, id_)
    return found


def _verified(text: str, header: dict[str, Any], account: ServiceAccount) -> dict[str, Any]:
    """The claims, signed with one of the account's keys, each with the algorithm it is for."""
    for data in account.keys:
        if header.get("kid") not in (None, data.get("kid")) or header.get("alg") != data["alg"]:
            continue
        try:
            return dict(
                jwt.decode(
                    text,
                    PyJWK(data).key,
                    algorithms=[a for a in ASSERTION_ALGORITHMS if a == data["alg"]],
                    options={
                        "verify_signature": True,
                        "verify_aud": False,
                        "verify_exp": False,
                        "verify_iat": False,
                        "verify_nbf": False,
                        "require": ["iss", "sub", "aud", "exp", "jti"],
                    },
                )
            )
        except jwt.PyJWTError:
            continue
    raise _refused("The client assertion is not signed with a key of this account.")


def _check(server: AuthServer, claims: dict[str, Any], id_: str) -> None:
    """Times by our clock, ourselves as audience, and never before."""
    now = server.app.clock.time()
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    ours = {server.issuer, f"{server.issuer}/oauth2/token"}
    if claims["iss"] != id_ or claims["sub"] != id_ or len(audience) != 1:
        raise _refused("iss and sub of the client assertion are the account, aud is us alone.")
    if audience[0] not in ours:
        raise _refused("The client assertion is for somebody else.")
    try:
        expires, begins = float(claims["exp"]), float(claims.get("nbf", 0))
    except (TypeError, ValueError, OverflowError):
        raise _refused("The client assertion's times are not numbers.") from None
    if not now < expires <= now + LONGEST + SKEW or begins > now + SKEW:
        raise _refused(f"A client assertion lives at most {LONGEST} seconds, from now.")
    name = hashlib.sha256(f"{id_}\x00{claims['jti']}".encode()).hexdigest()
    until = server.app.clock.now() + timedelta(seconds=2 * (LONGEST + SKEW))
    try:
        server.app.documents.commit([SEEN.put(name, Seen(expires_at=until), if_version=ABSENT)])
    except Conflict:
        raise _refused("The client assertion was used before.") from None


def _refused(message: str) -> OAuthError:
    return OAuthError("invalid_client", message, status=401)
