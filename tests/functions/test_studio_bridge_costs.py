"""What following edits costs, however many there are."""

from itertools import pairwise

import pytest

from tests.functions.catalog_shop import CatalogShop, item
from tests.functions.test_studio_bridge import number
from tests.functions.test_studio_round_trips import BulkCountedApp, spent

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CHANGES = 40
APART = 0.6
"""Seconds between edits that never pause."""
MOST_TRIPS = 46
"""To the store, of all turns that follow one edit."""


async def test_the_fortieth_change_reads_and_writes_as_much_as_the_fourth(tmp_path):
    shop = await CatalogShop(tmp_path / "data", app=BulkCountedApp).fill().open()
    await shop.stock()
    await shop.fed()
    costs = []
    for change in range(CHANGES):
        shop.work(60)
        await shop.put("goods", item(change % 6, price=100.0 + change))
        spent(shop)
        shop.work(3)
        costs.append(spent(shop))
    assert (await shop.products())["Lamp 3"]["currentPrice"] == 139
    trips = [reads + commits for reads, commits, _, _ in costs]
    documents = [read + written for _, _, read, written in costs]
    print("round trips", sorted(trips), "documents", sorted(documents))
    assert max(trips) <= MOST_TRIPS
    early, late = costs[3:13], costs[-10:]
    for kind in range(4):
        assert max(each[kind] for each in late) <= max(each[kind] for each in early) + 4
    await shop.north.close()
    shop.close()


async def test_what_is_edited_without_a_pause_is_published_every_five_seconds(tmp_path):
    shop = await CatalogShop(tmp_path / "data").fill().open()
    await shop.stock()
    await shop.fed()
    shop.work(10)
    published = [shop.clock.time()]
    for edit in range(100):
        before = number(shop)
        await shop.put("goods", item(1, price=100.0 + edit))
        shop.work(APART)
        if number(shop) > before:
            published.append(shop.clock.time())
    pauses = [after - before for before, after in pairwise(published)]
    assert len(pauses) >= 100 * APART / 10
    assert 5 - APART < min(pauses[1:]) <= max(pauses) < 10
    shop.work(10)
    assert (await shop.products())["Lamp 1"]["currentPrice"] == 199
    await shop.north.close()
    shop.close()
