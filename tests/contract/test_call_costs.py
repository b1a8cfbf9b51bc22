"""What a call reads and writes in documents, by how often an organization calls: the figures that
infra/costs.py multiplies. Counted on embedded documents, which are asked for the same ones."""

import pytest

from tests.counting import CountedApp
from tests.infra.programs import costs
from tests.platform import Platform, product, value

pytestmark = pytest.mark.anyio
PACES = {"rare": (600.0, 40), "moderate": (10.0, 120), "busy": (0.05, 1200)}
"""Seconds between two calls of an organization, and how many are counted."""
ASKED = (
    ("list_catalogs", {}),
    ("search_products", {"catalog": "books", "query": "product"}),
    ("lookup_product", {"canonical_url": "https://books.example/p/1"}),
)


@pytest.mark.parametrize("pace", PACES)
async def test_a_call_reads_and_writes_what_the_cost_table_multiplies(tmp_path, pace):
    apart, amount = PACES[pace]
    platform = Platform(tmp_path / "data", app=CountedApp)
    platform.organization("partner", rate_limit=6_000)
    platform.catalog("books", [product(str(n)) for n in range(1, 6)])
    platform.grant("partner", "books")
    documents = platform.app.documents
    async with platform.http(platform.token(lifetime=10 * 86_400)) as client:
        for name, arguments in ASKED:
            await value(client, name, arguments)
        documents.forget()
        for number in range(amount):
            platform.clock.advance(apart)
            await value(client, *ASKED[number % len(ASKED)])
    read = sum(map(len, documents.asked)) / amount
    written = sum(map(len, documents.commits)) / amount
    platform.close()
    print(f"{pace}: {read=:.2f} {written=:.2f}")
    assert costs.PER_CALL[pace] == (pytest.approx(read, abs=0.03), pytest.approx(written, abs=0.03))
