"""The published REST client, unmodified, against our host."""

import httpx
import octogen_ai_sdk as sdk
import pytest

from functions.api.main import host
from tests.platform import ORIGIN, product

pytestmark = pytest.mark.anyio
ROWS = [
    product(str(n), title=f"Running shoe {n}", color=("Red", "Blue")[n % 2], price=10.0 * n)
    for n in range(1, 8)
]


@pytest.fixture
def connect(stocked):
    stocked.publish("books", ROWS)

    def connect(key=None):
        transport = httpx.ASGITransport(host(stocked.app))
        return sdk.OctogenClient(
            api_key=key or stocked.key(),
            base_url=f"{ORIGIN}/v1",
            http_client=httpx.AsyncClient(transport=transport),
        )

    return connect


async def test_me_is_parsed(connect):
    async with connect() as client:
        me = await client.get_me()
    assert me.organization.slug == "partner"
    assert me.rate_limit.limit == 600
    assert me.key.prefix.startswith("octo_live_")


async def test_a_search_is_parsed_with_facets_prices_and_pages(connect):
    async with connect() as client:
        red = [{"name": "color", "values": ["red"]}]
        page = await client.search_products(q="running shoe", facets=red, price_max=40, limit=50)
        assert {item.title for item in page.items} == {"Running shoe 2", "Running shoe 4"}
        assert page.next_cursor is None
        assert page.effective_query.price_max == 40
        seen, cursor = [], None
        while True:
            page = await client.search_products(q="shoe", limit=3, cursor=cursor)
            seen += [item.uuid for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert len(seen) == len(set(seen)) == 7


async def test_a_lookup_is_parsed_as_record_and_as_markdown(connect):
    async with connect() as client:
        found = await client.lookup_product(f"{ROWS[0]['url']}?utm_source=x")
        text = await client.lookup_product_markdown(ROWS[0]["url"])
    assert found.product.title == "Running shoe 1"
    assert found.catalog_key == text.catalog == "books"
    assert found.normalized_url == text.normalized_url == ROWS[0]["url"]
    assert text.markdown.startswith("# Running shoe 1")
    assert text.product_uuid == str(found.product.uuid)
    assert text.request_id


async def failure(calling):
    with pytest.raises(sdk.OctogenAPIError) as raised:
        await calling
    assert raised.value.request_id
    return type(raised.value), raised.value.status_code


async def test_what_goes_wrong_is_raised_as_its_type(stocked, connect):
    async with connect() as client:
        missing = "https://books.example/p/99"
        assert await failure(client.lookup_product(missing)) == (sdk.OctogenNotFoundError, 404)
        assert await failure(client.lookup_product("nonsense")) == (
            sdk.OctogenValidationError,
            422,
        )
        wrong = client.search_products(facets=[{"name": "category_path.depth_9", "values": ["x"]}])
        assert await failure(wrong) == (sdk.OctogenValidationError, 422)
        planned = client.search_products(q="x", diversity=True)
        assert await failure(planned) == (sdk.OctogenValidationError, 422)
        unknown = client.search_products(q="x", catalogs=["nothing"])
        assert await failure(unknown) == (sdk.OctogenNotFoundError, 404)
    async with connect(f"octo_live_{'0' * 32}_{'A' * 43}") as client:
        assert await failure(client.get_me()) == (sdk.OctogenAuthenticationError, 401)
    async with connect(stocked.key("owner", tenant="shop")) as client:
        assert await failure(client.get_me()) == (sdk.OctogenForbiddenError, 403)


async def test_an_empty_budget_says_how_long_to_wait(stocked, connect):
    stocked.do("change_organization", id="partner", rate_limit=1)
    async with connect() as client:
        await client.get_me()
        with pytest.raises(sdk.OctogenRateLimitError) as raised:
            await client.get_me()
    assert 1 <= raised.value.retry_after <= 60


async def test_facet_counts_are_parsed_and_say_what_a_choice_would_come_to(connect):
    async with connect() as client:
        counted = await client.count_product_facets(
            q="running shoe under $40",
            facets=[{"name": "color", "values": ["red"]}],
            attributes=["color", "size"],
            facet_names=["category_path.depth_0"],
            categories=[{"key": "blue ones", "facets": [{"name": "color", "values": ["blue"]}]}],
        )
        page = await client.search_products(
            q="running shoe under $40", facets=[{"name": "color", "values": ["blue"]}]
        )
    color, size = counted.attributes
    assert {each.value: each.count for each in color.values} == {"Red": 2, "Blue": 2}
    assert (color.handle, color.facet_name, size.values) == ("color", "color", [])
    assert len(page.items) == 2
    assert [(each.key, each.count) for each in counted.categories] == [("blue ones", 0)]
    assert counted.effective_query.understood
    assert counted.effective_query.price_max == 40


async def test_parsing_a_page_is_looking_it_up(connect):
    async with connect() as client:
        body = {"url": ROWS[0]["url"]}
        answer = await client._json("parseProductAlias", json=body)
    assert answer["product"]["title"] == "Running shoe 1"


SHOP = [
    product(
        f"dress-{n}",
        title=f"Summer dress {n}",
        categories=["Clothing", "Dresses"],
        gender="female",
        attributes={"neck": [("V", "Round")[n % 2]]},
        price=10.0 * n,
    )
    for n in range(1, 9)
] + [
    product("hat", title="Summer hat", categories=["Clothing", "Hats"], price=5.0),
    product("mug", title="Mug", categories=["Kitchen"]),
]


async def test_more_like_a_product_are_others_of_its_kind(stocked, connect):
    stocked.publish("books", SHOP)
    async with connect() as client:
        found = await client.more_like_this_products(source_url=SHOP[0]["url"], limit=5, debug=True)
        titles = {item.title for item in found.items}
        assert len(titles) == 5
        assert all(title.startswith("Summer dress") for title in titles)
        assert "Summer dress 1" not in titles
        assert found.source.title == "Summer dress 1"
        generated = {each.name: each.values for each in found.effective_query.facets}
        assert generated == {
            "category_path.depth_0": ["Clothing"],
            "category_path.depth_1": ["Dresses"],
            "gender": ["female"],
        }
        rest = await client.more_like_this_products(
            source_url=SHOP[0]["url"], limit=5, cursor=found.next_cursor
        )
        assert {item.title for item in rest.items} | titles == {
            f"Summer dress {n}" for n in range(2, 9)
        }
        by_uuid = await client.more_like_this_products(source_uuid=found.source.uuid, limit=5)
        assert [item.uuid for item in by_uuid.items] == [item.uuid for item in found.items]


async def test_more_like_several_leaves_all_of_them_out_and_keeps_to_bounds(stocked, connect):
    stocked.publish("books", SHOP)
    async with connect() as client:
        page = await client.search_products(q="summer dress", limit=3)
        sources = [item.uuid for item in page.items]
        found = await client.more_like_this_products(sources=sources, limit=50)
        assert {item.uuid for item in found.items} & set(sources) == set()
        assert [str(each.uuid) for each in found.sources] == sources
        cheap = await client.more_like_this_products(
            source_url=SHOP[3]["url"], price_preference="lower", facets=[], relax=False
        )
        assert {item.title for item in cheap.items} == {f"Summer dress {n}" for n in (1, 2, 3)}


async def test_a_short_page_is_filled_by_dropping_what_was_guessed_unless_told_not_to(
    stocked, connect
):
    stocked.publish("books", SHOP)
    async with connect() as client:
        hat = next(row["url"] for row in SHOP if row["id"] == "hat")
        filled = await client.more_like_this_products(source_url=hat, debug=True)
        assert len(filled.items) == 8
        assert [each.name for each in filled.effective_query.facets] == ["category_path.depth_0"]
        exact = await client.more_like_this_products(source_url=hat, relax=False)
        assert exact.items == []


async def test_more_like_what_is_not_there_or_not_built_is_raised_as_its_type(stocked, connect):
    stocked.publish("books", SHOP)
    async with connect() as client:
        missing = client.more_like_this_products(source_uuid="8c1d1f0e-6a52-5d0b-9a55-2f3f2a3d7c11")
        assert await failure(missing) == (sdk.OctogenNotFoundError, 404)
        planned = client.more_like_this_products(source_url=SHOP[0]["url"], brand_quality_min=3)
        assert await failure(planned) == (sdk.OctogenValidationError, 422)
        damaged = client.more_like_this_products(source_url=SHOP[0]["url"], cursor="damaged")
        assert await failure(damaged) == (sdk.OctogenValidationError, 422)


async def test_a_shop_is_described_by_its_facets_and_prices(stocked, connect):
    stocked.publish("books", SHOP)
    async with connect() as client:
        found = await client.get_domain("https://www.books.example/p/1")
        (catalog,) = found.catalogs
        assert (found.host, catalog.catalog, catalog.product_count) == (
            "books.example",
            "books",
            10,
        )
        fields = {field.name: field for field in catalog.fields}
        neck = fields["attribute_facets.neck"]
        assert (neck.display_name, neck.populated, neck.coverage, neck.distinct) == (
            "Neck",
            8,
            0.8,
            2,
        )
        assert {each.value: each.count for each in neck.top_values} == {"V": 4, "Round": 4}
        assert catalog.price.populated == 10
        spread = catalog.price
        assert spread.below + spread.above + sum(each.count for each in spread.buckets) == 10
        assert await failure(client.get_domain("other.example")) == (sdk.OctogenNotFoundError, 404)


async def test_categories_attributes_and_values_are_those_of_the_granted_catalogs(stocked, connect):
    stocked.publish("books", SHOP)
    async with connect() as client:
        roots = await client.list_taxonomy_categories()
        assert [(each.name, each.child_count) for each in roots.categories] == [
            ("Clothing", 2),
            ("Kitchen", 0),
        ]
        for parent in (roots.categories[0].id, "clothing", "CLOTHING"):
            below = await client.list_taxonomy_categories(parent=parent, limit=1)
            assert [each.path for each in below.categories] == ["Clothing > Dresses"]
            assert (below.total, below.next_offset) == (2, 1)
        (dresses,) = below.categories
        page = await client.search_products(facets=[dict(each) for each in dresses.facets])
        assert len(page.items) == 8
        attributes = await client.list_taxonomy_attributes("clothing > dresses")
        neck = next(each for each in attributes.attributes if each.handle == "neck")
        assert (neck.facet_name, neck.value_count) == ("attribute_facets.neck", 2)
        values = await client.list_taxonomy_attribute_values("neck")
        assert {each.name: each.handle for each in values.values} == {"V": "v", "Round": "round"}
        for missing in (
            client.list_taxonomy_categories(parent="nothing"),
            client.list_taxonomy_attribute_values("nothing"),
        ):
            assert await failure(missing) == (sdk.OctogenNotFoundError, 404)


async def test_what_a_grant_leaves_out_is_in_no_description(stocked, connect):
    stocked.publish("books", SHOP)
    only = [{"name": "category_path.depth_1", "values": ["Hats"]}]
    stocked.grant("partner", "books", only=only, surfaces=["mcp", "rest"])
    async with connect() as client:
        (catalog,) = (await client.get_domain("books.example")).catalogs
        assert catalog.product_count == 1
        assert "attribute_facets.neck" not in {field.name for field in catalog.fields}
        roots = await client.list_taxonomy_categories()
        assert [each.name for each in roots.categories] == ["Clothing"]
        below = await client.list_taxonomy_categories(parent="Clothing")
        assert [each.name for each in below.categories] == ["Hats"]
        hidden = client.more_like_this_products(source_url=SHOP[0]["url"])
        assert await failure(hidden) == (sdk.OctogenNotFoundError, 404)
