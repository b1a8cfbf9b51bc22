"""Every page of the portal in every look, behind `catalog-mcp dev`: it fits, axe-core is content.

Screenshots are left in the test's folder (`pytest --basetemp`), to be looked at.
"""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.looks import complaints
from tests.e2e.portal import LOOKS

pytestmark = pytest.mark.slow
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


def a_product(world):
    answer = httpx.post(
        f"{world.facts['api_url']}/products/search",
        json={"catalog": "demo_shop", "limit": 1},
        headers={"authorization": f"Bearer {world.facts['api_key']}"},
    )
    return answer.json()["items"][0]["productUrl"]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_a_partner_is_accessible_and_fits(world, tab, look):
    ada = tab(look)
    ada.sign_in(world.member())
    pages = {
        "catalogs": "/",
        "preview": "/preview?catalog=demo_shop",
        "product": f"/product?catalog=demo_shop&url={quote(a_product(world), safe='')}",
        "connect": "/connect",
        "keys": "/keys",
        "bigquery": "/bigquery",
        "usage": "/usage",
        "members": "/members",
        "sessions": "/sessions",
        "history": "/history",
    }
    for name, path in pages.items():
        page = ada.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert complaints(page) == [], name
        ada.shoot(name)
    ada.quiet()
    page = ada.open("/nowhere")
    assert complaints(page) == []
    ada.shoot("stopped")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_an_operator_is_accessible_and_fits(world, tab, look):
    opal = tab(look)
    opal.sign_in(world.member("operators"))
    for name, path in {
        "organizations": "/organizations",
        "organization": "/organization?id=demo",
        "all-catalogs": "/catalogs",
        "catalog": "/catalog?key=demo_shop",
        "tenants": "/tenants",
        "tenant": "/tenant?id=demo-plant",
        "usage-of-operators": "/usage",
        "audit": "/audit",
    }.items():
        page = opal.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert complaints(page) == [], name
        opal.shoot(name)
    opal.quiet()


def test_times_and_numbers_are_the_readers(world, tab):
    ada = tab(timezone_id="Asia/Tokyo", locale="de-DE")
    page = ada.sign_in(world.member(), "/usage")
    expect(page.locator(".big").first).to_have_text(re.compile(r"^\d+\.\d{3}$"))
    page = ada.open("/members")
    time = page.locator("time").first
    utc = datetime.fromisoformat(time.get_attribute("datetime"))
    there = utc + timedelta(hours=9)
    expect(time).to_have_text(f"{there:%d.%m.%Y, %H:%M}")
    assert "UTC" in time.get_attribute("title")


def test_hostile_names_are_text_in_a_real_browser(world, tab):
    org = world.organization(HOSTILE)
    eve = tab()
    page = eve.sign_in(world.member(org), "/keys")
    page.get_by_label("What is it for?").fill(HOSTILE)
    page.get_by_role("button", name="Create key").click()
    for path in ("/", "/keys", "/members", "/sessions", "/connect", "/history", "/bigquery"):
        page = eve.open(path)
        assert page.locator("script:not([src])").count() == 0
        assert page.locator('img[src="x"]').count() == 0
    expect(page.locator(".org")).to_have_text(HOSTILE)
    eve.shoot("hostile")
    eve.quiet()
