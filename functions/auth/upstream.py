"""Signing in with an upstream OpenID provider (OpenID Connect Core 3.1, RFC 9700).

Code flow with PKCE and nonce. What was asked for is kept under the state and bound to the browser;
verifier and nonce are recomputed from the state, so nothing secret is kept. Only a verified e-mail
address, or a subject that once came with one, makes somebody known here.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, Final

import jwt
import orjson

from functions.auth import pending
from functions.auth.browser import browser_of, check_form
from functions.auth.pages import error_page
from functions.auth.records import FLOWS, Flow
from functions.auth.server import AuthServer
from functions.auth.sign_in import mail_code, signed_in
from shared.app import App
from shared.auth.jwks import RemoteKeys
from shared.errors import Conflict, Problem
from shared.identity.addresses import exact
from shared.identity.people import person_of_identity
from shared.ports.documents import ABSENT, Delete
from shared.serve.pages.web import Incoming, OAuthError, Outgoing, redirect, with_query
from shared.servers import Upstream

GOOD_FOR: Final = timedelta(minutes=15)
FRESH: Final = 3600.0
TIMEOUT: Final = 5.0
MOST_BYTES: Final = 65_536
SKEW: Final = 30
OLDEST: Final = 600
PAUSE: Final = 5.0
"""Seconds in which a provider that did not answer is not asked what it offers."""
_ANOTHER: Final = (
    "You came here with another provider before, and no code can be mailed to you here. "
    "Use that provider, or ask your administrator."
)


@dataclass(frozen=True)
class Provider:
    """What an upstream's discovery document says, and its keys."""

    authorization: str
    token: str
    jwks: str
    keys: RemoteKeys
    read_at: float


@dataclass
class _Providers:
    """What was read of them and when reading failed, by their ids. Two may read at once."""

    known: dict[str, Provider] = field(default_factory=dict)
    failed: dict[str, float] = field(default_factory=dict)


def begin(server: AuthServer, request: Incoming) -> Outgoing:
    """A provider's button was pressed: send the browser there."""
    upstream = _upstream(server, request)
    asked = pending.opened(server, request.form.get("request"))
    browser = browser_of(server, request)
    check_form(server, request, browser, "sign-in", asked.id)
    provider = _provider(server, upstream)
    state = token_urlsafe(24)
    flow = Flow(
        upstream=upstream.id,
        request=pending.sealed(server, asked),
        browser=_hash(browser.key),
        expires_at=server.app.clock.now() + GOOD_FOR,
    )
    server.app.documents.commit([FLOWS.put(_hash(state), flow, if_version=ABSENT)])
    challenge = hashlib.sha256(_verifier(server, state).encode()).digest()
    return redirect(
        with_query(
            provider.authorization,
            {
                "response_type": "code",
                "client_id": upstream.client_id,
                "redirect_uri": _callback(server, upstream),
                "scope": " ".join(upstream.scopes),
                "state": state,
                "nonce": server.proof("upstream-nonce", state),
                "code_challenge": urlsafe_b64encode(challenge).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
                "prompt": "select_account" if asked.fresh is not None else None,
            },
        )
    )


def finish(server: AuthServer, request: Incoming) -> Outgoing:
    """The browser came back: find out who that is, and sign them in."""
    upstream = _upstream(server, request)
    browser = browser_of(server, request)
    state = request.query.need("state")
    found = FLOWS.find(server.app.documents, _hash(state))
    now = server.app.clock.now()
    if found is None or found.value.expires_at <= now or found.value.upstream != upstream.id:
        raise _again("This sign-in is over.")
    if found.value.browser != _hash(browser.key):
        raise _again("This sign-in began in another browser.")
    if request.query.get("iss") not in (None, upstream.issuer):
        raise _again("The answer came from another provider.")
    if request.query.get("error"):
        return error_page(server, f"{upstream.name} did not sign you in. Go back to your app.")
    claims = _claims(server, upstream, request.query.need("code"), state)
    email = _email(upstream, claims)
    call = server.call("", "", request.head.request_id)
    who = person_of_identity(call, upstream.id, str(claims["sub"]), email)
    if who is None:
        return error_page(
            server, "You do not have an account here. Ask your administrator.", status=403
        )
    asked = pending.opened(server, found.value.request)
    done = Delete(FLOWS.path(found.id), if_version=found.version)
    try:
        if who.needs_code:
            if server.settings.cloud and server.settings.smtp is None:
                return error_page(server, _ANOTHER, status=403)
            server.app.documents.commit([done])
            return mail_code(
                server, request, asked, email, upstream=upstream.id, subject=str(claims["sub"])
            )
        also = [done, *who.writes]
        return signed_in(server, request, asked, who.person, upstream=upstream.id, also=also)
    except Conflict:
        raise _again("This sign-in was used already.") from None


def _email(upstream: Upstream, claims: dict[str, Any]) -> str:
    """The address that a provider asserts, in its one spelling."""
    said = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(said, str):
        raise _again(f"{upstream.name} has not verified your e-mail address.")
    email = exact(said)
    if email is None:
        raise _again(f"{upstream.name} knows you by an e-mail address that cannot be used here.")
    if not upstream.may_assert(email):
        raise OAuthError(
            "access_denied",
            f"{upstream.name} does not speak for the domain of your e-mail address here. Sign in "
            "another way.",
            status=403,
        )
    return email


