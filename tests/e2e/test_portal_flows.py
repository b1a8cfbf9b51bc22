"""What people do in the portal, in real Chromium behind `catalog-mcp dev`.

Screenshots are left in the test's folder (`pytest --basetemp`), to be looked at.
"""

import json
import secrets
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import expect

from shared.catalog.tools import versions
from shared.identity import organizations
from tests.e2e.looks import complaints

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("look", ["light", "phone-dark"])
def test_choosing_an_organization_switching_and_signing_out(world, tab, look):
    email = world.member()
    world.do(organizations.family["set_member"], org="demo-owner", email=email)
    ada = tab(look)
    page = ada.sign_in(email)
    expect(page.get_by_role("heading", name="Choose an organization")).to_be_visible()
    assert complaints(page) == []
    ada.shoot("choice")
    page.get_by_label("Demo partner").check()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Catalogs", exact=True)).to_be_visible()
    page.locator("details.who summary").click()
    ada.shoot("menu")
    page.get_by_role("link", name="Switch organization").click()
    page.get_by_label("Demo owner").check()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Product data")).to_be_visible()
    page.locator("details.who summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert complaints(page) == []
    ada.shoot("signed-out")
    ada.open("/keys")
    expect(page.get_by_label("E-mail address")).to_be_visible()
    ada.quiet()


def test_a_key_is_created_copied_used_and_deactivated(world, tab):
    org = world.organization()
    ada = tab(permissions=["clipboard-read", "clipboard-write"])
    page = ada.sign_in(world.member(org), "/keys")
    page.get_by_label("What is it for?").fill("Nightly import")
    page.get_by_label("Ends on").fill("2020-01-01")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_label("Ends on")).to_be_focused()
    expect(page.get_by_text("This time has passed")).to_be_visible()
    expect(page.get_by_label("What is it for?")).to_have_value("Nightly import")
    assert complaints(page) == []
    ada.shoot("key-refused")
    ada.said.clear()  # the 422
    page.get_by_label("Ends on").fill("")
    page.get_by_role("button", name="Create key").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert complaints(page) == []
    ada.shoot("key-created")
    key = page.evaluate("navigator.clipboard.readText()")
    catalogs = f"{world.facts['api_url']}/catalogs"
    bearer = {"authorization": f"Bearer {key}"}
    assert httpx.get(catalogs, headers=bearer).status_code == 200
    page.reload()
    expect(page.get_by_text(key)).to_have_count(0)
    page.get_by_text("Deactivate Nightly import").click()
    ada.shoot("key-deactivating")
    page.get_by_role("button", name="Deactivate for good").click()
    expect(page.get_by_role("status")).to_contain_text("deactivated")
    assert httpx.get(catalogs, headers=bearer).status_code == 401
    ada.quiet()


def test_somebody_is_invited_promoted_and_removed(world, tab):
    org = world.organization()
    ada = tab()
    page = ada.sign_in(world.member(org), "/members")
    page.get_by_role("button", name="Make member").click()
    expect(page.get_by_role("alert")).to_contain_text("keeps at least one owner")
    ada.shoot("last-owner")
    ada.said.clear()  # the 409
    email = f"ben-{secrets.token_hex(3)}@example.com"
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("status")).to_contain_text("was invited")
    ada.shoot("invited")
    ben = tab()
    ben.sign_in(email)
    ben.page.get_by_role("button", name="Accept").click()
    expect(ben.page.get_by_role("heading", name="Catalogs", exact=True)).to_be_visible()
    ada.open("/members")
    page.get_by_role("button", name=f"Make owner {email}").click()
    expect(page.get_by_role("button", name=f"Make member {email}")).to_be_visible()
    page.get_by_text(f"Remove {email}").click()
    ada.shoot("removing")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("removed", exact=True)).to_be_visible()
    ben.open("/keys")
    expect(ben.page.get_by_role("alert")).to_contain_text("not a member")
    ada.quiet()


