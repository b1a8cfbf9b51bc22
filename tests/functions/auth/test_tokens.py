"""The token and revocation endpoints: exchanged once, refreshed for ever, ended at once."""

import pytest

from shared.ports.documents import Put, Query
from shared.queries import AUTHORIZATIONS_OF_ORGANIZATION
from tests.browser import App, Browser, allowed, signed_in
from tests.hostile import EXCHANGES, REFRESH_TOKENS
from tests.platform import Platform, call
from tests.raced import RacedApp

pytestmark = pytest.mark.anyio
BOTH_STORES = True
ENDS = {"authorization.ended", "authorization.replayed"}


async def a_code(platform, **params):
    """An app with a code in its hands, not yet exchanged."""
    app = await App(platform.http(face="auth")).register()
    browser = Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")
    page = await browser.sign_in(await browser.open(app.request(**params)))
    return app, (await browser.send(page, "/consent", decision="allow")).answer["code"]


def error_of(response, status=400):
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    return response.json()["error"]


async def works(platform, tokens):
    async with platform.http(tokens["access_token"]) as mcp:
        return (await call(mcp, "list_catalogs")).status_code


@pytest.mark.parametrize(("params", "error"), EXCHANGES)
async def test_an_exchange_that_does_not_fit_is_refused_and_leaves_the_code_good(
    with_sign_in, params, error
):
    app, code = await a_code(with_sign_in)
    assert error_of(await app.exchange(**{"code": code, **params})) == error
    assert (await app.exchange(code)).status_code == 200


async def test_a_code_of_another_client_is_refused(with_sign_in):
    app, code = await a_code(with_sign_in)
    other = await App(with_sign_in.http(face="auth"), client_name="Other").register()
    refused = await other.exchange(code, code_verifier=app.verifier)
    assert error_of(refused) == "invalid_grant"
    assert (await app.exchange(code)).status_code == 200


async def test_a_code_is_good_for_a_minute(with_sign_in):
    app, code = await a_code(with_sign_in)
    with_sign_in.clock.advance(60)
    assert error_of(await app.exchange(code)) == "invalid_grant"


async def test_a_replayed_code_ends_what_it_gave(with_sign_in):
    app, code = await a_code(with_sign_in)
    tokens = (await app.exchange(code)).json()
    assert await works(with_sign_in, tokens) == 200
    assert error_of(await app.exchange(code)) == "invalid_grant"
    assert await works(with_sign_in, tokens) == 401
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"


