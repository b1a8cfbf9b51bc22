"""How often the studio's calls ask the store, and what they read and write there."""

import pytest

from tests.counting import CountedApp
from tests.functions.studio_shop import Studio, given
from tests.infra.programs import costs

pytestmark = pytest.mark.anyio


class BulkCountedApp(CountedApp):
    """Large reads go the same way here, so all of them count."""

    @property
    def bulk_documents(self):
        return self.counting


@pytest.fixture
def studio(tmp_path):
    studio = Studio(tmp_path / "data", app=BulkCountedApp).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products")
    await north.call("import_data", source_id="products", entries=some(3))
    await north.call("search_entries", source_id="products")
    yield north
    await north.close()


def some(amount, price=1.0):
    return [given(f"p{number}", brand="HP", price=price) for number in range(amount)]


def spent(studio):
    """Round trips to read, commits, documents read, documents written; the rate limiter's apart."""
    counting = studio.app.counting
    reads = counting.gate_reads
    commits = [paths for paths in counting.commits if not "".join(paths[:1]).startswith("rates/")]
    counting.forget()
    return len(reads), len(commits), sum(map(len, reads)), sum(map(len, commits))


async def test_a_warm_search_asks_the_store_once(studio, north):
    spent(studio)
    await north.call("search_entries", source_id="products", facets=[{"property": "brand"}])
    assert spent(studio) == (1, 0, costs.SEARCH_READS, 0)


async def test_the_first_search_after_a_commit_asks_twice(studio, north):
    await north.call("import_data", source_id="products", entries=some(3, price=2.0))
    spent(studio)
    await north.call("search_entries", source_id="products")
    assert spent(studio)[:2] == (2, 0)


async def test_an_import_of_100_asks_twice_beside_its_commit(studio, north):
    spent(studio)
    await north.call("import_data", source_id="products", entries=some(100, price=3.0))
    reads, commits, read, written = spent(studio)
    assert (reads, commits) == (2, 1)
    assert (read, written) == (100 + costs.IMPORT_READS, 100 + costs.IMPORT_WRITES)


async def test_importing_the_same_again_writes_nothing(studio, north):
    spent(studio)
    await north.call("import_data", source_id="products", entries=some(3))
    assert spent(studio)[3] == 0


async def test_one_edit_reads_and_writes_as_much_as_the_costs_say(studio, north):
    spent(studio)
    await north.call("import_data", source_id="products", entries=some(1, price=4.0))
    assert spent(studio) == (2, 1, costs.EDIT_READS, costs.EDIT_WRITES)


@pytest.mark.parametrize("amount", [1, 100])
async def test_cards_that_follow_an_import_read_and_write_as_much_as_the_costs_say(
    studio, north, amount
):
    sources = [{"source_id": "products"}]
    made = {"id": "cards", "name": "Cards", "sources": sources, "properties": [{"id": "price"}]}
    await north.call("create_card_definition", **made)
    await north.call("activate_card_definition", card_definition_id="cards")
    studio.work(5)
    await north.call("import_data", source_id="products", entries=some(amount))
    studio.work(5)
    spent(studio)
    await north.call("import_data", source_id="products", entries=some(amount, price=5.0))
    studio.work(5)
    _, _, read, written = spent(studio)
    assert read == 2 * amount + costs.IMPORT_READS + costs.FOLLOWING_READS
    calls = (
        1  # the studio's metrics, which ride on its rate lease where it has a process of its own
    )
    assert written == amount + costs.IMPORT_WRITES + costs.FOLLOWING_WRITES + calls
