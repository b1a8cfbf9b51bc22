"""Service accounts: programs that sign in with a key of their own."""

import secrets

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from shared.auth.faces import PARTNER, scopes_of
from shared.errors import Problem
from tests.browser import AUTH
from tests.platform import call

pytestmark = pytest.mark.anyio
BOTH_STORES = True
KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER = ec.generate_private_key(ec.SECP256R1())


def jwk(key, algorithm=ECAlgorithm, **more):
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), **more}


class Program:
    """A service account's program."""

    def __init__(self, platform, **options):
        self.platform = platform
        options = {"keys": [jwk(KEY, kid="one")], **options}
        self.account = platform.do(
            "create_service_account", org="partner", name="Nightly", **options
        )
        self.id = self.account["id"]

    def assertion(self, key=KEY, algorithm="ES256", headers=None, **claims):
        now = self.platform.clock.time()
        given = {
            "iss": self.id,
            "sub": self.id,
            "aud": f"{AUTH}/oauth2/token",
            "exp": now + 60,
            "jti": secrets.token_hex(8),
            **claims,
        }
        kept = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(kept, key, algorithm=algorithm, headers=headers or {})

    async def token(self, assertion=None, **params):
        data = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(),
            **params,
        }
        async with self.platform.http(face="auth") as client:
            return await client.post(f"{AUTH}/oauth2/token", data=data)


@pytest.fixture
def program(with_sign_in):
    return Program(with_sign_in)


async def refused(response, error="invalid_client", status=401):
    assert (response.status_code, response.json()["error"]) == (status, error), response.text


async def test_a_program_signs_in_and_calls_a_tool(program, with_sign_in):
    response = await program.token(scope="catalog:read", resource="http://localhost:8080/")
    tokens = response.json()
    assert "refresh_token" not in tokens
    assert tokens["scope"] == "catalog:read"
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        assert (await call(mcp, "list_catalogs")).status_code == 200
    assert with_sign_in.app.tokens.verify(tokens["access_token"], PARTNER).org == "partner"


async def test_an_rsa_key_and_the_issuer_as_audience_work_too(with_sign_in):
    program = Program(with_sign_in, keys=[jwk(KEY), jwk(RSA_KEY, RSAAlgorithm)])
    assertion = program.assertion(RSA_KEY, "RS256", aud=[AUTH])
    assert (await program.token(assertion)).status_code == 200


BAD = {
    "another key": {"key": OTHER},
    "an unknown key id": {"headers": {"kid": "two"}},
    "another audience": {"aud": "https://elsewhere.example"},
    "two audiences": {"aud": [AUTH, "https://elsewhere.example"]},
    "another issuer": {"iss": "sa-0000000000000000"},
    "another subject": {"sub": "sa-0000000000000000"},
    "a path as subject": {"sub": "../people/ada"},
    "no id": {"jti": None},
    "no expiry": {"exp": None},
    "a shared secret": {"key": "x" * 32, "algorithm": "HS256"},
    "no signature": {"key": None, "algorithm": "none"},
}


@pytest.mark.parametrize("what", list(BAD))
async def test_an_assertion_is_refused_with(program, what):
    await refused(await program.token(program.assertion(**BAD[what])))


async def test_an_assertion_whose_time_is_no_number_is_refused(program):
    head = base64url_encode(b'{"alg":"ES256"}').decode()
    claims = {"sub": program.id, "iss": program.id, "aud": AUTH, "exp": "soon", "jti": "x"}
    signed = f"{head}.{base64url_encode(orjson.dumps(claims)).decode()}"
    signature = ECAlgorithm(ECAlgorithm.SHA256).sign(signed.encode(), KEY)
    await refused(await program.token(f"{signed}.{base64url_encode(signature).decode()}"))


@pytest.mark.parametrize("offset", [-1, 331])
async def test_an_assertion_past_its_time_or_too_long_is_refused(program, with_sign_in, offset):
    await refused(await program.token(program.assertion(exp=with_sign_in.clock.time() + offset)))


async def test_an_assertion_is_good_once(program):
    assertion = program.assertion()
    assert (await program.token(assertion)).status_code == 200
    await refused(await program.token(assertion))


async def test_without_an_assertion_there_is_no_token(program):
    await refused(await program.token(client_assertion="x"))
    await refused(await program.token(client_assertion_type="x"))
    await refused(await program.token(client_id="sa-0000000000000000"))


async def test_scopes_it_does_not_have_are_refused(with_sign_in):
    program = Program(with_sign_in, scopes=["catalog:read"])
    await refused(await program.token(scope="subscriptions:write"), "invalid_scope", 400)
    assert (await program.token()).json()["scope"] == "catalog:read"


async def test_it_may_be_given_every_scope_that_there_is_and_no_other(with_sign_in):
    every = sorted(scopes_of(with_sign_in.settings))
    program = Program(with_sign_in, scopes=every)
    assert program.account["scopes"] == every
    with pytest.raises(Problem) as refused:
        Program(with_sign_in, scopes=[*every, "catalog:everything"])
    assert sorted(refused.value.details["known"]) == every


@pytest.mark.parametrize("how", ["end_service_account", "end_session", "set_member"])
async def test_ending_it_ends_its_tokens_and_it_gets_no_more(program, with_sign_in, how):
    access = (await program.token()).json()["access_token"]
    ways = {
        "end_service_account": {"id": program.id},
        "end_session": {"session": program.account["session"]},
        "set_member": {"org": "partner", "subject": program.id, "state": "removed"},
    }
    with_sign_in.do(how, **ways[how])
    async with with_sign_in.http(access) as mcp:
        assert (await call(mcp, "list_catalogs")).status_code == (
            403 if how == "set_member" else 401
        )
    await refused(await program.token())


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "oct", "k": "c2VjcmV0"},
        ECAlgorithm.to_jwk(KEY, as_dict=True),
        jwk(ec.generate_private_key(ec.SECP384R1())),
        jwk(rsa.generate_private_key(65537, 1024), RSAAlgorithm),
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {},
    ],
    ids=["secret", "private", "p384", "short rsa", "no point", "empty"],
)
async def test_a_key_that_is_not_a_good_public_key_is_refused(with_sign_in, key):
    with pytest.raises(Problem, match="invalid"):
        Program(with_sign_in, keys=[key])


async def test_operators_list_service_accounts_without_keys(program, with_sign_in):
    (item,) = with_sign_in.do("list_service_accounts", org="partner")["items"]
    assert item["id"] == program.id
    assert "keys" not in item
