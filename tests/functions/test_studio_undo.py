"""Undo of what one import did in several steps, and calls that come again."""

import pytest

from tests.functions.studio_shop import Studio, given

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    await north.call("create_data_source", id="products", name="Products", languages=["sv", "en"])
    first = [given("p1", size="12", price=1), given("p2", size="7"), given("p3", size="9")]
    await north.call("import_data", source_id="products", entries=first)
    yield north
    await north.close()


async def stored(north):
    listed = await north.call("list_source_entries", source_id="products", sort="key")
    return {each["id"]: each["values"] for each in listed["items"]}


async def test_what_changes_deletes_and_retypes_is_undone_byte_for_byte_step_by_step(studio, north):
    before = await stored(north)
    steps = [
        await north.call("import_data", source_id="products", entries=[given("p1", price=2)]),
        await north.call(
            "import_data",
            source_id="products",
            entries=[given("p1", price=None, size="13"), {"id": "p2", "delete": True}],
        ),
        await north.call(
            "import_data",
            source_id="products",
            entries=[given("p1", price=3), given("p2", size="8"), given("p4", size="1")],
        ),
    ]
    retyped = await north.call(
        "upsert_data_source_properties",
        source_id="products",
        properties=[{"id": "size", "type": "Integer"}],
    )
    studio.work()
    assert (await stored(north))["p1"] == {"i.size": 13, "i.price": 3}
    for import_id in (retyped["import_id"], *(each["import_id"] for each in reversed(steps))):
        undone = await north.call("revert_import", source_id="products", import_id=import_id)
        assert undone["conflicts"] == []
        studio.work()
    assert await stored(north) == before


async def test_a_call_that_comes_again_days_later_is_answered_as_long_as_its_record_is_kept(
    studio, north
):
    call = {
        "source_id": "products",
        "entries": [given("p1", price=1)],
        "idempotency_key": "nothing changes",
    }
    first = await north.call("import_data", **call)
    assert (first["upserted"], first["unchanged"]) == (0, 1)
    studio.clock.advance(23 * 3600)
    later = studio.connected()
    assert await later.call("import_data", **call) == first
    other = await later.refused("import_data", **{**call, "entries": [given("p1", price=5)]})
    assert other["code"] == "conflict"
    studio.clock.advance(2 * 3600)
    after = studio.connected()
    done = await after.call("import_data", **{**call, "entries": [given("p1", price=5)]})
    assert done["upserted"] == 1
    for each in (later, after):
        await each.close()


async def test_no_log_holds_what_was_refused(north, logged):
    canary = "a-canary-that-nobody-logs"
    for refused in (
        {"entries": [given("p1", price=canary)]},
        {"entries": [given(f"{canary} x", price=1)]},
        {"entries": canary},
        {"entries": [given("p1", price=1)], "correlation_id": 5, "mode": canary},
        {"entries": [given("p1", price=1)], "source_id": canary},
    ):
        value, failed = await north.tried("import_data", **{"source_id": "products", **refused})
        assert failed, value
    text, lines = logged()
    assert len(lines) == 5
    assert canary not in text
