"""A search engine that fails in itself fails one call, and nothing else."""

import pytest

from tests.platform import call, product, value

pytestmark = pytest.mark.anyio
COLUMNS = ".fast"
"""The engine's files of numbers: it panics where one does not hold what it must."""


def rot(folder):
    """Overwrite the engine's columns as a bad disk would, in place and of the same size."""
    for path in folder.rglob(f"*{COLUMNS}"):
        with path.open("r+b") as file:
            file.write(b"\xff" * path.stat().st_size)


async def test_a_panic_of_the_engine_is_internal_one_crash_line_and_other_catalogs_go_on(
    stocked, logged
):
    stocked.catalog("pens", [product("1", url="https://pens.example/p/1")])
    stocked.grant("partner", "pens")
    async with stocked.http(stocked.token()) as client:
        assert len((await value(client, "search_products", {"catalog": "books"}))["items"]) == 5
        rot(stocked.settings.cache / "books")
        healed = await value(client, "search_products", {"catalog": "books", "query": "product"})
        assert len(healed["items"]) == 5
        rot(stocked.settings.cache / "books")  # a disk that goes on: once a minute is healed
        logged()
        for asked in ({"query": "product"}, {}):
            failed = await call(client, "search_products", {"catalog": "books", **asked})
            result = failed.json()["result"]
            assert result["isError"] is True
            assert result["structuredContent"]["result"]["error"] == "internal"
            (crash,) = [each for each in logged()[1] if each["message"] == "crash"]
            assert "shared.indexes.guard.Panicked" in crash["exception"]
            assert crash["requestId"] == failed.headers["x-request-id"]
        assert len((await value(client, "search_products", {"catalog": "pens"}))["items"]) == 1
        url = {"canonical_url": "https://books.example/p/1"}
        assert (await value(client, "lookup_product", url))["product"]["title"] == "Product 1"
