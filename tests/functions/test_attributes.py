"""What the table of Google's attributes says of each is so: where it is shown, what finds it."""

from operator import attrgetter

import orjson
import pytest

from shared.catalog.feeds.attributes import ATTRIBUTES
from tests.platform import Platform, product, value

pytestmark = pytest.mark.anyio
HOST = "https://books.example"
SAID = {
    "id": "ITEM-1001",
    "item_group_id": "GROUP-2002",
    "title": "Quernlamp",
    "description": "<p>Glimmering</p>",
    "link": f"{HOST}/p/lamp?sku=1",
    "canonical_link": f"{HOST}/p/lamp",
    "mobile_link": "https://m.books.example/p/lamp",
    "link_template": f"{HOST}/t/lamp?store={{store_code}}",
    "mobile_link_template": f"{HOST}/mt/lamp?store={{store_code}}",
    "amp_link": f"{HOST}/amp/lamp",
    "image_link": f"{HOST}/1.jpg",
    "additional_image_link": f"{HOST}/2.jpg",
    "lifestyle_image_link": f"{HOST}/3.jpg",
    "video_link": f"{HOST}/4.mp4",
    "virtual_model_link": f"{HOST}/5.glb",
    "price": "30.00 EUR",
    "sale_price": "20.00 EUR",
    "sale_price_effective_date": "2020-01-01T00:00Z/2200-01-01T00:00Z",
    "maximum_retail_price": "99.00 EUR",
    "availability": "preorder",
    "availability_date": "2027-02-03",
    "expiration_date": "2199-01-01",
    "unit_pricing_measure": "750 ml",
    "unit_pricing_base_measure": "100 ml",
    "installment": "6:5.50 EUR",
    "subscription_cost": "month:12:2.50 EUR",
    "brand": "Brandywine",
    "gtin": "4006381333931",
    "mpn": "MPN-77Z",
    "condition": "refurbished",
    "google_product_category": "Furniture > Lampworks",
    "product_type": "Home > Uplighter",
    "color": "Carmine/Ochre",
    "size": "Grandsize",
    "size_type": "plus",
    "size_system": "EU",
    "gender": "unisex",
    "age_group": "kids",
    "material": "Walnut/Brass",
    "pattern": "Herringbone",
    "product_length": "31 cm",
    "product_width": "32 cm",
    "product_height": "33 cm",
    "product_weight": "3 kilograms",
    "product_detail": "Light:Socket:Bayonet",
    "product_highlight": "Handmade",
    "certification": "EC:EPREL:123456",
    "energy_efficiency_class": "B",
    "min_energy_efficiency_class": "G",
    "max_energy_efficiency_class": "A",
    "multipack": "4",
    "is_bundle": "yes",
    "adult": "no",
    "shipping": "DE::Courier:4.90 EUR",
    "free_shipping_threshold": "DE:49.00 EUR",
    "min_handling_time": "1",
    "max_handling_time": "3",
    "return_policy_label": "thirty days",
    "promotion_id": "XMAS26",
    "updated": "2026-11-20T10:00:00Z",
}
MEANT = {
    "description": "Glimmering",
    "price": 30.0,
    "sale_price": 20.0,
    "sale_price_effective_date": "2200-01-01T00:00:00Z",
    "expiration_date": "2199-01-02T00:00:00Z",
    "availability_date": "2027-02-03T00:00:00Z",
    "installment": 5.5,
    "subscription_cost": 2.5,
    "google_product_category": "Lampworks",
    "product_type": "Uplighter",
    "color": "Ochre",
    "material": "Brass",
    "product_detail": "Bayonet",
    "certification": "EPREL",
    **dict.fromkeys(("product_length", "product_width", "product_height"), "31 cm x 32 cm x 33 cm"),
    **dict.fromkeys(("min_energy_efficiency_class", "max_energy_efficiency_class"), "G to A"),
    "multipack": 4,
    "is_bundle": True,
    "adult": False,
    "shipping": 4.9,
    "free_shipping_threshold": 49.0,
    "min_handling_time": 1,
    "max_handling_time": 3,
    "updated": "2026-11-20T10:00:00Z",
}
FACETS = {
    "brand": ("brand_slug", "brandywine"),
    "google_product_category": ("category_path.depth_1", "lampworks"),
    "product_type": ("product_type", "uplighter"),
    "product_detail": ("Socket", "bayonet"),
    "is_bundle": ("is_bundle", "true"),
    "adult": ("adult", "false"),
}
OCHRE = {"name": "color", "values": ["ochre"]}
NAME = attrgetter("name")
STRUCTURED = {"structured_title": "title", "structured_description": "description"}
KEPT = [each for each in ATTRIBUTES if each.is_kept and each.name not in STRUCTURED]


def feed(folder, said=SAID):
    """A feed of one item that has every attribute, those too that are left out."""
    left_out = {each.name: "unheard" for each in ATTRIBUTES if not each.is_kept}
    columns = {**said, **left_out}
    path = folder / "feed.txt"
    path.write_text("\t".join(columns) + "\n" + "\t".join(columns.values()) + "\n")
    return str(path)


