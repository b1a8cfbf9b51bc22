"""The authorization endpoint: who may ask, for what, and where an answer may go."""

import pytest

from tests.browser import AUTH, CALLBACK, App, Arrived, Browser
from tests.hostile import AUTHORIZATIONS, CLIENT_IDS, ELSEWHERE

pytestmark = pytest.mark.anyio
WEB = "https://app.example/callback"


@pytest.fixture
async def app(with_sign_in):
    return await App(with_sign_in.http(face="auth")).register()


@pytest.fixture
async def browser(with_sign_in):
    return Browser(with_sign_in.http(face="auth"), with_sign_in.settings.data / "mail.txt")


@pytest.mark.parametrize(("params", "error"), AUTHORIZATIONS)
async def test_an_error_goes_back_to_a_program_on_this_machine(app, browser, params, error):
    arrived = await browser.open(app.request(**params))
    assert isinstance(arrived, Arrived)
    assert arrived.place == CALLBACK
    assert arrived.answer["error"] == error
    assert arrived.answer["iss"] == AUTH
    if params.get("state") is None:
        assert arrived.answer["state"] == "the-state"


@pytest.mark.parametrize(("params", "error"), AUTHORIZATIONS)
async def test_an_error_never_redirects_to_the_web(with_sign_in, browser, params, error):
    app = await App(with_sign_in.http(face="auth"), redirect_uris=[WEB]).register()
    page = await browser.open(app.request(**params))
    assert not isinstance(page, Arrived)
    assert page.status == 400


@pytest.mark.parametrize("uri", ELSEWHERE)
async def test_a_redirect_address_that_was_not_registered_gets_a_page(app, browser, uri):
    page = await browser.open(app.request(redirect_uri=uri))
    assert not isinstance(page, Arrived)
    assert page.status == 400


@pytest.mark.parametrize("what", CLIENT_IDS)
async def test_an_id_that_is_no_clients_gets_a_page_and_no_token(app, browser, what):
    app.id = CLIENT_IDS[what](app.id)
    page = await browser.open(app.request())
    assert not isinstance(page, Arrived)
    assert page.status == 400
    refused = await app.refresh("x")
    assert refused.status_code in (400, 401)
    assert refused.json()["error"] in ("invalid_client", "invalid_request")


async def test_a_loopback_address_may_use_any_port(app, browser):
    page = await browser.open(app.request(redirect_uri="http://127.0.0.1:50123/callback"))
    page = await browser.sign_in(page)
    arrived = await browser.send(page, "/consent", decision="allow")
    assert arrived.place == "http://127.0.0.1:50123/callback"


@pytest.mark.parametrize(
    ("known", "asked"), [("http://127.0.0.1/", "http://127.0.0.1:3"), (WEB, WEB)]
)
async def test_an_empty_path_is_the_root_path(with_sign_in, browser, known, asked):
    app = await App(with_sign_in.http(face="auth"), redirect_uris=[known]).register()
    assert (await browser.open(app.request(redirect_uri=asked))).status == 200


async def test_a_web_address_may_not_use_another_port(with_sign_in, browser):
    app = await App(with_sign_in.http(face="auth"), redirect_uris=[WEB]).register()
    page = await browser.open(app.request(redirect_uri="https://app.example:444/callback"))
    assert page.status == 400


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_parameter_that_decides_where_to_go_may_not_come_twice(app, browser, name):
    page = await browser.open(f"{app.request()}&{name}=x")
    assert not isinstance(page, Arrived)
    assert page.status == 400


@pytest.mark.parametrize(
    "resource",
    [
        None,
        "http://localhost:8080",
        "http://localhost:8080/",
        "http://localhost:8080/mcp",
        "http://localhost:8080/mcp/",
        ["http://localhost:8080/mcp", "http://localhost:8080/"],
    ],
)
async def test_every_spelling_of_the_resource_is_the_one_audience(
    with_sign_in, app, browser, resource
):
    page = await browser.sign_in(await browser.open(app.request(resource=resource)))
    arrived = await browser.send(page, "/consent", decision="allow")
    tokens = (await app.exchange(arrived.answer["code"], resource=resource)).json()
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        from tests.platform import call

        assert (await call(mcp, "list_catalogs")).status_code == 200


async def test_prompt_none_never_skips_consent(app, browser):
    await browser.sign_in(await browser.open(app.request()))
    arrived = await browser.open(app.request(prompt="none"))
    assert arrived.answer["error"] == "consent_required"


async def test_prompt_login_asks_to_sign_in_again(app, browser, with_sign_in):
    await browser.sign_in(await browser.open(app.request()))
    with_sign_in.clock.advance(5)
    page = await browser.open(app.request(prompt="login"))
    assert page.form("/sign-in")
    page = await browser.sign_in(page)
    assert page.form("/consent")


async def test_a_client_of_devices_cannot_ask_here(with_sign_in, browser):
    device = "urn:ietf:params:oauth:grant-type:device_code"
    app = App(with_sign_in.http(face="auth"), grant_types=[device, "authorization_code"])
    await app.register()
    assert (await browser.open(app.request())).status == 200
    only = App(with_sign_in.http(face="auth"), grant_types=[device])
    await only.register()
    arrived = await browser.open(only.request())
    assert arrived.answer["error"] == "unauthorized_client"
