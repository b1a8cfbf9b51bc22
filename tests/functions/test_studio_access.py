"""Access to a tenant that ends while many calls are being served."""

import asyncio

import pytest

from tests.functions.studio_shop import Studio, given

pytestmark = pytest.mark.anyio
BOTH_STORES = True
CALLERS = 6


@pytest.fixture
async def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products")
    await north.call("import_data", source_id="products", entries=[given("p1", brand="HP")])
    await north.close()
    yield studio
    studio.close()


SEARCH = ("search_entries", {"source_id": "products"})
IMPORT = ("import_data", {"source_id": "products", "entries": [given("p1", brand="HP")]})


@pytest.mark.parametrize(
    ("change", "arguments", "call"),
    [
        ("set_member", {"org": "shop", "subject": "eddi", "state": "removed"}, SEARCH),
        ("suspend_tenant", {"tenant": "north"}, SEARCH),
        ("set_tenant_role", {"tenant": "north", "principal": "eddi", "role": "viewer"}, IMPORT),
        ("change_organization", {"id": "shop", "state": "disabled"}, SEARCH),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_under_load_nobody_is_served_once_the_change_has_returned(
    studio, change, arguments, call
):
    studio.do("change_organization", id="shop", rate_limit=1_000_000)
    studio.clock.advance(60)  # the bucket fills
    tool, asked = call
    clients = [studio.connected(subject="eddi") for _ in range(CALLERS)]
    served, has_changed = asyncio.Semaphore(0), asyncio.Event()

    async def calls(client):
        """The status of the first call that began after the change, having been served before."""
        while True:
            is_late = has_changed.is_set()
            answer = await client.post("tools/call", {"name": tool, "arguments": asked})
            if is_late:
                return answer.status_code
            served.release()

    tasks = [asyncio.create_task(calls(client)) for client in clients]
    for _ in range(4 * CALLERS):
        await served.acquire()
    await asyncio.to_thread(studio.do, change, **arguments)
    has_changed.set()
    assert set(await asyncio.gather(*tasks)) <= {401, 403}
    for client in clients:
        await client.close()


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_entries", {"source_id": "products"}),
        ("get_entries", {"source_id": "products", "ids": ["p1"]}),
        ("import_data", {"source_id": "products", "entries": [given("p1", brand="x")]}),
        ("get_entry_history", {"source_id": "products", "entry_id": "p1"}),
        ("query_changelog", {"source_id": "products"}),
        ("list_configuration", {}),
        ("list_jobs", {}),
        ("purge_data_source", {"source_id": "products", "confirm": True}),
        ("export_entries", {"source_id": "products"}),
        ("list_managed_tags", {}),
        ("search_property_values", {"card_definition_id": "products", "property_id": "brand"}),
        ("search_managed_tag_values", {"managed_tag_id": "products"}),
        (
            "upsert_managed_tag_values",
            {"managed_tag_id": "products", "values": [{"key": "x", "value": "x"}]},
        ),
        ("delete_managed_tag", {"managed_tag_id": "products", "confirm": True}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_of_another_organizations_tenant_nothing_is_found(studio, tool, arguments):
    rival = studio.connected("north", "rita", org="rival")
    studio.member("rival", "rita", role="owner")
    refused = await rival.refused(tool, **arguments)
    assert refused["code"] == "tenant_not_found"
    assert "products" not in str(refused)
    await rival.close()
