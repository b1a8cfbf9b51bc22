"""A variant's address answers with the variant's own offer, over every face."""

import duckdb
import pytest

from tests.platform import product, value

pytestmark = pytest.mark.anyio


def variant(number, price, **fields):
    return {
        "id": f"v{number}",
        "parent_id": "parka",
        "url": f"https://books.example/parka?variant={number}",
        "price": f"{price} EUR",
        "options": {"Size": "SML"[number - 1]},
        "availability": "in_stock",
        **fields,
    }


ROWS = [
    {
        **product("parka", title="Parka", url="https://books.example/parka", brand="Fell"),
        "kind": "configurable",
        "price": None,
    },
    variant(1, 80, mpn="P-1", gtin="4006381333931", condition="new"),
    variant(
        2,
        85,
        availability="preorder",
        availability_date="2026-12-24",
        condition="refurbished",
        mobile_url="https://m.books.example/parka-2",
        images=["https://books.example/2.jpg"],
    ),
    variant(
        3,
        90,
        sale_price="70 EUR",
        sale_from="2026-12-01",
        sale_to="2026-12-05",
        expires="2026-12-20",
    ),
]


@pytest.fixture
def shop(stocked):
    stocked.publish("books", ROWS)
    return stocked


async def over_mcp(platform, url):
    async with platform.http(platform.token(session=None)) as client:
        return await value(client, "lookup_product", {"canonical_url": url})


async def over_rest(platform, url):
    async with platform.http(platform.key(), face="api") as client:
        return (await client.post("/v1/products/lookup", json={"url": url})).json()


@pytest.mark.parametrize("ask", [over_mcp, over_rest])
async def test_a_variants_address_answers_with_its_own_price_and_stock(shop, ask):
    found = await ask(shop, "https://books.example/parka?variant=2&utm_source=x")
    variant, shown = found["matchedVariant"], found["product"]
    assert found["matchedVia"] == "normalized_exact"
    assert (variant["id"], variant["options"]) == ("v2", {"Size": "M"})
    for view in (variant, shown):
        assert (view["currentPrice"], view["currency"]) == (85.0, "EUR")
        assert (view["availability"], view["inStock"]) == ("preorder", False)
        assert view["availabilityDate"] == "2026-12-24T00:00:00Z"
        assert view["condition"] == "refurbished"
    assert variant["imageUrls"] == ["https://books.example/2.jpg"]
    assert shown["title"] == "Parka"
    assert [each["currentPrice"] for each in shown["variants"]] == [80.0, 85.0, 90.0]
    assert (shown["variants"][0]["gtin"], shown["variants"][0]["mpn"]) == ("4006381333931", "P-1")


async def test_a_variant_is_in_the_bigquery_view_as_a_lookup_shows_it(shop):
    shop.work()
    with duckdb.connect(shop.app.warehouse.file("books"), read_only=True) as database:
        (rows,) = database.sql("SELECT variants FROM products_current_v1").fetchall()
    for row in rows[0]:
        shown = (await over_mcp(shop, row["product_url"]))["matchedVariant"]
        assert (row["id"], row["sku"]) == (shown["id"], shown["sku"])
        assert float(row["price"]) == shown["currentPrice"]
        for name in ("currency", "availability", "condition", "mpn"):
            assert row[name] == shown.get(name)
        assert {each["name"]: each["value"] for each in row["options"]} == shown["options"]
        assert row["image_urls"] == shown.get("imageUrls", [])


@pytest.mark.parametrize("ask", [over_mcp, over_rest])
async def test_the_groups_page_answers_with_the_group(shop, ask):
    found = await ask(shop, "https://books.example/parka")
    assert found.get("matchedVariant") is None
    shown = found["product"]
    assert (shown["currentPrice"], shown["availability"]) == (80.0, "in_stock")
    assert shown.get("condition") is None  # they differ


async def test_an_unknown_variant_of_the_page_is_the_group_found_loosely(shop):
    found = await over_mcp(shop, "https://books.example/parka?variant=9")
    assert (found["matchedVia"], found.get("matchedVariant")) == ("loose", None)


async def test_an_address_for_telephones_leads_to_its_variant(shop):
    found = await over_mcp(shop, "https://m.books.example/parka-2")
    assert found["matchedVariant"]["id"] == "v2"
    assert found["product"]["mobileUrl"] == found["matchedVariant"]["mobileUrl"]
    assert found["product"]["mobileUrl"] == "https://m.books.example/parka-2"


