"""Which access tokens are good at the partner endpoint: ours, and those of other issuers we trust.

Numbers are those of docs/security.md, "What shows it".
"""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.forged import TOKENS, claims_of, signed
from tests.platform import Platform, call, value
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio
SUBJECT = "auth0|ada"


@pytest.mark.parametrize("what", list(TOKENS))
async def test_a_token_is_401_with_a_challenge_when_it_has(platform, what):  # 1
    text = TOKENS[what](platform)
    async with platform.http(text) as client:
        response = await call(client, "list_catalogs")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert text not in response.text


async def test_the_token_these_were_made_from_is_good(platform):
    async with platform.http(signed(platform, claims_of(platform))) as client:
        assert (await call(client, "list_catalogs")).status_code == 200


async def test_an_expired_token_without_the_scope_is_401_not_403(platform):  # 2
    text = signed(platform, claims_of(platform, exp=1, scope=""))
    async with platform.http(text) as client:
        assert (await call(client, "list_catalogs")).status_code == 401


async def test_a_token_in_the_query_is_ignored(platform):  # 3
    async with platform.http() as client:
        response = await client.post(f"/mcp?access_token={platform.token()}", json={})
    assert response.status_code == 401


class Issuer:
    """An authorization server that is not ours: RS256, claim names of its own."""

    def __init__(self, web, clock):
        self.web = web
        self.clock = clock
        self.key = rsa.generate_private_key(65537, 2048)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        web.answers["/jwks"] = {"keys": [{**public, "kid": "one", "use": "sig"}]}
        self.settings = {
            "id": "keycloak",
            "issuer": f"{web.origin}/",
            "jwks_url": f"{web.origin}/jwks",
            "audiences": ("http://localhost:8080/mcp", "http://localhost:8080/"),
            "claims": {"organization": "organization", "client": "azp", "scopes": "permissions"},
            "default_scopes": ("catalog:read",),
            "organizations": ("partner",),
        }

    def token(self, **changes):
        now = int(self.clock.time())
        claims = {
            "iss": f"{self.web.origin}/",
            "sub": SUBJECT,
            "aud": ["http://localhost:8080/mcp", "account"],
            "azp": "their-client",
            "organization": "partner",
            "permissions": ["catalog:read"],
            "sid": "their-session",
            "iat": now,
            "exp": now + 300,
            **changes,
        }
        kept = {name: given for name, given in claims.items() if given is not None}
        headers = {"typ": "JWT", "kid": "one"}
        return jwt.encode(kept, self.key, algorithm="RS256", headers=headers)


@pytest.fixture
def web(tmp_path):
    with WebServer(tmp_path / "tls", "issuer.test") as server:
        yield server


async def test_an_issuers_token_for_an_organization_it_does_not_speak_for_makes_nothing(
    tmp_path, web
):
    issuer = Issuer(web, None)
    trusted = {**issuer.settings, "create_memberships": True}
    platform = Platform(tmp_path / "data", issuers=(trusted,), **web.settings)
    issuer.clock = platform.clock
    for org in ("partner", "victim"):
        platform.organization(org)
    async with platform.http(issuer.token(organization="victim")) as client:
        assert (await call(client, "list_catalogs")).status_code == 403
    assert platform.do("list_members", org="victim")["items"] == []
    async with platform.http(issuer.token()) as client:
        assert (await call(client, "list_catalogs")).status_code == 200
    platform.close()


@pytest.fixture
def with_issuer(tmp_path, web):
    """A platform that trusts the other issuer by configuration alone, and one of its people."""
    issuer = Issuer(web, None)
    platform = Platform(tmp_path / "data", issuers=(issuer.settings,), **web.settings)
    issuer.clock = platform.clock
    platform.issuer = issuer
    platform.organization("partner")
    platform.member(subject=SUBJECT, issuer="keycloak")
    yield platform
    platform.close()


async def status(platform, **changes):
    async with platform.http(platform.issuer.token(**changes)) as client:
        return (await call(client, "list_catalogs")).status_code


async def test_a_token_of_another_issuer_with_its_own_claim_names_is_good(with_issuer):
    async with with_issuer.http(with_issuer.issuer.token()) as client:
        assert await value(client, "list_catalogs") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"permissions": None}, 200),
        ({"permissions": "catalog:read openid"}, 200),
        ({"sid": None, "jti": "their-token"}, 200),
        ({"permissions": ["subscriptions:read"]}, 403),
        ({"organization": None}, 403),
        ({"organization": "elsewhere"}, 403),
        ({"sub": "auth0|eve"}, 403),
        ({"aud": "account"}, 401),
        ({"iss": "https://issuer.test"}, 401),
        ({"exp": 1}, 401),
    ],
)
async def test_what_another_issuer_says_decides(with_issuer, changes, expected):
    assert await status(with_issuer, **changes) == expected


async def test_its_sessions_are_ended_here_too(with_issuer):
    assert await status(with_issuer) == 200
    with_issuer.do("end_session", issuer="keycloak", session="their-session")
    assert await status(with_issuer) == 401
    assert await status(with_issuer, sid="their-next-session") == 200


async def test_its_keys_are_fetched_once_and_serve_while_it_is_down(with_issuer, web):
    assert await status(with_issuer) == 200
    assert await status(with_issuer, jti="another") == 200
    assert web.seen == ["/jwks"]
    web.answers["/jwks"] = (503, b"", {})
    with_issuer.clock.advance(3600)
    assert await status(with_issuer) == 200
    with_issuer.clock.advance(86_400)
    assert await status(with_issuer) == 503


async def test_our_own_tokens_stay_good_beside_it(with_issuer):
    async with with_issuer.http(with_issuer.token()) as client:
        assert (await call(client, "list_catalogs")).status_code == 200