async def test_one_of_many_exchanges_at_once_succeeds(with_sign_in):
    import anyio

    app, code = await a_code(with_sign_in)
    answers = []

    async def exchange():
        answers.append((await app.exchange(code)).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(exchange)
    assert sorted(answers) == [200, 400, 400, 400, 400, 400]


async def test_a_repeated_parameter_is_refused(with_sign_in):
    app, code = await a_code(with_sign_in)
    response = await app.exchange(code, code_verifier=[app.verifier, app.verifier])
    assert error_of(response) == "invalid_request"


async def test_json_is_not_a_form(with_sign_in):
    async with with_sign_in.http(face="auth") as client:
        response = await client.post("/auth/oauth2/token", json={"grant_type": "refresh_token"})
    assert error_of(response) == "invalid_request"


@pytest.mark.parametrize("more", [{"client_secret": "x"}, {"client_assertion": "x.y.z"}])
async def test_a_public_client_with_a_secret_is_refused(with_sign_in, more):
    app, code = await a_code(with_sign_in)
    assert error_of(await app.exchange(code, **more), 401) == "invalid_client"


async def test_basic_authentication_is_refused_with_its_scheme(with_sign_in):
    async with with_sign_in.http(face="auth", authorization="Basic eDp5") as client:
        response = await client.post("/auth/oauth2/token", data={"grant_type": "x"})
    assert error_of(response, 401) == "invalid_client"
    assert response.headers["www-authenticate"].startswith("Basic ")


async def test_a_token_of_the_wrong_method_is_405(with_sign_in):
    async with with_sign_in.http(face="auth") as client:
        response = await client.get("/auth/oauth2/token")
        preflight = await client.options("/auth/oauth2/token")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert preflight.headers["access-control-allow-origin"] == "*"


async def test_a_refresh_gives_new_tokens_for_the_same_session(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    for _ in range(4):
        with_sign_in.clock.advance(590)
        fresh = (await app.refresh(tokens["refresh_token"])).json()
        assert fresh["refresh_token"] != tokens["refresh_token"]
        assert fresh["access_token"] != tokens["access_token"]
        assert await works(with_sign_in, fresh) == 200
        tokens = fresh
    assert await works(with_sign_in, tokens) == 200


async def test_a_refresh_that_loses_to_another_change_is_made_again(tmp_path):
    platform = Platform(tmp_path / "data", app=RacedApp, sign_in=True)
    platform.organization("partner")
    platform.member(email="ada@example.com")
    app, tokens, _ = await signed_in(platform)
    raced = platform.app.raced

    def rival():
        (found,) = raced.query(
            Query(AUTHORIZATIONS_OF_ORGANIZATION, equal={"org": "partner", "state": "active"})
        ).items
        renamed = {**found.data, "clientName": "Renamed"}
        raced.commit([Put(found.path, renamed, if_version=found.version)])

    raced.about, raced.rival = "authorizations/", rival
    fresh = (await app.refresh(tokens["refresh_token"])).json()
    assert await works(platform, fresh) == 200
    assert raced.rival is None
    platform.close()


async def test_the_audit_tells_a_token_used_again_from_one_given_back(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    first = (await app.refresh(tokens["refresh_token"])).json()
    second = (await app.refresh(first["refresh_token"])).json()
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert error_of(await app.refresh(second["refresh_token"])) == "invalid_grant"
    with_sign_in.clock.advance(1)
    other, given_back, _ = await signed_in(with_sign_in)
    await other.revoke(given_back["refresh_token"])
    listed = with_sign_in.do("list_audit_events", org="partner", limit=200)["items"]
    ends = [each["event"] for each in listed if each["event"] in ENDS]
    assert ends == ["authorization.ended", "authorization.replayed"]


async def test_the_same_token_gives_the_same_successor_for_a_minute(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    first = (await app.refresh(tokens["refresh_token"])).json()
    with_sign_in.clock.advance(60)
    again = (await app.refresh(tokens["refresh_token"])).json()
    assert again["refresh_token"] == first["refresh_token"]
    assert await works(with_sign_in, again) == 200


async def test_reuse_after_a_minute_ends_the_authorization_and_no_other(with_sign_in):
    app, tokens, browser = await signed_in(with_sign_in)
    other = await allowed(app, browser)
    fresh = (await app.refresh(tokens["refresh_token"])).json()
    with_sign_in.clock.advance(61)
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert error_of(await app.refresh(fresh["refresh_token"])) == "invalid_grant"
    assert await works(with_sign_in, fresh) == 401
    assert await works(with_sign_in, other) == 200
    assert (await app.refresh(other["refresh_token"])).status_code == 200


async def test_reuse_of_the_token_before_last_ends_the_authorization(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    second = (await app.refresh(tokens["refresh_token"])).json()
    third = (await app.refresh(second["refresh_token"])).json()
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert error_of(await app.refresh(third["refresh_token"])) == "invalid_grant"


async def test_a_forged_or_foreign_refresh_token_ends_nothing(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    good = tokens["refresh_token"]
    other = await App(with_sign_in.http(face="auth"), client_name="Other").register()
    for forged in (forge(good) for forge in REFRESH_TOKENS.values()):
        assert error_of(await app.refresh(forged)) == "invalid_grant"
        assert (await app.revoke(forged)).status_code == 200
    assert error_of(await other.refresh(good)) == "invalid_grant"
    assert error_of(await other.revoke(good)) == "invalid_grant"
    assert error_of(await other.revoke(tokens["access_token"])) == "invalid_grant"
    assert await works(with_sign_in, tokens) == 200
    assert (await app.refresh(good)).status_code == 200


async def test_a_refresh_may_narrow_scopes_and_never_widen_them(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in, scope="catalog:read subscriptions:read")
    widened = await app.refresh(tokens["refresh_token"], scope="subscriptions:write")
    assert error_of(widened) == "invalid_scope"
    narrow = (
        await app.refresh(tokens["refresh_token"], scope="catalog:read offline_access")
    ).json()
    assert narrow["scope"] == "catalog:read"
    whole = (await app.refresh(narrow["refresh_token"])).json()
    assert whole["scope"] == "catalog:read subscriptions:read"


async def test_a_refresh_for_another_resource_is_refused(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    refused = await app.refresh(tokens["refresh_token"], resource="https://elsewhere.example")
    assert error_of(refused) == "invalid_target"
    fine = await app.refresh(tokens["refresh_token"], resource="http://localhost:8080/")
    assert fine.status_code == 200


async def test_an_authorization_ends_after_thirty_days_without_use(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    with_sign_in.clock.advance(30 * 86_400 - 1)
    tokens = (await app.refresh(tokens["refresh_token"])).json()
    with_sign_in.clock.advance(30 * 86_400)
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"


async def test_an_authorization_ends_after_ninety_days_of_use(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    for _ in range(8):
        with_sign_in.clock.advance(11 * 86_400)
        tokens = (await app.refresh(tokens["refresh_token"])).json()
    with_sign_in.clock.advance(2 * 86_400)
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"


async def test_logging_out_as_claude_code_does_ends_access_at_once(with_sign_in):
    app, tokens, browser = await signed_in(with_sign_in)
    other = await allowed(app, browser)
    for hint in ("refresh_token", "access_token"):
        assert (await app.revoke(tokens[hint], token_type_hint=hint)).status_code == 200
    assert await works(with_sign_in, tokens) == 401
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert await works(with_sign_in, other) == 200


async def test_revoking_the_access_token_alone_ends_the_authorization(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    assert (await app.revoke(tokens["access_token"])).status_code == 200
    assert await works(with_sign_in, tokens) == 401
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize(
    ("params", "status", "error"),
    [
        ({"token": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"client_id": "unknown"}, 401, "invalid_client"),
    ],
)
async def test_a_revocation_that_is_not_one_is_refused(with_sign_in, params, status, error):
    app = await App(with_sign_in.http(face="auth")).register()
    assert error_of(await app.revoke("x", **params), status) == error


ENDINGS = {
    "the session is ended": lambda p: p.do("end_session", session=session_of(p)),
    "all sessions are ended": lambda p: p.do("end_all_sessions", principal="ada"),
    "the client's authorization is ended": lambda p: p.do(
        "end_authorization",
        id=p.do("list_authorizations", person="ada")["items"][0]["id"],
    ),
    "the member is removed": lambda p: p.member(state="removed"),
    "the organization is disabled": lambda p: p.do(
        "change_organization", id="partner", state="disabled"
    ),
}


def session_of(platform):
    return platform.do("list_sessions", principal="ada")["items"][0]["session"]


@pytest.mark.parametrize("ending", list(ENDINGS))
async def test_access_ends_on_the_next_request_and_is_not_refreshed_when(with_sign_in, ending):
    app, tokens, _ = await signed_in(with_sign_in)
    other = with_sign_in.again()
    assert await works(with_sign_in, tokens) == await works(other, tokens) == 200
    ENDINGS[ending](with_sign_in)
    refused = 403 if ending.startswith(("the member", "the organization")) else 401
    assert await works(with_sign_in, tokens) == await works(other, tokens) == refused
    assert error_of(await app.refresh(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize("ending", [name for name in ENDINGS if "client" not in name])
async def test_a_code_is_not_exchanged_when(with_sign_in, ending):
    app, code = await a_code(with_sign_in)
    ENDINGS[ending](with_sign_in)
    assert error_of(await app.exchange(code)) == "invalid_grant"


async def test_signing_out_everywhere_ends_every_session(with_sign_in):
    _, one, _ = await signed_in(with_sign_in)
    _, two, browser = await signed_in(with_sign_in)
    assert with_sign_in.do("end_all_sessions", principal="ada") == {"ended": 2}
    assert [await works(with_sign_in, tokens) for tokens in (one, two)] == [401, 401]
    app = await App(with_sign_in.http(face="auth")).register()
    assert (await browser.open(app.request())).form("/sign-in")


async def test_a_client_steps_up_to_the_scopes_a_refusal_names(with_sign_in):
    app, tokens, browser = await signed_in(with_sign_in, scope="subscriptions:read")
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        refused = await call(mcp, "list_catalogs")
    assert refused.status_code == 403
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="catalog:read subscriptions:read"' in challenge
    more = await allowed(app, browser, scope="catalog:read subscriptions:read")
    assert await works(with_sign_in, more) == 200


async def test_the_access_token_holds_what_it_must_and_nothing_about_the_person(with_sign_in):
    import jwt

    app, tokens, _ = await signed_in(with_sign_in)
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    header = jwt.get_unverified_header(tokens["access_token"])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert claims["aud"] == "http://localhost:8080/mcp"
    assert claims["iss"] == "http://localhost:8080/auth"
    assert (claims["org_id"], claims["sub"], claims["client_id"]) == ("partner", "ada", app.id)
    assert set(claims) == {
        "iss", "sub", "aud", "client_id", "org_id", "scope", "sid", "jti", "iat", "exp", "authz",
        "client_name",
    }  # fmt: skip