def test_connect_shows_a_client_that_connected(world, tab):
    org = world.organization()
    email = world.member(org)
    ada = tab()
    page = ada.sign_in(email, "/connect")
    expect(page.get_by_text("Not yet.")).to_be_visible()
    made = httpx_key(ada)
    for _ in range(2):
        headers = {"authorization": f"Bearer {made}"}
        httpx.get(f"{world.facts['api_url']}/catalogs", headers=headers)
    ada.open("/connect")
    for _ in range(60):
        httpx.get(f"{world.facts['api_url']}/catalogs", headers=headers)
        page.get_by_role("link", name="Check again").click()
        if page.get_by_text("connected", exact=True).count():
            break
        page.wait_for_timeout(500)
    expect(page.get_by_role("strong")).to_have_text("Probe")
    assert complaints(page) == []
    ada.shoot("connected")
    ada.quiet()


def httpx_key(tab):
    """A key made on the keys page."""
    page = tab.open("/keys")
    page.get_by_label("What is it for?").fill("Probe")
    page.get_by_role("button", name="Create key").click()
    return page.locator("#secret").text_content()


def test_what_connect_says_for_backends_works_as_it_is(world, tab, tmp_path):
    org = world.organization()
    ada = tab()
    ada.sign_in(world.member(org))
    environment = {"CATALOG_API_KEY": httpx_key(ada), "PATH": "/usr/bin:/bin"}
    page = ada.open("/connect")

    def printed(*command):
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    listed = printed("/bin/sh", "-c", page.locator("#curl-2").text_content())
    found = printed("/bin/sh", "-c", page.locator("#curl-3").text_content())
    assert json.loads(listed)[0]["catalog"] == "demo_shop"
    assert "items" in json.loads(found)
    program = tmp_path / "search.py"
    program.write_text(page.locator("#python-2").text_content().replace('"shoes"', '"tent"'))
    assert "tent" in printed(sys.executable, program)


def test_a_sign_in_is_ended_from_another_browser(world, tab):
    email = world.member()
    ada, other = tab(), tab()
    ada.sign_in(email)
    page = other.sign_in(email, "/sessions")
    page.get_by_role("button", name="End this sign-in").click()
    expect(page.get_by_role("status")).to_contain_text("has ended")
    other.shoot("session-ended")
    ada.open("/keys")
    expect(ada.page.get_by_label("E-mail address")).to_be_visible()
    page.get_by_text("Sign out everywhere").first.click()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


def test_a_catalog_is_searched_and_a_product_looked_at(world, tab):
    ada = tab(permissions=["clipboard-read", "clipboard-write"])
    page = ada.sign_in(world.member())
    page.get_by_role("link", name="Look inside Demo shop").click()
    before = page.locator(".product").count()
    page.locator("a.chip").first.click()
    assert 0 < page.locator(".product").count() <= before
    expect(page.locator("a.chip.on")).to_have_count(1)
    ada.shoot("narrowed")
    page.locator("a.chip.on").click()
    page.get_by_label("Price from").fill("cheap")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label("Price from")).to_be_focused()
    ada.said.clear()  # the 422
    page.get_by_label("Price from").fill("")
    page.get_by_role("button", name="Search").click()
    page.locator(".product h2 a").first.click()
    title = page.get_by_role("heading", level=1).text_content()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert title in page.evaluate("navigator.clipboard.readText()")
    ada.quiet()


def test_a_reader_comes_to_query_bigquery(world, tab):
    org = world.organization()
    ada = tab()
    page = ada.sign_in(world.member(org), "/bigquery")
    page.get_by_label("Project id").fill("My Project")
    page.get_by_label("Principal").fill("user:reader@example.com")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_label("Project id")).to_be_focused()
    assert complaints(page) == []
    ada.shoot("reader-refused")
    ada.said.clear()  # the 422
    page.get_by_label("Project id").fill("my-project")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("status")).to_contain_text("registered")
    until(page, "awaiting subscription")
    ada.shoot("reader-awaiting")
    who = "user:reader@example.com"
    world.app.own_listings.subscribe("demo_shop", who, "my-project")
    page.get_by_role("button", name="Refresh now demo_shop").click()
    expect(page.get_by_role("status")).to_contain_text("demo_shop is active")
    expect(page.get_by_text("SELECT * FROM")).to_be_visible()
    assert complaints(page) == []
    ada.shoot("reader-active")
    page.get_by_text("Disable my-project").click()
    page.get_by_role("button", name="Disable", exact=True).click()
    expect(page.get_by_text("disabled", exact=True)).to_be_visible()
    ada.quiet()