def _claims(server: AuthServer, upstream: Upstream, code: str, state: str) -> dict[str, Any]:
    """The verified claims of the ID token that a code stands for."""
    provider = _provider(server, upstream)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _callback(server, upstream),
        "client_id": upstream.client_id,
        "client_secret": server.app.secrets.read(upstream.secret).decode().strip(),
        "code_verifier": _verifier(server, state),
    }
    answer = server.app.fetch.post(provider.token, form, timeout=TIMEOUT, max_bytes=MOST_BYTES)
    try:
        text = orjson.loads(answer.body)["id_token"]
        header = jwt.get_unverified_header(text)
    except (orjson.JSONDecodeError, KeyError, TypeError, jwt.PyJWTError, RecursionError):
        raise _again(f"{upstream.name} did not say who you are.") from None
    algorithm = header.get("alg")
    key = provider.keys.key(str(header.get("kid"))) if algorithm in upstream.algorithms else None
    if key is None:
        raise _again(f"The answer of {upstream.name} is signed with an unknown key.")
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=[str(algorithm)],
            options={
                "require": ["iss", "sub", "aud", "exp", "iat"],
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError:
        raise _again(f"The answer of {upstream.name} is not signed by it.") from None
    _check(server, upstream, claims, state)
    return claims


def _check(server: AuthServer, upstream: Upstream, claims: dict[str, Any], state: str) -> None:
    """OpenID Connect Core 3.1.3.7, by our clock."""
    now = server.app.clock.time()
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    ours = upstream.client_id in audience and claims.get("azp", upstream.client_id) == (
        upstream.client_id
    )
    times = [claims["exp"], claims["iat"]]
    if not all(isinstance(time, int | float) for time in times):
        raise _again(f"The answer of {upstream.name} has no times.")
    good = claims["exp"] > now - SKEW and now - OLDEST < claims["iat"] < now + SKEW
    nonce = str(claims.get("nonce", ""))
    if not hmac.compare_digest(nonce.encode(), server.proof("upstream-nonce", state).encode()):
        raise _again("The answer belongs to another sign-in.")
    if claims["iss"] != upstream.issuer or not ours or (len(audience) > 1 and "azp" not in claims):
        raise _again(f"The answer of {upstream.name} is for somebody else.")
    if not good:
        raise _again(f"The answer of {upstream.name} is too old.")


def _provider(server: AuthServer, upstream: Upstream) -> Provider:
    """The provider's discovery document (OpenID Connect Discovery 4), read once an hour.

    While it cannot be read, what was read last serves. Raises `unavailable`.
    """
    providers = server.app.once(_none_known)
    now = server.app.clock.elapsed()
    held = providers.known.get(upstream.id)
    if held is not None and now - held.read_at < FRESH:
        return held
    if now - providers.failed.get(upstream.id, -PAUSE) >= PAUSE:
        try:
            read = _discover(server, upstream, now, held)
        except Problem:
            providers.failed[upstream.id] = now
        else:
            providers.known[upstream.id] = read
            return read
    if held is None:
        raise _unusable(upstream)
    return held


def _discover(
    server: AuthServer, upstream: Upstream, now: float, held: Provider | None
) -> Provider:
    url = f"{upstream.issuer.rstrip('/')}/.well-known/openid-configuration"
    answer = server.app.fetch.get(url, timeout=TIMEOUT, max_bytes=MOST_BYTES)
    try:
        document = orjson.loads(answer.body)
        authorization, token = document["authorization_endpoint"], document["token_endpoint"]
        jwks, issuer = document["jwks_uri"], document["issuer"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise _unusable(upstream) from None
    usable = all(isinstance(place, str) for place in (authorization, token, jwks))
    if issuer != upstream.issuer or not usable:
        raise _unusable(upstream)
    same = held is not None and held.jwks == jwks
    keys = held.keys if held and same else RemoteKeys(jwks, server.app.fetch, server.app.clock)
    return Provider(authorization, token, jwks, keys, now)


def _upstream(server: AuthServer, request: Incoming) -> Upstream:
    """The provider the address names; the table of endpoints holds no other."""
    id_ = request.head.path.rpartition("/")[2]
    return next(each for each in server.settings.upstreams if each.id == id_)


def _callback(server: AuthServer, upstream: Upstream) -> str:
    return f"{server.issuer}/sign-in/callback/{upstream.id}"


def _verifier(server: AuthServer, state: str) -> str:
    return server.proof("upstream-verifier", "1", state) + server.proof(
        "upstream-verifier", "2", state
    )


def _unusable(upstream: Upstream) -> Problem:
    return Problem("unavailable", f"{upstream.name} cannot be reached now. Try again.")


def _again(message: str) -> OAuthError:
    return OAuthError("access_denied", f"{message} Go back to your app and sign in again.")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _none_known(app: App) -> _Providers:
    del app
    return _Providers()
