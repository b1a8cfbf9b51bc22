"""Signing in with an upstream OpenID provider, a real one as far as the wire goes."""

import pytest

from shared.auth.faces import PARTNER
from tests.browser import AUTH, App, Arrived, Browser
from tests.openid_provider import CLIENT, SECRET, OpenIdProvider
from tests.platform import Platform
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
def web(tmp_path):
    with WebServer(tmp_path / "tls", "idp.test") as server:
        yield server


@pytest.fixture
def platform(tmp_path, web, stores):
    google = {
        "id": "google",
        "name": "Google",
        "issuer": web.origin,
        "client_id": CLIENT,
        "secret": "google-secret",
        "domains": ["example.com"],
    }
    platform = Platform(
        tmp_path / "data",
        sign_in=True,
        upstreams=(google, {**google, "id": "second", "name": "Second", "operators": True}),
        **web.settings,
        **stores,
    )
    platform.app.secrets.write("google-secret", f"{SECRET}\n".encode())
    platform.organization("partner")
    platform.member(email="ada@example.com")
    yield platform
    platform.close()


@pytest.fixture
def provider(web, platform):
    return OpenIdProvider(web, platform.clock)


@pytest.fixture
async def app(platform):
    return await App(platform.http(face="auth")).register()


@pytest.fixture
async def browser(platform):
    return browser_of(platform)


def browser_of(platform):
    return Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")


async def sent(app, browser, to="google"):
    """Where the provider's button leads."""
    arrived = await browser.send(await browser.open(app.request()), f"/sign-in/with/{to}")
    assert isinstance(arrived, Arrived), arrived.text
    return arrived.url


async def came_back(app, browser, provider, to="google", **who):
    return await browser.open(provider.sign_in(await sent(app, browser, to), **who))


async def test_a_person_signs_in_with_their_provider(app, browser, provider, platform):
    page = await came_back(app, browser, provider)
    assert "ada@example.com" in page.text
    arrived = await browser.send(page, "/consent", decision="allow")
    tokens = (await app.exchange(arrived.answer["code"])).json()
    assert platform.app.tokens.verify(tokens["access_token"], PARTNER).principal == "ada"
    assert browser.mails() == []


async def test_every_step_works_on_another_instance(app, platform, provider):
    browser = browser_of(platform)
    url = provider.sign_in(await sent(app, browser))
    other = browser_of(platform.again())
    other.client._cookies = browser.client._cookies
    assert (await other.open(url)).form("/consent")


async def test_a_known_person_stays_the_same_when_their_address_changes(app, platform, provider):
    await came_back(app, browser_of(platform), provider, sub="g-1")
    page = await came_back(app, browser_of(platform), provider, sub="g-1", email="new@example.com")
    assert "ada@example.com" in page.text


async def test_an_address_given_to_somebody_else_does_not_open_the_account(app, platform, provider):
    await came_back(app, browser_of(platform), provider, sub="g-1")
    page = await came_back(app, browser_of(platform), provider, sub="g-2")
    assert page.status == 403
    assert "You do not have an account" in page.text


async def test_a_stranger_is_told_to_ask_and_nothing_is_kept(app, browser, provider, platform):
    page = await came_back(app, browser, provider, email="eve@example.com")
    assert page.status == 403
    assert platform.do("list_sessions", principal="ada")["items"] == []


async def test_an_address_of_a_domain_that_is_not_the_providers_is_refused(
    app, browser, provider, platform
):
    platform.member(subject="root", email="root@operators.example")
    page = await came_back(app, browser, provider, email="root@operators.example")
    assert (page.status, "does not speak for the domain" in page.text) == (403, True)
    assert platform.do("list_sessions", principal="root")["items"] == []


async def test_a_second_provider_is_the_same_person_only_with_a_mailed_code(
    app, platform, provider
):
    await came_back(app, browser_of(platform), provider, sub="g-1")
    browser = browser_of(platform)
    page = await came_back(app, browser, provider, to="second", sub="s-1")
    assert page.form("/sign-in/code")
    assert len(platform.do("list_sessions", principal="ada")["items"]) == 1
    page = await browser.send(page, "/sign-in/code", code=browser.code())
    assert "ada@example.com" in page.text
    assert page.form("/consent")
    again = await came_back(app, browser_of(platform), provider, to="second", sub="s-1")
    assert again.form("/consent")


async def test_without_the_code_a_second_provider_stays_a_stranger(app, platform, provider):
    await came_back(app, browser_of(platform), provider, sub="g-1")
    for _ in range(2):
        page = await came_back(app, browser_of(platform), provider, to="second", sub="s-1")
        assert page.form("/sign-in/code")


