"""What following an edit costs, however many came before."""

import pytest

from tests.functions.catalog_shop import CatalogShop, item
from tests.functions.test_studio_round_trips import BulkCountedApp, spent

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CHANGES = 40


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
    early, late = costs[3:13], costs[-10:]
    for number in range(4):
        assert max(each[number] for each in late) <= max(each[number] for each in early) + 4
    await shop.north.close()
    shop.close()
