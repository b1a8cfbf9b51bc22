"""Cards of products in a client with MCP Apps, as its person sees and uses them."""

import secrets

import pytest
from playwright.sync_api import expect

from shared.cli import demo
from shared.identity import organizations
from tests.e2e.apps_client import AppsClient
from tests.e2e.portal import LOOKS

pytestmark = pytest.mark.slow
HOSTILE = '</script><img src=x onerror="alert(1)"><b>Tent</b>'


@pytest.fixture
def client(world, chromium, tmp_path):
    """Makes clients of a partner, and closes them."""
    made = []
    email = f"{secrets.token_hex(4)}@example.com"
    member = {"org": "demo", "email": email}
    subject = world.do(organizations.family["set_member"], **member)["principal"]
    token = demo.token(world.app, "demo", subject)

    def make(look="light"):
        mcp = world.facts["mcp_url"]
        made.append(AppsClient(chromium, tmp_path, look, mcp=mcp, token=token))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("look", LOOKS)
def test_what_a_search_found_is_shown_as_cards_and_a_card_opens_its_shop(client, look):
    partner = client(look)
    page = partner.show("search_products", query="jacket", limit=6)
    cards = page.locator(".card")
    items = partner.answer["structuredContent"]["result"]["items"]
    expect(cards).to_have_count(len(items))
    first = cards.first
    expect(first.get_by_role("heading")).to_have_text(items[0]["title"])
    expect(first.locator(".price")).to_contain_text("€")
    expect(first.locator("img")).to_have_js_property("complete", value=True)
    partner.accessible()
    partner.shoot("search")
    first.click()
    assert partner.noted("opened") == [items[0]["productUrl"]]
    assert partner.said == []


@pytest.mark.parametrize("look", LOOKS)
def test_variants_are_a_lookup_away_and_shown_with_prices_and_stock(client, look):
    partner = client(look)
    page = partner.show("search_products", query="drizzle rain jacket", limit=1)
    page.get_by_role("button", name="Show variants of").click()
    expect(page.locator(".variants li").first).to_contain_text("€")
    assert [each["name"] for each in partner.noted("called")] == ["lookup_product"]
    partner.accessible()
    partner.shoot("variants")
    address = page.locator(".variants a").first.get_attribute("href")
    page.locator(".variants a").first.click()
    assert partner.noted("opened") == [address]
    assert partner.said == []


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_a_looked_up_product_is_one_card_with_its_variants_in_either_era(client, era):
    partner = client()
    found = partner.show("search_products", query="drizzle rain jacket", limit=1, era=era)
    expect(found.locator(".card")).to_have_count(1)
    url = partner.answer["structuredContent"]["result"]["items"][0]["productUrl"]
    page = partner.show("lookup_product", canonical_url=url, era=era)
    assert partner.seen("version") == {"legacy": "2025-11-25", "modern": "2026-07-28"}[era]
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator("summary")).to_contain_text("variants")
    expect(page.get_by_role("button", name="Show variants of")).to_have_count(0)
    partner.shoot(f"looked-up-{era}")
    assert partner.said == []


def test_cards_are_walked_with_arrows_and_opened_with_enter(client):
    partner = client()
    page = partner.show("search_products", query="tent", limit=3)
    expect(page.locator(".card")).not_to_have_count(0)
    links = page.locator("h2 a")
    links.first.focus()
    partner.page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    partner.page.keyboard.press("ArrowLeft")
    expect(links.first).to_be_focused()
    partner.page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show variants of").first).to_be_focused()
    partner.page.keyboard.press("Shift+Tab")
    partner.page.keyboard.press("Enter")
    assert partner.noted("opened") == [links.first.get_attribute("href")]


def test_pictures_are_loaded_from_declared_hosts_and_from_no_other(client):
    partner = client()
    items = [
        shown("1", imageUrl="https://demo-shop.example/images/alpine-tent-2.jpg"),
        shown("2", imageUrl="https://elsewhere.example/spy.png"),
        shown("3", imageUrl="javascript:alert(1)"),
        shown("4"),
    ]
    page = partner.show("search_products", result=answer(items=items))
    expect(page.locator("img.picture")).to_have_count(1)
    expect(page.locator(".none")).to_have_count(3)
    page.wait_for_function("document.querySelector('img.picture').naturalWidth > 0")
    assert partner.pictures == ["https://demo-shop.example/images/alpine-tent-2.jpg"]
    assert partner.seen("csp")["resourceDomains"] == ["https://demo-shop.example"]


def test_product_text_is_only_ever_text(client):
    partner = client()
    hostile = shown(
        "1",
        title=HOSTILE,
        brand={"name": HOSTILE},
        currency=HOSTILE,
        availability=HOSTILE,
        sizes=[HOSTILE],
        productUrl="javascript:alert(1)",
        variants=[{"id": "1", "options": {HOSTILE: HOSTILE}, "productUrl": "data:text/html,x"}],
    )
    page = partner.show("search_products", result=answer(items=[hostile], note=HOSTILE))
    expect(page.get_by_role("heading", level=2)).to_have_text(HOSTILE)
    assert page.locator("b, script:not(:only-of-type), img").count() == 0
    assert page.locator("main a").count() == 0
    page.locator("summary").click()
    partner.accessible()
    partner.shoot("hostile")
    assert partner.said == []


def test_a_client_that_allows_nothing_shows_cards_with_plain_links(client):
    partner = client()
    page = partner.show("search_products", can={}, query="tent", limit=2)
    expect(page.locator(".card")).not_to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.locator("h2 a").first.get_attribute("rel") == "noopener noreferrer"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"error": "product_not_found", "message": "No such product."}, "No such product."),
        ({"items": []}, "No product was found."),
        ({"items": [{"requestedUrl": "x", "error": "no", "message": "Not this."}]}, "Not this."),
    ],
)
def test_an_answer_without_products_says_so(client, result, said):
    partner = client()
    page = partner.show("lookup_product", result=answer(**result))
    expect(page.locator("main")).to_contain_text(said)
    partner.accessible()


def test_the_page_follows_the_client_from_light_to_dark(client):
    partner = client()
    page = partner.show("search_products", result=answer(items=[shown("1")]))
    expect(page.locator(".card")).to_have_count(1)
    color = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(color)
    partner.page.evaluate("window.bridge.setHostContext({theme: 'dark'})")
    page.wait_for_function(f"{color} !== '{light}'")
    partner.accessible()


def shown(id_, **more):
    """A product of a search's answer."""
    url = f"https://demo-shop.example/products/{id_}"
    return {
        "productUrl": url,
        "title": f"Product {id_}",
        "currentPrice": 5,
        "currency": "EUR",
        **more,
    }


def answer(**value):
    return {"content": [], "structuredContent": {"result": value}}
