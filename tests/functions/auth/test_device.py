"""The device flow: a program without a browser, a person with one."""

import pytest

from tests.browser import AUTH, DEVICE, App, Browser, Device
from tests.hostile import USER_CODES
from tests.platform import call

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
async def device(with_sign_in):
    return await Device(with_sign_in.http(face="auth")).register()


@pytest.fixture
async def browser(with_sign_in):
    return Browser(with_sign_in.http(face="auth"), with_sign_in.settings.data / "mail.txt")


async def confirmed(browser, asked):
    """From the address a device shows to the consent page."""
    page = await browser.open(asked["verification_uri"])
    if any(where.endswith("/sign-in") for where, _ in page.forms):
        page = await browser.sign_in(page)
    return await browser.send(page, "/device", user_code=asked["user_code"])


async def test_a_device_is_connected_once_a_person_says_yes(device, browser, with_sign_in):
    asked = await device.ask(scope="catalog:read offline_access")
    assert asked["expires_in"] == 900
    assert asked["interval"] == 5
    assert await device.error() == "authorization_pending"
    page = await confirmed(browser, asked)
    assert "you started it" in page.text
    assert asked["user_code"] in page.text
    done = await browser.send(page, "/consent", decision="allow")
    assert "Your device is connected" in done.text
    tokens = await device.poll()
    assert tokens["scope"] == "catalog:read"
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        assert (await call(mcp, "list_catalogs")).status_code == 200
    assert (await device.refresh(tokens["refresh_token"])).status_code == 200
    assert await device.error() == "invalid_grant"


async def test_the_complete_address_fills_the_code_in_and_decides_nothing(device, browser):
    asked = await device.ask()
    page = await browser.sign_in(await browser.open(asked["verification_uri_complete"]))
    assert page.form("/device")["user_code"] == asked["user_code"]
    assert await device.error() == "authorization_pending"


async def test_the_consent_of_a_device_is_for_the_browser_that_typed_its_code(
    device, browser, with_sign_in
):
    """Who sends the page's address on would have somebody else let their device act as them."""
    page = await confirmed(browser, await device.ask())
    with_sign_in.member(subject="eve", email="eve@example.com")
    other = Browser(with_sign_in.http(face="auth"), with_sign_in.settings.data / "mail.txt")
    theirs = await other.sign_in(await other.open(f"{AUTH}/device"), "eve@example.com")
    passed_on = await other.open(f"{AUTH}/consent?request={page.form('/consent')['request']}")
    assert (passed_on.status, passed_on.forms) == (403, [])
    assert theirs.status == 200
    assert await device.error() == "authorization_pending"


async def test_the_page_says_that_a_device_elsewhere_will_act_and_when_and_where_it_asked(
    device, browser
):
    device.client._transport.client = ("203.0.113.77", 1)
    page = await confirmed(browser, await device.ask())
    assert "A device elsewhere will act as you" in page.text
    assert "203.0.113.77" in page.text
    assert "12:00 on 21 November (UTC)" in page.text


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), str.strip])
async def test_a_code_may_be_typed_loosely(device, browser, typed):
    asked = await device.ask()
    asked["user_code"] = typed(asked["user_code"])
    assert (await confirmed(browser, asked)).form("/consent")


@pytest.mark.parametrize("typed", USER_CODES[1:], ids=ascii)
async def test_a_code_that_no_device_shows_is_asked_for_again(device, browser, typed):
    page = await confirmed(browser, {**await device.ask(), "user_code": typed})
    assert page.status == 400
    assert page.form("/device")


async def test_a_device_that_polls_too_fast_is_slowed_down(device, with_sign_in):
    await device.ask()
    assert await device.error() == "authorization_pending"
    assert await device.error() == "slow_down"
    with_sign_in.clock.advance(6)
    assert await device.error() == "slow_down"
    with_sign_in.clock.advance(15)
    assert await device.error() == "authorization_pending"


async def test_saying_no_is_told_to_the_device(device, browser):
    page = await confirmed(browser, await device.ask())
    done = await browser.send(page, "/consent", decision="deny")
    assert "Nothing was allowed" in done.text
    assert await device.error() == "access_denied"


async def test_a_code_expires_after_a_quarter_of_an_hour(device, browser, with_sign_in):
    asked = await device.ask()
    page = await confirmed(browser, asked)
    with_sign_in.clock.advance(900)
    assert await device.error() == "expired_token"
    assert (await browser.send(page, "/consent", decision="allow")).status == 400
    page = await browser.open(asked["verification_uri"])
    assert (await browser.send(page, "/device", user_code=asked["user_code"])).status == 400


async def test_another_client_cannot_use_the_device_code(device, browser, with_sign_in):
    page = await confirmed(browser, await device.ask())
    await browser.send(page, "/consent", decision="allow")
    other = await App(with_sign_in.http(face="auth"), client_name="Other").register()
    stolen = await other.token(grant_type=DEVICE, device_code=device.code)
    assert stolen.json()["error"] == "invalid_grant"
    assert "access_token" in await device.poll()


async def test_one_of_many_polls_at_once_gets_tokens(device, browser):
    import anyio

    page = await confirmed(browser, await device.ask())
    await browser.send(page, "/consent", decision="allow")
    answers = []

    async def poll():
        answers.append("access_token" in await device.poll())

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(poll)
    assert sorted(answers) == [False, False, False, False, True]


async def test_a_removed_member_connects_no_device(device, browser, with_sign_in):
    page = await confirmed(browser, await device.ask())
    await browser.send(page, "/consent", decision="allow")
    with_sign_in.member(state="removed")
    assert await device.error() == "invalid_grant"


async def test_after_many_codes_a_right_one_is_refused_as_a_wrong_one_is(device, browser):
    right = (await device.ask())["user_code"]
    page = await browser.sign_in(await browser.open(f"{AUTH}/device"))
    for _ in range(10):
        assert (await browser.send(page, "/device", user_code="BCDF-GHJK")).status == 400
    wrong = await browser.send(page, "/device", user_code="BCDF-GHJK")
    refused = await browser.send(page, "/device", user_code=right)
    assert (refused.status, refused.text) == (wrong.status, wrong.text)
    assert refused.status == 429


async def test_a_client_that_did_not_register_for_it_may_not_ask(with_sign_in):
    app = await App(with_sign_in.http(face="auth")).register()
    response = await app.client.post(
        f"{AUTH}/oauth2/device_authorization", data={"client_id": app.id}
    )
    assert (response.status_code, response.json()["error"]) == (400, "unauthorized_client")
