"""Owners of a tenant let partners see its catalogs, and no other catalogs, by either face."""

import pytest

from tests.functions.catalog_shop import ENDPOINT, KEY, CatalogShop
from tests.platform import ORIGIN, Platform, product

BOTH_STORES = True
pytestmark = pytest.mark.anyio
ACCESS = {"catalog": KEY, "organization": "partner"}


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await CatalogShop(tmp_path / "data", **stores).fill().open()
    await shop.stock()
    await shop.call("create_endpoint", **ENDPOINT)
    await shop.publish()
    shop.organization("partner")
    yield shop
    await shop.north.close()
    shop.close()


async def rest(shop, key):
    async with shop.http(key, face="api") as client:
        answer = await client.get("/v1/catalogs")
        return answer.json()


async def test_a_partner_sees_a_catalog_from_the_grant_to_the_withdrawal_on_both_faces(shop):
    key = shop.key("partner")
    assert (await shop.seen("list_catalogs"), await rest(shop, key)) == ([], [])
    given = await shop.call("grant_partner_access", **ACCESS)
    assert (given["organization"], given["by"], given["only"]) == ("partner", "olga", None)
    assert len(await shop.products()) == 6
    assert len(await rest(shop, key)) == 1
    (listed,) = (await shop.call("list_partner_access"))["items"]
    assert (listed["catalog"], listed["shown"], listed["product_count"]) == (KEY, True, 6)
    assert [each["organization"] for each in listed["partners"]] == ["partner"]
    plan = await shop.refused("withdraw_partner_access", **ACCESS)
    assert (plan["code"], len(await shop.products())) == ("confirmation_required", 6)
    await shop.call("withdraw_partner_access", **ACCESS, confirm=True)
    assert (await shop.seen("list_catalogs"), await rest(shop, key)) == ([], [])
    assert (await shop.call("list_partner_access"))["items"][0]["partners"] == []
    again = await shop.call("withdraw_partner_access", **ACCESS, confirm=True)
    assert again["organization"] == "partner"


async def test_a_grant_may_be_of_a_part_and_its_terms_are_replaced(shop):
    await shop.call(
        "grant_partner_access", **ACCESS, only=[{"name": "brand_name", "values": ["Acme"]}]
    )
    assert sorted(await shop.products()) == ["Lamp 0", "Lamp 2", "Lamp 4"]
    refused = await shop.refused(
        "grant_partner_access", **ACCESS, expires_at="2020-01-01T00:00:00Z"
    )
    assert refused["details"][0]["path"] == "expires_at"
    await shop.call("grant_partner_access", **ACCESS)
    assert len(await shop.products()) == 6


async def test_owners_alone_let_partners_in_and_out(shop):
    editor = shop.connected(subject="eddi")
    for tool, asked in (
        ("list_partner_access", {}),
        ("grant_partner_access", ACCESS),
        ("withdraw_partner_access", {**ACCESS, "confirm": True}),
    ):
        assert "owner" in await editor.forbidden(tool, **asked), tool
    await editor.close()


async def test_an_owner_reaches_the_catalogs_of_the_tenant_alone(shop):
    """Not those of another tenant of theirs, of a rival, nor one that is not there: all alike."""
    for tenant, key in (("south", "south_lamps"), ("east", "east_lamps")):
        asked = {"display_name": tenant, "source_base_url": ORIGIN}
        shop.do("create_catalog", catalog=key, tenant=tenant, **asked)
        Platform.publish(shop, key, [product("1")])
    said = set()
    for key in ("south_lamps", "east_lamps", "nobodys_lamps"):
        asked = {"catalog": key, "organization": "partner"}
        shop_says = [
            await shop.refused("grant_partner_access", **asked),
            await shop.refused("withdraw_partner_access", **asked, confirm=True),
            await shop.refused("list_partner_access", catalog=key),
        ]
        said |= {(each["code"], each["message"].replace(key, "…")) for each in shop_says}
    assert len(said) == 1
    assert {code for code, _ in said} == {"not_found"}
    assert await shop.seen("list_catalogs") == []
    rival = shop.connected("north", "eve", org="rival")
    answer = await rival.tried("grant_partner_access", **ACCESS)
    assert answer[0]["code"] == "tenant_not_found"
    await rival.close()
    async with shop.http(shop.token("partner", "ada")) as partner:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        params = {"name": "grant_partner_access", "arguments": ACCESS}
        answer = await partner.post("/mcp", json={**asked, "params": params})
        assert answer.json()["error"]["code"] == -32602


async def test_only_partners_are_let_in(shop):
    for org in ("nobody", "rival"):
        refused = await shop.refused("grant_partner_access", catalog=KEY, organization=org)
        assert refused["code"] == "not_found"
