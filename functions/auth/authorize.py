"""The authorization endpoint (RFC 6749 4.1.1, OAuth 2.1, RFC 7636, RFC 8707, RFC 9207).

A request whose client or redirect address is not good is answered with a page, never a redirect.
Other errors go back to the client only where it is a program on this machine: an address on the
web that anybody can register must not become our open redirector (RFC 9700 4.11.2).
"""

import re
from typing import Final
from urllib.parse import urlsplit

from functions.auth import pending
from functions.auth.browser import Browser, browser_of
from functions.auth.client_documents import find_client, is_portal
from functions.auth.clients import Client, check_redirect, is_loopback
from functions.auth.consent import asked_or_granted
from functions.auth.pages import CURE, error_page
from functions.auth.server import AuthServer, Resource
from functions.auth.sign_in import sign_in_page
from shared.auth.faces import PORTAL
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, Params

MOST_STATE: Final = 2048
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_ONCE: Final = (
    "response_type", "scope", "state", "code_challenge", "code_challenge_method",
    "response_mode", "prompt", "max_age", "nonce", "login_hint",
)  # fmt: skip


def authorize(server: AuthServer, request: Incoming) -> Outgoing:
    """Show who asks for what, after signing in where needed."""
    query = request.query
    try:
        id_ = query.need("client_id")
        client = find_client(server, id_)
        uri = _redirect_uri(query, client)
    except OAuthError as error:
        return error_page(server, error.description, cure=CURE if error.status == 401 else ())  # noqa: PLR2004
    browser = browser_of(server, request)
    try:
        asked = _asked(server, query, client, id_, uri)
        if "none" in (query.get("prompt") or "").split():
            raise _none(browser)
    except OAuthError as error:
        if not is_loopback(urlsplit(uri)):
            return error_page(server, error.description)
        state = query.every("state")
        return pending.refused(server, uri, state[0] if len(state) == 1 else None, error)
    if pending.needs_sign_in(browser, asked):
        return sign_in_page(server, browser, asked)
    return asked_or_granted(server, browser, asked, request.head.request_id)


def _redirect_uri(query: Params, client: Client) -> str:
    """Where the client wants its answer. May be left out by a client with only one address.

    A client's id outlives what may be registered, so that is asked here again.
    """
    uri = query.get("redirect_uri")
    if uri is None and len(client.redirect_uris) == 1:
        uri = client.redirect_uris[0]
    if uri is None or not client.redirects_to(uri):
        raise OAuthError(
            "invalid_request", "The application did not register the address it wants to go to."
        )
    check_redirect(uri)
    return uri


def _asked(
    server: AuthServer, query: Params, client: Client, id_: str, uri: str
) -> pending.Pending:
    query.only_once(*_ONCE)
    if not client.may("authorization_code"):
        raise OAuthError("unauthorized_client", "The client did not register for this.")
    if query.get("request") or query.get("request_uri"):
        raise OAuthError("request_not_supported", "Request objects are not supported.")
    if query.need("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type must be code.")
    if query.get("response_mode") not in (None, "query"):
        raise OAuthError("invalid_request", "response_mode must be query.")
    challenge = query.need("code_challenge")
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "PKCE with code_challenge_method S256 is needed.")
    state = query.get("state")
    if state is not None and len(state) > MOST_STATE:
        raise OAuthError("invalid_request", f"state has at most {MOST_STATE} characters.")
    if is_portal(server, id_):
        resource, scopes = Resource(PORTAL, id_), tuple(PORTAL.scopes)
    else:
        resource = server.resource(query.every("resource"))
        scopes = resource.face.wanted(query.get("scope"))
    prompts = (query.get("prompt") or "").split()
    anew = "login" in prompts or "select_account" in prompts
    return pending.start(
        server,
        client=id_,
        redirect_uri=uri,
        state=state,
        challenge=challenge,
        scopes=scopes,
        audience=resource.audience,
        tenant=resource.tenant,
        fresh=int(server.app.clock.time()) if anew else None,
    )


def _none(browser: Browser) -> OAuthError:
    """Consent is given by a person each time, so `prompt=none` never succeeds (OIDC 3.1.2.6)."""
    if browser.session is None:
        return OAuthError("login_required", "The person must sign in.")
    return OAuthError("consent_required", "The person must consent.")
