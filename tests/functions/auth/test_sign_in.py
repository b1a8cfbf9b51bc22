"""Signing in by a code sent by mail, and the consent that follows."""

import re

import pytest

from shared.auth.faces import PARTNER
from tests.browser import AUTH, CALLBACK, App, Arrived, Browser, Page, allowed, signed_in
from tests.hostile import NAMES
from tests.platform import Platform, product, value

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(with_sign_in):
    return await App(with_sign_in.http(face="auth")).register()


@pytest.fixture
async def browser(with_sign_in):
    return browser_of(with_sign_in)


def browser_of(platform):
    return Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")


def events(platform):
    """Every audit event so far, by name."""
    with_audit = platform.app.documents
    from shared.ports.documents import Query
    from shared.queries import AUDIT_OF_ORGANIZATION

    found = []
    for org in ("", "partner"):
        page = with_audit.query(Query(AUDIT_OF_ORGANIZATION, equal={"org": org}, limit=1000))
        found += [snapshot.data["event"] for snapshot in page.items]
    return found


async def test_a_person_signs_in_by_mail_and_their_client_calls_a_tool(with_sign_in):
    with_sign_in.catalog("books", [product("1")])
    with_sign_in.grant("partner", "books")
    _, tokens, _ = await signed_in(with_sign_in)
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        assert [catalog["catalog"] for catalog in await value(mcp, "list_catalogs")] == ["books"]
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    assert tokens["scope"] == "catalog:read subscriptions:read subscriptions:write"


async def test_every_step_works_on_another_instance_that_has_just_started(with_sign_in):
    """As behind a router that alternates, with a restart between every two steps."""
    app = await App(with_sign_in.again().http(face="auth")).register()
    cookies = with_sign_in.http(face="auth").cookies

    def restarted():
        browser = browser_of(with_sign_in.again())
        browser.client._cookies = cookies
        return browser

    page = await restarted().open(app.request())
    page = await restarted().send(page, "/sign-in", email="ada@example.com")
    browser = restarted()
    page = await browser.send(page, "/sign-in/code", code=browser.code())
    arrived = await restarted().send(page, "/consent", decision="allow")
    app.client = with_sign_in.again().http(face="auth")
    tokens = (await app.exchange(arrived.answer["code"])).json()
    for _ in range(3):
        app.client = with_sign_in.again().http(face="auth")
        tokens = (await app.refresh(tokens["refresh_token"])).json()
    async with with_sign_in.again().http(tokens["access_token"]) as mcp:
        assert await value(mcp, "list_catalogs") == []


async def test_addresses_are_compared_without_regard_to_case(app, browser):
    assert await allowed(app, browser, email="ADA@Example.com")


async def test_a_stranger_sees_the_same_page_and_gets_no_mail(app, browser):
    known = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    stranger = await browser.send(
        await browser.open(app.request()), "/sign-in", email="eve@example.com"
    )
    assert known.text.replace("ada", "eve") == stranger.text
    assert len(browser.mails()) == 1


async def test_no_code_fits_for_a_stranger(app, browser):
    page = await browser.send(await browser.open(app.request()), "/sign-in", email="eve@x.example")
    page = await browser.send(page, "/sign-in/code", code="0000 0000")
    assert page.status == 400


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "a b@example.com", "ada@example.com\nBcc: x@y", "\u212ate@example.com"],
)
async def test_what_is_no_address_is_refused_on_the_form(app, browser, email):
    page = await browser.send(await browser.open(app.request()), "/sign-in", email=email)
    assert page.status == 400
    assert page.form("/sign-in")
    assert browser.mails() == []


async def test_the_link_in_the_mail_signs_nobody_in_and_shows_no_server_the_code(app, browser):
    page = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    link = re.search(r"^http\S+$", browser.mails()[-1], re.MULTILINE)[0]
    asked, _, code = link.partition("#")
    assert code == browser.code().replace(" ", "")
    assert code not in asked
    for _ in range(3):
        scanned = await browser.open(asked)
        assert scanned.form("/sign-in/code")
    page = await browser.send(page, "/sign-in/code", code=code)
    assert page.form("/consent")


async def test_the_code_works_only_in_the_browser_that_began(app, browser, with_sign_in):
    page = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    other = browser_of(with_sign_in)
    await other.open(app.request())
    shown = await other.open(f"{AUTH}/sign-in/code?attempt={page.form('/sign-in/code')['attempt']}")
    assert shown.status == 403
    sent = await other.send(page, "/sign-in/code", code=browser.code())
    assert sent.status == 403
    assert (await browser.send(page, "/sign-in/code", code=browser.code())).form("/consent")


async def test_five_wrong_tries_end_a_code(app, browser):
    page = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    wrong = "0000 0000" if browser.code() != "0000 0000" else "1111 1111"
    for _ in range(5):
        assert (await browser.send(page, "/sign-in/code", code=wrong)).status == 400
    right = await browser.send(page, "/sign-in/code", code=browser.code())
    assert right.status == 400
    assert right.forms == []


