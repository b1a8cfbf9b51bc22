"""An endpoint as a partner catalog: what it may be, and what of it would be refused."""

import pytest

from tests.functions.catalog_shop import CATALOG, ENDPOINT, KEY, SIZES, CatalogShop, item
from tests.functions.studio_shop import given
from tests.platform import ORIGIN, Platform, product

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path):
    shop = await CatalogShop(tmp_path / "data").fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


def with_catalog(**catalog):
    return {**ENDPOINT, "catalog": {**CATALOG, **catalog}}


async def test_a_draft_says_which_products_the_catalog_would_refuse_and_why(shop):
    await shop.put("goods", item(1, url="not a page"), item(2, price=-3.0), item(3, title=""))
    shop.work(5)
    draft = await shop.call("draft_endpoint", **ENDPOINT)
    found = draft["preview"]
    assert (found["cards"], draft["ready"]) == (6, True)
    assert (found["catalog"]["tried"], found["catalog"]["rejected"]) == (6, 3)
    reasons = {each["id"]: " ".join(each["reasons"]) for each in found["catalog"]["samples"]}
    assert {id_: text.split(":")[0] for id_, text in reasons.items()} == {
        "p01": "url", "p02": "price", "p03": "title",
    }  # fmt: skip


async def test_related_cards_are_variants_of_a_product_and_are_checked_as_such(shop):
    await shop.put(
        "forms",
        given("s1", of="p01", size="S", price=9.0, gtin="4006381333931"),
        given("s2", of="p01", size="L", price=-1.0),
    )
    shop.work(5)
    relations = [{"relation_id": "sizes", "properties": ["size", "price", "gtin"]}]
    asked = with_catalog(variants={**SIZES, "options": {}}) | {"relations": relations}
    refused = await shop.refused("create_endpoint", **asked)
    assert [each["path"] for each in refused["details"]] == ["catalog.variants.options"]
    draft = await shop.call("draft_endpoint", **with_catalog(variants=SIZES), relations=relations)
    assert draft["preview"]["catalog"] == {"tried": 6, "rejected": 0, "samples": []}
    unrelated = await shop.refused("create_endpoint", **with_catalog(variants=SIZES))
    assert [each["path"] for each in unrelated["details"]] == ["catalog.variants.relation_id"]


async def test_what_is_wrong_about_a_catalog_is_named_all_at_once(shop):
    wrong = with_catalog(
        roles={"tittle": "name", "url": "address", "price": "price"},
        attributes=["watt"],
        language="sv",
    )
    refused = await shop.refused("create_endpoint", **wrong)
    said = {each["path"]: each["message"] for each in refused["details"]}
    assert set(said) == {
        "catalog.roles.title",
        "catalog.roles.tittle",
        "catalog.roles.url",
        "catalog.attributes[0]",
        "catalog.language",
    }
    assert "'title'" in said["catalog.roles.tittle"]
    assert "'watts'" in said["catalog.attributes[0]"]


async def test_a_tenant_has_catalogs_of_its_own_keys_alone(shop):
    refused = await shop.refused("create_endpoint", **with_catalog(key="south_products"))
    assert (refused["code"], refused["details"][0]["path"]) == ("validation_error", "catalog.key")
    draft = await shop.call("draft_endpoint", **with_catalog(key="south_products"))
    assert [each["field"] for each in draft["issues"]] == ["catalog.key"]
    shop.do("create_catalog", catalog=KEY, tenant="north", display_name="N", source_base_url=ORIGIN)
    Platform.publish(shop, KEY, [product("1")])
    refused = await shop.refused("create_endpoint", **ENDPOINT)
    assert refused["code"] == "conflict"
    made = await shop.call("create_endpoint", **with_catalog(key="north_more"))
    other = {**with_catalog(key="north_more"), "name": "more"}
    again = await shop.refused("create_endpoint", **other)
    assert (again["code"], made["id"] in again["message"]) == ("conflict", True)


async def test_the_roles_of_a_published_endpoint_can_be_changed(shop):
    await shop.call("create_endpoint", **ENDPOINT)
    await shop.publish()
    roles = {**CATALOG["roles"], "mpn": "watts"}
    changed = await shop.call(
        "update_endpoint", endpoint_id="shop.v1.products", catalog={**CATALOG, "roles": roles}
    )
    assert changed["affected"] == 6
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    renamed = await shop.refused(
        "update_endpoint", endpoint_id="shop.v1.products", catalog={**CATALOG, "key": "north_b"}
    )
    assert renamed["code"] == "conflict"