async def test_operators_act_only_with_a_provider_named_for_them(app, platform, provider):
    platform.do("set_member", org="partner", subject="ada", state="removed")
    platform.organization("operators", type="operator")
    platform.member("operators", "ada")
    portal = {"client_id": platform.settings.portal_url, "scope": None}
    portal["redirect_uri"] = f"{platform.settings.portal_url}/signed-in"

    async def back(to, sub):
        browser = browser_of(platform)
        page = await browser.open(app.request(**portal))
        left = await browser.send(page, f"/sign-in/with/{to}")
        page = await browser.open(provider.sign_in(left.url, sub=sub))
        if not isinstance(page, Arrived) and page.forms[0][0].endswith("/sign-in/code"):
            page = await browser.send(page, "/sign-in/code", code=browser.code())
        return page

    assert (await back("google", "g-1")).status == 403
    assert isinstance(await back("second", "s-1"), Arrived)


BAD = {
    "an address that is not verified": {"email_verified": False},
    "nothing about verification": {"email_verified": None},
    "verification as text": {"email_verified": "true"},
    "no address": {"email": None},
    "an address that only looks like one": {"email": "\u0430da@example.com"},
    "another audience": {"aud": "another-client"},
    "more audiences and no azp": {"aud": [CLIENT, "another-client"]},
    "another azp": {"azp": "another-client"},
    "another issuer": {"iss": "https://evil.example"},
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "an expiry in the past": {"exp": 1},
    "an issue time long ago": {"iat": 1},
    "an issue time to come": {"iat": 9_999_999_999},
    "times that are no numbers": {"exp": "soon"},
}


@pytest.mark.parametrize("what", list(BAD))
async def test_an_id_token_is_refused_with(app, browser, provider, platform, what):
    provider.claims = BAD[what]
    page = await came_back(app, browser, provider)
    assert page.status == 400
    assert page.forms == []
    assert platform.do("list_sessions", principal="ada")["items"] == []


async def test_an_id_token_signed_with_a_shared_secret_is_refused(app, browser, provider):
    provider.algorithm = "HS256"
    assert (await came_back(app, browser, provider)).status == 400


async def test_a_rotated_key_is_fetched_and_a_forged_one_is_not_accepted(
    app, platform, provider, web
):
    assert (await came_back(app, browser_of(platform), provider)).form("/consent")
    provider.rotate()
    platform.clock.advance(31)
    assert (await came_back(app, browser_of(platform), provider)).form("/consent")
    published = provider.jwk
    provider.rotate()
    provider.kid = published["kid"]
    web.answers["/jwks"] = {"keys": [published]}
    platform.clock.advance(31)
    assert (await came_back(app, browser_of(platform), provider)).status == 400


async def test_the_answer_works_once_and_only_in_the_browser_that_began(
    app, browser, provider, platform
):
    url = provider.sign_in(await sent(app, browser))
    other = browser_of(platform)
    await other.open(app.request())
    assert (await other.open(url)).status == 400
    assert (await browser.open(url)).form("/consent")
    assert (await browser.open(url)).status == 400


async def test_an_answer_with_another_state_issuer_or_time_is_refused(
    app, browser, provider, platform
):
    url = provider.sign_in(await sent(app, browser))
    head, _, _ = url.partition("&state=")
    assert (await browser.open(f"{head}&state=x")).status == 400
    assert (await browser.open(f"{url}&iss=https://evil.example")).status == 400
    platform.clock.advance(901)
    assert (await browser.open(url)).status == 400


async def test_a_provider_that_refuses_is_a_page(app, browser, provider):
    url = provider.sign_in(await sent(app, browser))
    state = url.partition("&state=")[2]
    page = await browser.open(
        f"{AUTH}/sign-in/callback/google?error=access_denied&error_description=x&state={state}"
    )
    assert (page.status, "Google did not sign you in" in page.text) == (400, True)


async def test_a_provider_that_is_gone_serves_from_what_was_read_and_says_so_when_nothing_was(
    app, platform, provider, web
):
    document = web.answers.pop("/.well-known/openid-configuration")
    page = await browser_of(platform).open(app.request())
    browser = browser_of(platform)
    page = await browser.send(await browser.open(app.request()), "/sign-in/with/google")
    assert page.status == 503
    web.answers["/.well-known/openid-configuration"] = document
    page = await browser.send(await browser.open(app.request()), "/sign-in/with/google")
    assert page.status == 503  # it is not asked again at once
    platform.clock.advance(5)
    await sent(app, browser)
    web.answers["/.well-known/openid-configuration"] = (503, b"", {})
    platform.clock.advance(3601)
    await sent(app, browser_of(platform))


@pytest.mark.parametrize(
    "document", [{}, {"issuer": "https://evil.example"}, {"token_endpoint": 5}, {"jwks_uri": None}]
)
async def test_a_discovery_document_of_somebody_else_is_not_used(
    app, browser, provider, web, document
):
    right = web.answers["/.well-known/openid-configuration"]
    web.answers["/.well-known/openid-configuration"] = {**right, **document} if document else {}
    page = await browser.send(await browser.open(app.request()), "/sign-in/with/google")
    assert page.status == 503


async def test_no_code_is_mailed_where_a_provider_signs_people_in(app, browser, provider):
    page = await browser.open(app.request())
    fields = {**page.form("/sign-in/with/google"), "email": "ada@example.com"}
    response = await browser.client.post(f"{AUTH}/sign-in", data=fields)
    assert response.status_code == 403
    assert browser.mails() == []
