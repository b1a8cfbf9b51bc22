"""What is exported of a fed catalog is one version of it, whatever is edited meanwhile."""

import asyncio

import duckdb
import pytest

from shared.local.warehouse import DuckWarehouse
from tests.functions.catalog_shop import KEY, CatalogShop, item
from tests.functions.destination_shop import DestinationShop
from tests.interfered import InterferedApp

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
QUERY = "SELECT title, current_price, catalog_version FROM products_current_v1 ORDER BY title"


class ExportingShop(CatalogShop):
    """One with a warehouse behind it."""

    job = DestinationShop.job

    def exported(self):
        """Prices by title, and the versions they are of."""
        file = DuckWarehouse(self.settings.data / "warehouse").file(KEY)
        with duckdb.connect(file, read_only=True) as tables:
            rows = tables.sql(QUERY).fetchall()
        prices = {title: float(price) for title, price, _ in rows}
        return prices, {version for *_, version in rows}


@pytest.fixture
async def shop(tmp_path):
    shop = await ExportingShop(tmp_path / "data", app=InterferedApp).fill().open()
    await shop.stock()
    await shop.fed()
    shop.work(60)
    yield shop
    await shop.north.close()
    shop.close()


def version(shop):
    return shop.app.documents.get(f"heads/{KEY}").data["number"]


async def test_an_edit_during_an_export_is_in_the_next_one_and_no_part_of_it_in_this(shop):
    before, first = shop.exported()[0], version(shop)
    editor = shop.again()
    north = editor.connected(lifetime=3_600)
    changed = [item(1, price=77.0), item(4, price=78.0), {"id": "p05", "delete": True}]
    met = []

    def load(inner, *rows, **more):
        shop.app.warehouse.instead.clear()
        asyncio.run(north.call("import_data", source_id="goods", entries=changed))
        editor.work(10)  # it is published, while the rows of the version before are on their way
        inner(*rows, **more)
        met.append((shop.exported(), version(shop)))

    await shop.put("goods", item(0, price=50.0))
    shop.app.warehouse.instead["load"] = load
    await asyncio.to_thread(shop.work, 10)
    (((loaded, versions), served),) = met
    assert (loaded, versions) == (before | {"Lamp 0": 50.0}, {first + 1})
    assert served == first + 2
    shop.work(120)
    assert shop.exported() == (
        {"Lamp 0": 50.0, "Lamp 1": 77.0, "Lamp 2": 2.5, "Lamp 3": 3.5, "Lamp 4": 78.0},
        {version(shop)},
    )
    await north.close()