async def test_a_code_works_once_and_for_ten_minutes(app, browser, with_sign_in):
    page = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    with_sign_in.clock.advance(601)
    assert (await browser.send(page, "/sign-in/code", code=browser.code())).status == 400
    page = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    code = browser.code()
    assert (await browser.send(page, "/sign-in/code", code=code)).form("/consent")
    assert (await browser.send(page, "/sign-in/code", code=code)).status != 200


@pytest.mark.parametrize("forged", ["", "AAAA", None])
async def test_a_form_with_a_wrong_token_is_refused(app, browser, forged):
    first = await browser.open(app.request())
    assert (
        await browser.send(first, "/sign-in", csrf=forged, email="ada@example.com")
    ).status == 403
    page = await browser.sign_in(first)
    assert (await browser.send(page, "/consent", csrf=forged, decision="allow")).status == 403
    assert (await browser.send(page, "/switch", csrf=forged)).status == 403


async def test_a_token_of_another_request_form_or_browser_is_refused(app, browser, with_sign_in):
    page = await browser.sign_in(await browser.open(app.request()))
    other_request = await browser.open(app.request())
    eve = browser_of(with_sign_in)
    with_sign_in.member(subject="eve", email="eve@example.com")
    hers = await eve.sign_in(await eve.open(app.request()), "eve@example.com")
    for token in (
        other_request.form("/consent")["csrf"],
        page.form("/switch")["csrf"],
        hers.form("/consent")["csrf"],
    ):
        assert (await browser.send(page, "/consent", csrf=token, decision="allow")).status == 403
    theirs = await eve.send(page, "/consent", decision="allow")
    assert theirs.status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999"])
async def test_a_form_sent_from_another_page_is_refused(app, browser, origin):
    page = await browser.open(app.request())
    fields = {**page.form("/sign-in"), "email": "ada@example.com"}
    response = await browser.client.post(f"{AUTH}/sign-in", data=fields, headers={"origin": origin})
    assert response.status_code == 403


async def test_a_request_is_decided_once(app, browser):
    page = await browser.sign_in(await browser.open(app.request()))
    assert "code" in (await browser.send(page, "/consent", decision="allow")).answer
    again = await browser.send(page, "/consent", decision="allow")
    assert not isinstance(again, Arrived)
    assert again.status == 400


async def test_a_request_is_good_for_a_quarter_of_an_hour_and_only_as_we_wrote_it(
    app, browser, with_sign_in
):
    page = await browser.sign_in(await browser.open(app.request()))
    sealed = page.form("/consent")["request"]
    assert (
        await browser.send(page, "/consent", request=f"{sealed}x", decision="allow")
    ).status == 400
    assert (await browser.open(f"{AUTH}/consent?request=bm8.AAAA")).status == 400
    with_sign_in.clock.advance(901)
    assert (await browser.send(page, "/consent", decision="allow")).status == 400


async def test_saying_no_goes_back_as_access_denied(app, browser, with_sign_in):
    page = await browser.sign_in(await browser.open(app.request()))
    arrived = await browser.send(page, "/consent", decision="deny")
    assert arrived.place == CALLBACK
    assert arrived.answer["error"] == "access_denied"
    assert (arrived.answer["state"], arrived.answer["iss"]) == ("the-state", AUTH)
    assert events(with_sign_in).count("consent.denied") == 1


async def test_consent_is_asked_every_time_and_says_who_where_and_what(with_sign_in, browser):
    app = App(
        with_sign_in.http(face="auth"),
        client_name="<b>Claude</b>",
        redirect_uris=["https://app.example/callback"],
    )
    await app.register()
    page = await browser.sign_in(await browser.open(app.request(scope="catalog:read openid")))
    for _ in range(2):
        assert "<b>Claude</b>" in page.text
        assert "Unverified" in page.text
        assert "app.example" in page.text
        assert "ada@example.com" in page.text
        assert "Partner" in page.text
        assert "http://localhost:8080/mcp" in page.text
        assert "Look up and search the catalogs" in page.text
        assert "BigQuery" not in page.text
        page = await browser.open(app.request(scope="catalog:read"))