@pytest.fixture(scope="module")
def lamp(tmp_path_factory):
    """A catalog of one item, in a group of its own, that says everything."""
    platform = Platform(tmp_path_factory.mktemp("lamp"))
    platform.organization("partner", rate_limit=1_000_000)
    platform.catalog("books", [product("other", title="Something else")])
    platform.grant("partner", "books")
    source = feed(platform.folder)
    platform.said = platform.do("publish_catalog", catalog="books", source=source, confirm=True)
    yield platform
    platform.close()


async def ask(platform, path, **asked):
    async with platform.http(platform.key(), face="api") as client:
        return (await client.post(f"/v1/products/{path}", json=asked)).json()


async def found(platform, **asked):
    return [each["title"] for each in (await ask(platform, "search", **asked))["items"]]


def at(view, path):
    """The values at a path of the table: members behind dots, every entry of a list at []."""
    values = [view]
    for part in path.split("."):
        values = [each[part.removesuffix("[]")] for each in values]
        if part.endswith("[]"):
            values = [one for each in values for one in each]
    return values


def test_every_kept_attribute_is_tried():
    assert {each.name for each in KEPT} == set(SAID)


@pytest.mark.parametrize("attribute", [each for each in KEPT if each.shown], ids=NAME)
async def test_an_attribute_is_shown_where_the_table_says(lamp, attribute):
    shown = await ask(lamp, "lookup", url=SAID["canonical_link"])
    paths = [each.split()[0] for each in attribute.shown.split(", ")]
    seen = [at(shown["product"], path) for path in paths]
    meant = MEANT.get(attribute.name, SAID[attribute.name])
    assert orjson.dumps(meant) in orjson.dumps(seen)


@pytest.mark.parametrize("attribute", [each for each in KEPT if each.searched], ids=NAME)
async def test_an_attribute_is_found_by_its_words(lamp, attribute):
    word = MEANT.get(attribute.name, SAID[attribute.name])
    assert await found(lamp, q=word) == [SAID["title"]]


@pytest.mark.parametrize("attribute", [each for each in KEPT if each.facet], ids=NAME)
async def test_an_attribute_is_a_facet_of_the_name_the_table_says(lamp, attribute):
    said = SAID[attribute.name]
    name, value = FACETS.get(attribute.name, (attribute.facet.split(",")[0], said))
    for each in value.split("/"):
        assert await found(lamp, facets=[{"name": name, "values": [each]}]) == [SAID["title"]]
    assert await found(lamp, facets=[{"name": name, "values": ["nothing like it"]}]) == []


@pytest.mark.parametrize(
    "name", ["link", "canonical_link", "mobile_link", "amp_link", "link_template"]
)
async def test_an_address_finds_its_product(lamp, name):
    shown = await ask(lamp, "lookup", url=SAID[name].partition("?store")[0])
    assert shown["product"]["title"] == SAID["title"]


async def test_what_is_left_out_is_said_and_nowhere_to_be_found(lamp):
    left_out = {each["column"] for each in lamp.said["leftOutColumns"]}
    assert left_out == {each.name.casefold() for each in ATTRIBUTES if not each.is_kept}
    shown = await ask(lamp, "lookup", url=SAID["canonical_link"])
    assert b"unheard" not in orjson.dumps(shown)
    assert await found(lamp, q="unheard") == []


async def test_structured_texts_stand_in_where_there_is_no_plain_one(stocked):
    said = {name: f"trained_algorithmic_media:{SAID[of]}" for name, of in STRUCTURED.items()}
    plain = {name: value for name, value in SAID.items() if name not in STRUCTURED.values()}
    source = feed(stocked.folder, plain | said)
    stocked.do("publish_catalog", catalog="books", source=source, confirm=True)
    shown = (await ask(stocked, "lookup", url=SAID["canonical_link"]))["product"]
    assert (shown["title"], shown["description"]) == ("Quernlamp", "Glimmering")


async def test_a_size_is_a_facet_with_its_size_system_too(lamp):
    for size, titles in (("EU Grandsize", [SAID["title"]]), ("US Grandsize", [])):
        assert await found(lamp, facets=[{"name": "size", "values": [size]}]) == titles


async def test_agents_find_each_colour_and_see_the_price_that_holds(lamp):
    async with lamp.http(lamp.token()) as client:
        for word in ("carmine", "ochre"):
            page = await value(client, "search_products", {"catalog": "books", "query": word})
            (item,) = page["items"]
            assert item["colors"] == ["Carmine", "Ochre"]
            assert (item["currentPrice"], item["originalPrice"]) == (20.0, 30.0)
            assert (item["condition"], item["availability"]) == ("refurbished", "preorder")
    assert await found(lamp, facets=[OCHRE], price_max=20) == [SAID["title"]]
    assert await found(lamp, facets=[OCHRE], price_min=25) == []
