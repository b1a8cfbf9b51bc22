"""How often a code is mailed, and to whom that is no hindrance."""

import pytest

from tests.browser import App, Browser, allowed

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
async def app(with_sign_in):
    return await App(with_sign_in.http(face="auth")).register()


@pytest.fixture
async def browser(with_sign_in):
    return Browser(with_sign_in.http(face="auth"), with_sign_in.settings.data / "mail.txt")


async def asked_for_a_code(platform, address, browser=None, email="ada@example.com"):
    """What somebody at an address of the network is answered who asks for a code."""
    browser = browser or Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")
    transport = browser.client._transport
    transport.client = (address, 1)
    app = await App(platform.http(face="auth")).register()
    return await browser.send(await browser.open(app.request()), "/sign-in", email=email)


async def test_an_address_is_mailed_only_so_often_for_one_requester(browser, with_sign_in):
    for host in range(5):
        await asked_for_a_code(with_sign_in, f"2001:db8::{host}")
    page = await asked_for_a_code(with_sign_in, "2001:db8::99")
    assert page.status == 429
    assert int(page.response.headers["retry-after"]) <= 900
    assert len(browser.mails()) == 5
    with_sign_in.clock.advance(900)
    await asked_for_a_code(with_sign_in, "2001:db8::99")
    assert len(browser.mails()) == 6


async def test_who_asks_for_anothers_codes_locks_nobody_out(browser, with_sign_in):
    for _ in range(7):
        await asked_for_a_code(with_sign_in, "203.0.113.9")
    assert (await asked_for_a_code(with_sign_in, "198.51.100.7")).form("/sign-in/code")


async def test_many_who_ask_slow_an_address_down_and_do_not_lock_it(browser, with_sign_in):
    for network in range(30):
        await asked_for_a_code(with_sign_in, f"198.51.100.{network}")
    assert len(browser.mails()) == 16
    page = await asked_for_a_code(with_sign_in, "203.0.113.1")
    assert (page.status, int(page.response.headers["retry-after"]) <= 60) == (429, True)
    with_sign_in.clock.advance(60)
    assert (await asked_for_a_code(with_sign_in, "203.0.113.2")).form("/sign-in/code")


async def test_a_browser_a_person_signed_in_with_is_let_through(app, browser, with_sign_in):
    await allowed(app, browser)
    with_sign_in.clock.advance(13 * 3600)
    for network in range(30):
        await asked_for_a_code(with_sign_in, f"198.51.100.{network}")
    assert (await asked_for_a_code(with_sign_in, "198.51.100.1", browser)).form("/sign-in/code")
    for _ in range(4):
        await asked_for_a_code(with_sign_in, "198.51.100.1", browser)
    assert (await asked_for_a_code(with_sign_in, "198.51.100.1", browser)).status == 429


async def test_that_a_browser_is_known_says_nothing_about_other_people(app, browser, with_sign_in):
    with_sign_in.member(subject="eve", email="eve@example.com")
    await allowed(app, browser, email="eve@example.com")
    with_sign_in.clock.advance(13 * 3600)
    for network in range(30):
        await asked_for_a_code(with_sign_in, f"198.51.100.{network}")
    assert (await asked_for_a_code(with_sign_in, "203.0.113.5", browser)).status == 429
