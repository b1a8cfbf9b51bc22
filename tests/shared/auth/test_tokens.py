"""Access tokens: what is refused, how other issuers may differ."""

import base64
import functools

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from shared.auth.faces import PARTNER
from shared.auth.keyring import SigningRing, new_signing_key, store_signing
from shared.auth.tokens import KeysNeeded
from shared.errors import Problem
from shared.servers import ExternalIssuer
from tests.platform import Platform
from tests.shared.auth.conftest import LOOPBACK

ELSEWHERE = "https://issuer.example/"
API = "https://catalogs.example/api"


@functools.cache
def rsa_key(name="one", bits=2048):
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(private, kid, **fields):
    return {**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": kid, **fields}


def claims(platform, **changed):
    now = int(platform.clock.time())
    made = {
        "iss": platform.settings.auth_url,
        "sub": "ada",
        "aud": platform.settings.mcp_url,
        "client_id": "c",
        "org_id": "partner",
        "scope": "catalog:read",
        "sid": "a-session-1",
        "iat": now,
        "exp": now + 600,
        **changed,
    }
    return {name: value for name, value in made.items() if value is not None}


def signed(platform, header=None, **changed):
    key = platform.app.keys.signing().current
    headers = {"typ": "at+jwt", "kid": key.kid, **(header or {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.encode(claims(platform, **changed), key.private, algorithm="ES256", headers=headers)


def unsigned(header, payload):
    parts = (orjson.dumps(header), payload if isinstance(payload, bytes) else orjson.dumps(payload))
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


def with_public_key_as_secret(platform):
    key = platform.app.keys.signing().current
    pem = key.public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = {"alg": "HS256", "typ": "at+jwt", "kid": key.kid}
    text = unsigned(head, claims(platform)).removesuffix(".")
    tag = jwt.get_algorithm_by_name("HS256").sign(text.encode(), pem)
    return f"{text}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"


def by_another_key(platform, kid):
    private = ec.generate_private_key(ec.SECP256R1())
    headers = {"typ": "at+jwt", "kid": kid}
    return jwt.encode(claims(platform), private, algorithm="ES256", headers=headers)


def in_seconds(platform, seconds):
    return int(platform.clock.time()) + seconds


REFUSED = {
    "not a token": lambda _: "nonsense",
    "three empty parts": lambda _: "..",
    "alg none": lambda p: unsigned({"alg": "none", "typ": "at+jwt"}, claims(p)),
    "HS256 with the public key": with_public_key_as_secret,
    "unknown kid": lambda p: by_another_key(p, "unknown"),
    "no kid": lambda p: signed(p, {"kid": None}),
    "our kid, another key": lambda p: by_another_key(p, p.app.keys.signing().current.kid),
    "another issuer": lambda p: signed(p, iss="https://evil.example"),
    "no issuer": lambda p: signed(p, iss=None),
    "another audience": lambda p: signed(p, aud="https://elsewhere.example/mcp"),
    "our audience with a slash": lambda p: signed(p, aud=f"{p.settings.mcp_url}/"),
    "no audience": lambda p: signed(p, aud=None),
    "two audiences": lambda p: signed(p, aud=[p.settings.mcp_url, "https://other.example"]),
    "no audiences": lambda p: signed(p, aud=[]),
    "expired": lambda p: signed(p, exp=in_seconds(p, 0)),
    "no exp": lambda p: signed(p, exp=None),
    "no iat": lambda p: signed(p, iat=None),
    "no sub": lambda p: signed(p, sub=None),
    "a number as sub": lambda p: signed(p, sub=7),
    "exp not a number": lambda p: signed(p, exp="soon"),
    "exp never": lambda p: signed(p, exp=float("inf")),
    "exp not any number": lambda p: signed(p, exp=float("nan")),
    "exp past every float": lambda p: signed(p, exp=10**400),
    "nbf in the future": lambda p: signed(p, nbf=in_seconds(p, 31)),
    "iat in the future": lambda p: signed(p, iat=in_seconds(p, 31)),
    "an ID token": lambda p: signed(p, {"typ": "JWT"}, aud="c"),
    "typ JWT of our own": lambda p: signed(p, {"typ": "JWT"}),
    "typ of something else": lambda p: signed(p, {"typ": "dpop+jwt"}),
    "an unknown critical header": lambda p: signed(p, {"crit": ["x"], "x": 1}),
    "no session": lambda p: signed(p, sid=None),
    "too long": lambda p: signed(p, padding="x" * 9000),
    "deep": lambda _: unsigned({"alg": "ES256", "typ": "at+jwt"}, b"[" * 5000),
    "a long number": lambda _: unsigned({"alg": "ES256"}, b'{"iss":' + b"9" * 5000 + b"}"),
    "a lone surrogate": lambda _: unsigned({"alg": "ES256"}, b'{"iss":"\\ud800"}'),
    "not UTF-8": lambda _: unsigned({"alg": "ES256"}, b'{"iss":"\xff"}'),
    "not ASCII": lambda _: "é.é.é",
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", REFUSED)
async def test_a_token_that_is_not_good_is_401_with_a_challenge(platform, name):
    platform.member()
    platform.do("start_session", subject="ada", session="a-session-1")
    text = REFUSED[name](platform)
    with pytest.raises(Problem) as refused:
        platform.app.tokens.verify(text, PARTNER)
    assert refused.value.code == "unauthenticated"
    async with platform.http() as client:
        headers = {"authorization": f"Bearer {text}".encode("latin-1")}
        response = await client.post("/mcp", json={}, headers=headers)
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]


def test_the_token_that_the_refused_ones_differ_from_is_good(platform):
    soon = in_seconds(platform, 30)
    token = platform.app.tokens.verify(
        signed(platform, nbf=soon, iat=soon, authz="family-1"), PARTNER
    )
    assert (token.issuer, token.principal, token.org) == ("own", "ada", "partner")
    assert token.scopes == {"catalog:read"}
    assert token.authorization == "family-1"


def test_times_are_judged_by_our_clock_and_not_by_the_librarys(platform):
    platform.clock.advance(20 * 365 * 86_400)
    assert platform.app.tokens.verify(signed(platform), PARTNER).subject == "ada"


@pytest.mark.anyio
async def test_a_token_in_the_query_is_not_looked_at(stocked):
    async with stocked.http() as client:
        response = await client.post(f"/mcp?access_token={stocked.token()}", json={})
    assert response.status_code == 401
    assert "error=" not in response.headers["www-authenticate"]


@pytest.mark.anyio
async def test_two_authorization_headers_are_none(stocked):
    headers = [("authorization", f"Bearer {stocked.token()}")] * 2
    async with stocked.http() as client:
        assert (await client.post("/mcp", json={}, headers=headers)).status_code == 401
    headers = [("authorization", f"Bearer {stocked.key()}")] * 2
    async with stocked.http(face="api") as client:
        assert (await client.get("/v1/catalogs", headers=headers)).status_code == 401


def test_a_verified_token_is_not_good_past_its_end_because_it_was_verified_before(platform):
    text = signed(platform, exp=in_seconds(platform, 30))
    platform.app.tokens.verify(text, PARTNER)
    platform.clock.advance(31)
    with pytest.raises(Problem):
        platform.app.tokens.verify(text, PARTNER)


@pytest.mark.parametrize("role", ["next", "previous"])
def test_every_key_of_the_ring_verifies_and_only_the_current_one_signs(platform, role):
    other, current = new_signing_key(role), platform.app.keys.signing().current
    store_signing(platform.app.secrets, SigningRing((other, current)))
    headers = {"typ": "at+jwt", "kid": other.kid}
    text = jwt.encode(claims(platform), other.private, algorithm="ES256", headers=headers)
    platform.clock.advance(1)
    assert platform.app.tokens.verify(text, PARTNER).subject == "ada"
    minted = platform.token()
    assert jwt.get_unverified_header(minted)["kid"] == current.kid


def test_a_key_that_left_the_ring_verifies_no_more(platform):
    text = signed(platform)
    store_signing(platform.app.secrets, SigningRing((new_signing_key("current"),)))
    platform.clock.advance(61)
    with pytest.raises(Problem, match="not ours"):
        platform.app.tokens.verify(text, PARTNER)


@pytest.fixture
def federated(tmp_path, issuer):
    """A platform that trusts another issuer, with names of its own for everything."""
    issuer.keys = [jwk(rsa_key(), "k1", use="sig", alg="RS256")]
    trusted = ExternalIssuer(
        id="elsewhere",
        issuer=ELSEWHERE,
        jwks_url=f"{issuer.address}/jwks",
        audiences=(API,),
        organizations=("partner",),
        claims={"organization": "organization", "session": "session_id", "scopes": "permissions"},
        default_scopes=("catalog:read",),
    )
    platform = Platform(tmp_path / "data", issuers=(trusted,), fetch_networks=LOOPBACK)
    platform.organization("partner")
    yield platform
    platform.close()


def external(platform, private=None, kid="k1", algorithm="RS256", typ="JWT", **changed):
    given = {
        "iss": ELSEWHERE,
        "aud": API,
        "org_id": None,
        "sid": None,
        "scope": None,
        "client_id": None,
        "azp": "their-client",
        "organization": "partner",
        "session_id": "their-session",
        **changed,
    }
    headers = {"typ": typ, "kid": kid}
    key = private or rsa_key()
    return jwt.encode(claims(platform, **given), key, algorithm=algorithm, headers=headers)


def test_another_issuers_token_is_read_by_its_own_claim_names(federated):
    text = external(federated, permissions=["subscriptions:read", "theirs", 7])
    token = federated.app.tokens.verify(text, PARTNER)
    assert (token.issuer, token.org, token.session) == ("elsewhere", "partner", "their-session")
    assert token.client == "their-client"
    assert token.scopes == {"subscriptions:read"}
    assert token.principal == "elsewhere-fdee430d40bd57deeac186cd9790033d"  # names memberships
    assert token.authorization is None


@pytest.mark.parametrize("scopes", [None, "", "openid profile", ["openid"], 7, {}])
def test_without_a_scope_of_ours_it_gets_the_issuers_default(federated, scopes):
    token = federated.app.tokens.verify(external(federated, permissions=scopes), PARTNER)
    assert token.scopes == {"catalog:read"}


def test_another_issuers_token_continues_no_authorization_of_ours(federated):
    token = federated.app.tokens.verify(external(federated, authz="family-1"), PARTNER)
    assert token.authorization is None


def test_an_audience_of_another_issuer_is_none_of_this_one(federated):
    extra = [API, f"{ELSEWHERE}userinfo"]
    assert federated.app.tokens.verify(external(federated, aud=extra), PARTNER).org == "partner"
    with pytest.raises(Problem, match="another resource"):
        federated.app.tokens.verify(external(federated, aud=federated.settings.mcp_url), PARTNER)
    with pytest.raises(Problem, match="another resource"):
        federated.app.tokens.verify(signed(federated, aud=API), PARTNER)


def test_the_session_may_be_told_by_the_tokens_own_id(federated):
    token = federated.app.tokens.verify(
        external(federated, session_id=None, jti="one-token"), PARTNER
    )
    assert token.session == "one-token"


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "PS256"},
        {"algorithm": "RS512"},
        {"kid": "other"},
        {"private": rsa_key("two")},
        {"typ": "logout+jwt"},
        {"session_id": None},
        {"session_id": 7},
    ],
)
def test_another_issuers_token_is_refused_for_what_it_may_not_do(federated, wrong):
    with pytest.raises(Problem) as refused:
        federated.app.tokens.verify(external(federated, **wrong), PARTNER)
    assert refused.value.code == "unauthenticated"


def test_a_weak_key_verifies_nothing(federated, issuer):
    weak = rsa_key("weak", 1024)
    issuer.keys = [jwk(weak, "k1")]
    with (
        pytest.warns(jwt.warnings.InsecureKeyLengthWarning),
        pytest.raises(Problem, match="signature"),
    ):
        federated.app.tokens.verify(external(federated, private=weak), PARTNER)


def test_an_issuer_cannot_sign_for_another(federated):
    text = external(federated, iss=federated.settings.auth_url, typ="at+jwt")
    with pytest.raises(Problem) as refused:
        federated.app.tokens.verify(text, PARTNER)
    assert refused.value.code == "unauthenticated"


@pytest.mark.parametrize("organization", [None, "", 7])
def test_a_good_token_without_an_organization_is_forbidden_not_unauthenticated(
    federated, organization
):
    with pytest.raises(Problem) as refused:
        federated.app.tokens.verify(external(federated, organization=organization), PARTNER)
    assert refused.value.code == "forbidden"


def test_without_waiting_a_token_whose_keys_are_not_at_hand_says_so(federated, issuer):
    text = external(federated)
    with pytest.raises(KeysNeeded):
        federated.app.tokens.verify(text, PARTNER, wait=False)
    assert issuer.fetched == 0
    federated.app.tokens.verify(text, PARTNER)
    other = external(federated, sub="bob")
    assert federated.app.tokens.verify(other, PARTNER, wait=False).subject == "bob"
    assert issuer.fetched == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"session_id": "a/b"}, 401),
        ({"session_id": "x" * 200}, 401),
        ({"session_id": ".."}, 200),
        ({"organization": "a/b"}, 403),
        ({"organization": "other:partner"}, 403),
        ({"sub": "any/thing é"}, 403),
        ({}, 200),
    ],
)
async def test_ids_of_another_issuer_that_no_document_can_have_are_refused(
    federated, changed, status
):
    federated.do("set_member", org="partner", subject="ada", issuer="elsewhere")
    async with federated.http(external(federated, **changed)) as client:
        message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        assert (await client.post("/mcp", json=message)).status_code == status


@pytest.mark.anyio
async def test_a_token_that_cannot_be_judged_now_is_503(federated, issuer):
    issuer.failing = True
    async with federated.http(external(federated)) as client:
        assert (await client.post("/mcp", json={})).status_code == 503
