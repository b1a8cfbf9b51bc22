"""What owners are told of what partners ask: how often, and for what in vain."""

import pytest

from shared.auth.demand import SECONDS
from shared.pipeline import own_demand
from tests.functions.portal_owner import owners, run
from tests.platform import product

ROWS = [product(str(n), title=f"Lamp {n}", brand="Acme") for n in range(4)]


@pytest.fixture
def site(tmp_path):
    with owners(tmp_path / "data") as site:
        for catalog, tenant in (("lamps", "north"), ("theirs", "east")):
            address = f"https://{catalog}.example"
            named = {"catalog": catalog, "tenant": tenant, "display_name": catalog}
            site.platform.do("create_catalog", **named, source_base_url=address)
            site.platform.publish(catalog, ROWS)
        for org in ("acme", "bolt"):
            site.platform.organization(org)
            for catalog in ("lamps", "theirs"):
                site.platform.grant(org, catalog)
        yield site


async def searched(site, org, *queries, catalog="lamps"):
    """Search as a backend of an organization, and once more when counters are due."""
    async with site.platform.http(site.platform.key(org), face="api") as client:
        for query in queries:
            body = {"q": query, "catalog": catalog}
            answer = await client.post("/v1/products/search", json=body)
            assert answer.status_code == 200, answer.text
        site.platform.clock.advance(2 * SECONDS)
        assert (await client.get("/v1/catalogs")).status_code == 200


def told(site, catalog="lamps", **more):
    (found,) = run(site, own_demand.family["get_own_demand"], catalogs=[catalog], **more)["items"]
    return found


@pytest.mark.anyio
async def test_calls_are_counted_by_partner_and_day_for_the_catalog_they_looked_into(site):
    await searched(site, "acme", "lamp", "lamp", "lamp")
    site.platform.clock.advance(86_400)
    await searched(site, "acme", "lamp")
    await searched(site, "bolt", "lamp", catalog="theirs")
    found = told(site, days=3)
    assert [each["organization"] for each in found["partners"]] == ["acme"]
    assert found["partners"][0]["calls"] == [0, 3, 1]
    assert told(site, days=1)["partners"][0]["calls"] == [1]


@pytest.mark.anyio
async def test_words_without_a_product_are_told_once_two_partners_asked_for_them(site):
    await searched(site, "acme", "Chandelier", "chandelier ", "secret project")
    assert told(site)["vain"] == []
    await searched(site, "bolt", "chandelier", "lamp")
    assert told(site)["vain"] == [{"words": "chandelier", "asked": 3, "organizations": 2}]


@pytest.mark.anyio
async def test_an_owner_sees_it_on_the_page_of_partners_and_hostile_words_are_text(site):
    hostile = "<script>alert(1)</script>"
    for org in ("acme", "bolt"):
        await searched(site, org, hostile)
    page = site.olga.open("/partners", tenant="north")
    assert "Asked for, and not found" in page.text
    assert "<script>alert" not in page.response.text
    assert "1 in 7 days" in page.text


def test_another_tenants_catalog_is_not_there(site):
    with pytest.raises(AssertionError, match="no catalog 'theirs'"):
        told(site, "theirs")
