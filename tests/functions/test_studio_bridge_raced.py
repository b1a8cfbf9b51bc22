"""Somebody edits a product at the moment in which its catalog is published, or rolled back."""

import asyncio

import pytest

from tests.functions.catalog_shop import ENDPOINT, KEY, CatalogShop, item
from tests.functions.test_studio_bridge import number
from tests.raced import RacedApp

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path):
    shop = await CatalogShop(tmp_path / "data", app=RacedApp).fill().open()
    yield await shop.stock()
    await shop.north.close()
    shop.close()


def edited_before_the_head_moves(shop, price):
    """Have another instance edit a product, and do what follows, just before that commit."""
    editor = shop.again()
    north = editor.connected()

    async def edit():
        await north.call("import_data", source_id="goods", entries=[item(1, price=price)])
        await north.close()

    def rival():
        asyncio.run(edit())
        editor.work(10)

    shop.app.raced.about, shop.app.raced.rival = f"heads/{KEY}", rival


async def test_an_edit_during_the_first_publication_is_published_too(shop):
    await shop.call("create_endpoint", **ENDPOINT)
    edited_before_the_head_moves(shop, 50.0)
    await shop.call("update_api_version", api_version_id="shop.v1", state="publish")
    await asyncio.to_thread(shop.work, 60)
    assert shop.app.raced.rival is None
    shop.partner()
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 50


async def test_an_edit_during_a_publication_is_published_too(shop):
    await shop.fed()
    shop.work(10)
    await shop.put("goods", item(1, price=50.0), item(2, price=60.0))
    edited_before_the_head_moves(shop, 70.0)
    await asyncio.to_thread(shop.work, 60)
    assert shop.app.raced.rival is None
    found = await shop.products()
    assert [found[f"Lamp {n}"]["currentPrice"] for n in (1, 2)] == [70, 60]


async def test_an_edit_during_a_rollback_does_not_undo_it(shop):
    await shop.fed()
    shop.work(10)
    first = number(shop)
    await shop.put("goods", item(1, price=50.0))
    shop.work(10)
    edited_before_the_head_moves(shop, 60.0)
    await asyncio.to_thread(shop.do, "roll_back_catalog", catalog=KEY, version=first)
    assert shop.app.raced.rival is None
    shop.work(3600)
    assert number(shop) == first
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 1.5
    await shop.publish()
    shop.work(10)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 60