@pytest.mark.parametrize("name", NAMES)
async def test_a_clients_name_is_text_whatever_it_looks_like(with_sign_in, browser, name):
    app = await App(with_sign_in.http(face="auth"), client_name=name).register()
    page = await browser.sign_in(await browser.open(app.request()))
    assert name in page.text
    assert "<" not in name or name not in page.response.text


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://app.example:8443/callback", "https://app.example:8443"),
        ("http://localhost:1234/callback", "http://localhost:1234"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor:"),
        ("com.example.app://claude.ai/callback", "com.example.app:"),
    ],
)
async def test_the_page_shows_all_that_decides_where_the_browser_goes(
    browser, with_sign_in, uri, shown
):
    app = await App(with_sign_in.http(face="auth"), redirect_uris=[uri]).register()
    page = await browser.sign_in(await browser.open(app.request()))
    assert f"Then go to {shown} " in page.text
    assert "anysphere" not in page.text
    assert "claude.ai" not in page.text
    assert ("whichever app" in page.text) == (not uri.startswith("http"))


async def test_an_app_on_this_machine_is_warned_about(app, browser):
    page = await browser.sign_in(await browser.open(app.request()))
    assert "program running on this computer" in page.text


async def test_a_person_of_several_organizations_chooses(app, browser, with_sign_in):
    with_sign_in.organization("second")
    with_sign_in.member("second", email="ada@example.com", subject="ada")
    with_sign_in.organization("foreign")
    page = await browser.sign_in(await browser.open(app.request()))
    assert (await browser.send(page, "/consent", org="foreign", decision="allow")).status == 403
    assert (await browser.send(page, "/consent", org=None, decision="allow")).status == 403
    arrived = await browser.send(page, "/consent", org="second", decision="allow")
    tokens = (await app.exchange(arrived.answer["code"])).json()
    assert with_sign_in.app.tokens.verify(tokens["access_token"], PARTNER).org == "second"


async def test_a_person_of_no_organization_is_told_so_and_may_switch(app, browser, with_sign_in):
    with_sign_in.member(state="removed")
    page = await browser.sign_in(await browser.open(app.request()))
    assert page.status == 403
    assert "does not belong to an organization" in page.text
    page = await browser.send(page, "/switch")
    assert page.form("/sign-in")


async def test_another_account_can_be_used(app, browser, with_sign_in):
    with_sign_in.member(subject="bob", email="bob@example.com")
    page = await browser.sign_in(await browser.open(app.request()))
    page = await browser.send(page, "/switch")
    page = await browser.sign_in(page, "bob@example.com")
    assert "bob@example.com" in page.text


async def test_a_browser_stays_signed_in_for_twelve_hours(app, browser, with_sign_in):
    await allowed(app, browser)
    with_sign_in.clock.advance(12 * 3600 - 1)
    assert (await browser.open(app.request())).form("/consent")
    with_sign_in.clock.advance(1)
    assert (await browser.open(app.request())).form("/sign-in")


async def test_a_session_cookie_that_was_not_sealed_here_is_nothing(app, browser, with_sign_in):
    await allowed(app, browser)
    name = "catalog_mcp_session"
    session = browser.client.cookies[name].partition(".")[0]
    browser.client.cookies.clear()
    browser.client.cookies.set(name, f"{session}.{'A' * 22}")
    assert (await browser.open(app.request())).form("/sign-in")


async def test_pages_cannot_be_framed_and_forms_may_lead_elsewhere(app, browser):
    for page in (
        await browser.open(app.request()),
        await browser.open(f"{AUTH}/consent?request=x"),
        await browser.sign_in(await browser.open(app.request())),
    ):
        policy = page.response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "form-action" not in policy
        assert "unsafe" not in policy
        assert page.response.headers["x-frame-options"] == "DENY"
        assert page.response.headers["cache-control"] == "no-store"
        assert page.response.headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in page.response.headers


async def test_cookies_are_bound_to_the_host_over_https(tmp_path):
    platform = Platform(
        tmp_path,
        sign_in=True,
        auth_url="https://auth.example.com",
        mcp_url="https://mcp.example.com/mcp",
    )
    client = platform.http(face="auth")
    client.base_url = "https://auth.example.com"
    app = App(client)
    registered = await client.post("/oauth2/register", json=app.registration)
    app.id = registered.json()["client_id"]
    response = await client.get(app.request().replace(AUTH, "https://auth.example.com"))
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-browser=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "strict-transport-security" in response.headers
    assert isinstance(Page(response).form("/sign-in"), dict)
    platform.close()


async def test_a_crash_in_a_page_is_a_page(with_sign_in, app, browser):
    (with_sign_in.settings.data / "mail.txt").mkdir()
    page = await browser.send(
        await browser.open(app.request()), "/sign-in", email="ada@example.com"
    )
    assert page.status == 500
    assert "Something went wrong on our side" in page.text


async def test_each_step_leaves_exactly_one_audit_event(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    tokens = (await app.refresh(tokens["refresh_token"])).json()
    await app.revoke(tokens["refresh_token"])
    found = [
        name
        for name in events(with_sign_in)
        if name.split(".")[0] not in ("organization", "membership")
    ]
    assert sorted(found) == [
        "authorization.ended",
        "authorization.issued",
        "authorization.refreshed",
        "consent.given",
        "session.started",
    ]
