"""The portal in real Chromium, behind `catalog-mcp dev`: every page in every look, every flow.

Screenshots are left in the test's folder (`pytest --basetemp`), to be looked at.
"""

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import expect

from shared.app import App
from shared.catalog import publish_tools
from shared.cli.dev import last_settings
from shared.cli.operations import run
from shared.errors import Conflict
from shared.identity import grants, organizations
from shared.ports import Add
from tests.e2e.looks import PHONE, complaints, shot

pytestmark = pytest.mark.slow
LOOKS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "has_touch": True},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
}
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'
PRODUCT = "https://demo-shop.example/p/"


class World:
    """The running dev, and what an operator does to it from outside."""

    def __init__(self, facts):
        self.facts = facts
        self.url = facts["portal_url"]
        self.app = App(last_settings(Path(facts["data"])))
        self._once(organizations.family["create_organization"], id="operators",
                   name="Operators", type="operator")  # fmt: skip
        self._use()

    def do(self, tool, **arguments):
        return run(self.app, tool, arguments)

    def _once(self, tool, **arguments):
        with suppress(Conflict):  # an earlier run of this file made it
            self.do(tool, **arguments)

    def member(self, org="demo", role="owner"):
        email = f"{secrets.token_hex(4)}@example.com"
        self.do(organizations.family["set_member"], org=org, email=email, role=role)
        return email

    def organization(self, name="Acme"):
        """An organization of its own, with the demo's catalog."""
        id_ = f"org-{secrets.token_hex(4)}"
        self.do(organizations.family["create_organization"], id=id_, name=name)
        self.do(grants.family["grant_catalog"], org=id_, catalog="demo_shop")
        return id_

    def code(self):
        mails = Path(self.facts["mail"]).read_text()
        return re.findall(r"^ +(\d{4} \d{4})$", mails, re.MULTILINE)[-1]

    def _use(self):
        """A month of calls, as the gate would have counted them."""
        today = datetime.now(UTC)
        for back in range(30):
            day = today - timedelta(days=back)
            weekday = day.weekday() < 5
            counts = {
                "mcp__search_products__ok": (190 + back * 7 % 60) if weekday else 40,
                "mcp__list_catalogs__ok": 60 if weekday else 12,
                "mcp__lookup_product__ok": 80 + back * 13 % 40,
                "rest__search_catalogs__ok": 120 - back * 2,
                "rest__lookup_url__product_not_found": 3 + back % 5,
                "mcp__list_bigquery_subscribers__ok": 4,
            }
            path = f"usage/demo:{day:%Y%m%d}"
            self.app.documents.commit([Add(path, counts, {"org": "demo"})])


@pytest.fixture(scope="module")
def world(dev):
    world = World(dev)
    yield world
    world.app.close()


class Tab:
    """A browser of one person: whatever it asks for, and says on its console, is noted."""

    def __init__(self, world, chromium, folder, look="light", **options):
        self.world = world
        self.folder = folder
        self.look = look
        self.context = chromium.new_context(**{**LOOKS.get(look, {}), **options})
        self.page = self.context.new_page()
        self.said, self.asked = [], set()
        self.page.on("console", lambda line: self.said.append(line.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.add(request.url.split("/")[2]))

    def sign_in(self, email, path="/"):
        page = self.page
        page.goto(f"{self.world.url}{path}")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_role("button", name="Send the code").click()
        page.get_by_label("Code").fill(self.world.code())
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Type the code")
        return page

    def open(self, path):
        self.page.goto(f"{self.world.url}{path}")
        return self.page

    def shoot(self, name):
        shot(self.page, self.folder / f"{name}-{self.look}.png")

    def quiet(self):
        """Nothing was said, and nobody else was asked."""
        assert self.said == []
        assert {each.partition(":")[0] for each in self.asked} == {"localhost"}


@pytest.fixture
def tab(world, chromium, tmp_path):
    """Makes browsers, and closes them."""
    tabs = []

    def make(look="light", **options):
        tabs.append(Tab(world, chromium, tmp_path, look, **options))
        return tabs[-1]

    yield make
    for each in tabs:
        each.context.close()


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
        "audit": "/audit",
    }.items():
        page = opal.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert complaints(page) == [], name
        opal.shoot(name)
    opal.quiet()


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
    expect(page.get_by_role("heading", name="Members")).to_be_visible()
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
    expect(page.get_by_text("expires_at has passed")).to_be_visible()
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
    expect(ben.page.get_by_role("heading", name="Catalogs", exact=True)).to_be_visible()
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
    world.do(publish_tools.family["delete_products"], catalog="demo_shop", keys=gone)
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