def until(page, text):
    """Reload until a page says so."""
    for _ in range(120):
        if page.get_by_text(text, exact=True).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(text)


def test_an_operator_runs_the_platform(world, tab):
    opal = tab()
    page = opal.sign_in(world.member("operators"))
    id_ = f"new-{secrets.token_hex(4)}"
    page.get_by_label("Name").fill("New partner")
    page.get_by_label("Id", exact=True).fill("Not an id")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_label("Id", exact=True)).to_be_focused()
    opal.shoot("organization-refused")
    opal.said.clear()  # the 422
    page.get_by_label("Id", exact=True).fill(id_)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="New partner")).to_be_visible()
    page.get_by_label("Catalog", exact=True).fill("demo_shop")
    page.get_by_label("BigQuery").uncheck()
    page.get_by_label("Until (optional)").fill("2030-12-31")
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("table", name="What is granted")).to_contain_text("demo_shop")
    opal.shoot("granted")
    page.get_by_label("E-mail address").fill(f"{id_}@example.com")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("can sign in now")).to_be_visible()
    page.get_by_text("Withdraw demo_shop").first.click()
    page.get_by_role("button", name="Withdraw demo_shop").click()
    expect(page.get_by_text("Nothing is granted")).to_be_visible()
    page.get_by_text("Disable", exact=True).click()
    page.get_by_role("button", name=f"Disable {id_}").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    opal.shoot("disabled")
    page.get_by_role("link", name="Audit trail").last.click()
    expect(page.get_by_role("table")).to_contain_text("grant.withdrawn")
    page.get_by_role("textbox", name="Event").fill("grant.given")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    opal.shoot("audit-filtered")
    opal.quiet()


def test_an_operator_goes_back_to_an_earlier_version(world, tab):
    gone = ["trekking-pack-55"]
    world.do(versions.family["delete_products"], catalog="demo_shop", keys=gone)
    opal = tab()
    page = opal.sign_in(world.member("operators"), "/catalog?key=demo_shop")
    page.get_by_text("Serve again").first.click()
    page.get_by_role("button", name="Serve version").click()
    expect(page.get_by_role("status")).to_contain_text("is served now")
    opal.shoot("rolled-back")


def test_the_portal_works_without_javascript(world, tab):
    org = world.organization()
    ada = tab("light", java_script_enabled=False)
    page = ada.sign_in(world.member(org), "/keys")
    page.get_by_label("What is it for?").fill("No script")
    page.get_by_role("button", name="Create key").click()
    assert page.locator("#secret").text_content().startswith("octo_live_")
    assert page.get_by_role("button", name="Copy").count() == 0
    ada.look = "no-script"
    ada.shoot("key-created")
    page.get_by_text("Deactivate No script").click()
    page.get_by_role("button", name="Deactivate for good").click()
    expect(page.get_by_text("deactivated", exact=True)).to_be_visible()
    page.locator("details.who summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()


def test_on_a_phone_the_row_of_pages_shows_where_one_is(world, tab):
    ada = tab("phone")
    page = ada.sign_in(world.member(world.organization()), "/sessions")
    expect(page.locator("nav [aria-current]")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('nav').scrollLeft") > 0
    ada.shoot("row")


def test_the_keyboard_alone_is_enough(world, tab):
    org = world.organization()
    ada = tab()
    page = ada.sign_in(world.member(org), "/keys")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    ada.shoot("skip")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("What is it for?")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("was created")
    summary = page.get_by_text("Deactivate By keyboard")
    for _ in range(40):
        page.keyboard.press("Tab")
        if summary.evaluate("each => each.parentElement.contains(document.activeElement)"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Deactivate for good")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("deactivated", exact=True)).to_be_visible()