async def test_a_sale_and_an_end_of_the_variant_are_the_terms_on_top(shop):
    found = await over_mcp(shop, "https://books.example/parka?variant=3")
    offer = found["product"]["offer"]
    assert offer["sale"]["startsAt"] == "2026-12-01T00:00:00Z"
    assert offer["expiresAt"] == found["matchedVariant"]["expiresAt"] == "2026-12-21T00:00:00Z"
    assert "shipping" not in offer
    other = await over_mcp(shop, "https://books.example/parka?variant=1")
    assert "offer" not in other["product"]


async def test_a_sale_of_a_variant_is_judged_when_asked(shop):
    url = "https://books.example/parka?variant=3"
    for days, price, before in ((0, 90.0, None), (10, 70.0, 90.0), (5, 90.0, None)):
        shop.clock.advance(days * 86_400)
        found = await over_mcp(shop, url)
        async with shop.http(shop.token()) as client:
            page = await value(client, "search_products", {"catalog": "books"})
        assert found["product"]["currentPrice"] == found["matchedVariant"]["currentPrice"] == price
        assert found["product"].get("originalPrice") == before
        assert page["items"][0]["currentPrice"] == min(80.0, price)


async def test_routes_of_pages_made_in_the_browser_tell_variants_apart(stocked):
    page = "https://books.example/spa#/p/red-{}"
    rows = [variant(n, 10 * n, title="Red", url=page.format(n)) for n in (1, 2)]
    stocked.publish("books", [*rows, product("other", url="https://books.example/spa#!/other")])
    for n in (1, 2):
        found = await over_mcp(stocked, f"https://books.example/spa#/p/red-{n}")
        assert (found["matchedVia"], found["matchedVariant"]["id"]) == ("normalized_exact", f"v{n}")
        assert found["product"]["currentPrice"] == 10.0 * n
    found = await over_mcp(stocked, "https://books.example/spa#!/other")
    assert found["product"]["identifiers"]["productId"] == "other"
    lost = await over_mcp(stocked, "https://books.example/spa#/p/red-3")
    assert lost.get("matchedVia", "loose") == "loose"
    top = await over_mcp(stocked, "https://books.example/spa#/p/red-1?utm_source=x")
    assert top["matchedVia"] == "normalized_exact"


async def test_a_route_that_was_dropped_is_never_an_exact_match(stocked):
    stocked.publish("books", [product("1", url="https://books.example/p/1")])
    dropped = await over_mcp(stocked, "https://books.example/p/1#/size-m")
    assert dropped["matchedVia"] == "loose"
    plain = await over_mcp(stocked, "https://books.example/p/1#reviews")
    assert plain["matchedVia"] == "normalized_exact"


ELSEWHERE = {
    "link": "https://books.example/lamp?sku=L-1",
    "canonical_link": "https://books.example/lighting/lamp",
    "mobile_link": "https://m.books.example/lamp",
    "amp_link": "https://books.example/amp/lamp",
    "link_template": "https://shop.books.example/lamp?store={store_code}",
}


@pytest.mark.parametrize("group", ["", "G"])
@pytest.mark.parametrize("kind", ["text", "ours"])
async def test_every_address_of_a_product_finds_it(stocked, tmp_path, kind, group):
    feed = tmp_path / "feed"
    if kind == "text":
        given = {"id": "L", "title": "Lamp", "price": "9 EUR", **ELSEWHERE}
        given |= {"item_group_id": group, "color": "Red"} if group else {}
        feed.write_text("\t".join(given) + "\n" + "\t".join(given.values()) + "\n")
        stocked.do("publish_catalog", catalog="books", source=str(feed), confirm=True)
    else:
        link, canonical, mobile, amp, template = ELSEWHERE.values()
        row = {"id": "L", "title": "Lamp", "url": link, "canonical_url": canonical}
        row |= {"mobile_url": mobile, "addresses": [amp, template.partition("?")[0]]}
        stocked.publish("books", [row | ({"parent_id": group} if group else {})])
    for url in (*ELSEWHERE.values(), "https://shop.books.example/lamp?store=12"):
        found = await over_mcp(stocked, url.replace("?store={store_code}", ""))
        assert found["product"]["title"] == "Lamp", url


async def test_an_address_that_is_another_products_own_page_stays_with_that_one(stocked):
    shared = "https://books.example/p/own"
    stocked.publish("books", [product("a", canonical_url=shared), product("own", url=shared)])
    found = await over_mcp(stocked, shared)
    assert found["product"]["identifiers"]["productId"] == "own"
