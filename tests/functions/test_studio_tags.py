"""Managed tags of the studio: created, filled, walked as trees, changed and removed."""

import asyncio

import pytest

from tests.functions.studio_shop import Studio
from tests.mortal import dies, sweep
from tests.raced import RacedApp

pytestmark = pytest.mark.anyio
BOTH_STORES = True
CATEGORIES = [
    {"key": "outdoor", "value": {"en": "Outdoor", "sv": "Friluftsliv"}, "order": 2},
    {"key": "tents", "value": {"en": "Tents", "sv": "Tält"}, "parent_key": "outdoor"},
    {"key": "dome", "value": {"en": "Dome tents"}, "parent_key": "tents"},
    {"key": "home", "value": {"en": "Home"}, "order": 1},
]
TAG = "categories"


@pytest.fixture
def studio(tmp_path, stores):
    studio = Studio(tmp_path / "data", **stores).fill()
    yield studio
    studio.close()


@pytest.fixture
async def north(studio):
    north = studio.connected()
    yield north
    await north.close()


@pytest.fixture
async def stocked(north):
    await north.call("create_managed_tag", name="Categories", type="LocalizedText")
    await north.call("upsert_managed_tag_values", managed_tag_id=TAG, values=CATEGORIES)
    return north


async def keys(client, tag=TAG, **asked):
    found = await client.call("search_managed_tag_values", managed_tag_id=tag, **asked)
    return [each["key"] for each in found["items"]]


async def test_a_tag_is_made_from_its_name_and_its_values_are_found_with_their_path(north):
    made = await north.call("create_managed_tag", name="Categories", type="LocalizedText")
    assert (made["tag"]["id"], made["tag"]["value_count"]) == (TAG, 0)
    done = await north.call("upsert_managed_tag_values", managed_tag_id=TAG, values=CATEGORIES)
    assert (done["created"], done["updated"], done["value_count"]) == (4, 0, 4)
    found = await north.call("search_managed_tag_values", managed_tag_id=TAG, query="TALT")
    assert found["items"] == [
        {"key": "tents", "value": {"en": "Tents", "sv": "Tält"}, "order": 0.0,
         "parent_key": "outdoor", "path": ["outdoor"]},
    ]  # fmt: skip
    found = await north.call("search_managed_tag_values", managed_tag_id=TAG, query="dome")
    assert found["items"][0]["path"] == ["outdoor", "tents"]


async def test_values_are_walked_by_level_by_language_and_by_page(stocked):
    assert await keys(stocked, top_level=True) == ["home", "outdoor"]
    assert await keys(stocked, parent_key="outdoor") == ["tents"]
    assert await keys(stocked, parent_key="outdoor", recursive=True) == ["dome", "tents"]
    assert await keys(stocked, query="tent", language="sv") == ["tents"]  # by its key
    swedish = await stocked.call("search_managed_tag_values", managed_tag_id=TAG, language="SV")
    assert [each["value"] for each in swedish["items"]] == [None, None, "Friluftsliv", "Tält"]
    first = await stocked.call("search_managed_tag_values", managed_tag_id=TAG, limit=3)
    assert (first["total"], first["has_more"], first["next_cursor"]) == (4, True, "outdoor")
    assert await keys(stocked, cursor=first["next_cursor"]) == ["tents"]


async def test_what_is_left_out_of_a_value_stays_and_doing_it_again_changes_nothing(stocked):
    values = [{"key": "tents", "value": {"de": "Zelte", "sv": None}}]
    done = await stocked.call("upsert_managed_tag_values", managed_tag_id=TAG, values=values)
    assert (done["created"], done["updated"]) == (0, 1)
    found = await stocked.call("search_managed_tag_values", managed_tag_id=TAG, query="Zelte")
    assert found["items"][0]["value"] == {"de": "Zelte", "en": "Tents"}
    assert found["items"][0]["parent_key"] == "outdoor"
    again = await stocked.call("upsert_managed_tag_values", managed_tag_id=TAG, values=values)
    assert (again["updated"], again["unchanged"], again["revision"]) == (0, 1, done["revision"])
    moved = [{"key": "tents", "parent_key": ""}]
    await stocked.call("upsert_managed_tag_values", managed_tag_id=TAG, values=moved)
    assert await keys(stocked, top_level=True) == ["home", "outdoor", "tents"]


@pytest.mark.parametrize(
    ("value", "path", "said"),
    [
        ({"key": "a/b", "value": {"en": "x"}}, "values[0].key", "printable characters"),
        ({"key": "..", "value": {"en": "x"}}, "values[0].key", "neither . nor .."),
        ({"key": "new"}, "values[0].value", "needs one"),
        ({"key": "new", "value": "Red"}, "values[0].value", "by language"),
        ({"key": "new", "value": {"en": " "}}, "values[0].value", "not empty"),
        ({"key": "new", "value": {"english!": "x"}}, "values[0].value", "no language"),
        ({"key": "home", "value": {"en": None}}, "values[0].value", "at least one language"),
        ({"key": "new", "value": {"en": "x" * 1001}}, "values[0].value", "1000 characters"),
        ({"key": "home", "parent_key": "attic"}, "values[0].parent_key", "no value 'attic'"),
        ({"key": "outdoor", "parent_key": "dome"}, "values[0].parent_key", "below itself"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_a_value_that_does_not_fit_is_refused_with_its_path_and_none_is_written(
    stocked, value, path, said
):
    good = {"key": "garden", "value": {"en": "Garden"}}
    refused = await stocked.refused(
        "upsert_managed_tag_values", managed_tag_id=TAG, values=[value, good]
    )
    assert refused["code"] == "validation_error"
    assert [each["path"] for each in refused["details"]] == [path]
    assert said in refused["details"][0]["message"]
    assert "garden" not in await keys(stocked)


async def test_a_tree_is_at_most_twenty_deep_and_a_moved_branch_counts_whole(stocked):
    chain = [
        {"key": f"k{n}", "value": {"en": f"K{n}"}, "parent_key": f"k{n - 1}" if n else ""}
        for n in range(20)
    ]
    await stocked.call("upsert_managed_tag_values", managed_tag_id=TAG, values=chain)
    refused = await stocked.refused(
        "upsert_managed_tag_values",
        managed_tag_id=TAG,
        values=[{"key": "k0", "parent_key": "home"}],
    )
    assert "'k19' would stand 21 deep" in refused["message"]


async def test_a_tag_without_languages_takes_one_text_a_value(north):
    await north.call("create_managed_tag", id="brands", name="Brands")
    values = [{"key": "hp", "value": "HP"}]
    await north.call("upsert_managed_tag_values", managed_tag_id="brands", values=values)
    refused = await north.refused(
        "upsert_managed_tag_values",
        managed_tag_id="brands",
        values=[{"key": "hp", "value": {"en": "HP"}}],
    )
    assert "not localized" in refused["message"]
    found = await north.call("search_managed_tag_values", managed_tag_id="brands")
    assert found["items"][0]["value"] == "HP"


async def test_values_are_deleted_after_confirm_and_what_stood_below_comes_up(stocked):
    asked = {"managed_tag_id": TAG, "keys": ["tents", "nothing"]}
    plan = await stocked.refused("delete_managed_tag_values", **asked)
    assert plan["code"] == "confirmation_required"
    assert plan["counts"] == {"values": 1, "raised": 1}
    assert "tents" in await keys(stocked)
    done = await stocked.call("delete_managed_tag_values", **asked, confirm=True)
    assert (done["deleted"], done["missing"], done["raised"]) == (["tents"], ["nothing"], ["dome"])
    assert await keys(stocked, top_level=True) == ["dome", "home", "outdoor"]
    refused = await stocked.refused("delete_managed_tag_values", **asked, confirm=True)
    assert refused["code"] == "not_found"


async def test_tags_are_listed_renamed_and_nested_but_never_below_themselves(stocked):
    await stocked.call("create_managed_tag", name="Rooms", parent_id=TAG)
    listed = await stocked.call("list_managed_tags", parent_id=TAG)
    assert [(each["id"], each["type"]) for each in listed["items"]] == [("rooms", "Text")]
    first = await stocked.call("list_managed_tags", limit=1)
    assert (first["total"], first["next_cursor"]) == (2, TAG)
    named = await stocked.call("list_managed_tags", query="ROOM", cursor=first["next_cursor"])
    assert [each["id"] for each in named["items"]] == ["rooms"]
    changed = await stocked.call("update_managed_tag", managed_tag_id="rooms", name="All rooms")
    assert (changed["tag"]["name"], changed["tag"]["parent_id"]) == ("All rooms", TAG)
    refused = await stocked.refused("update_managed_tag", managed_tag_id=TAG, parent_id="rooms")
    assert "below 'categories' already" in refused["message"]
    refused = await stocked.refused("create_managed_tag", id="more", name="all ROOMS")
    assert (refused["code"], refused["details"][0]["path"]) == ("conflict", "name")
    graph = await stocked.call("list_configuration", focus="rooms")
    assert graph["edges"] == [
        {"source": f"managed_tag:{TAG}", "target": "managed_tag:rooms", "kind": "nests"}
    ]
    assert graph["definition"]["name"] == "All rooms"
    only = await stocked.call("list_configuration", kinds=["managed_tag"])
    assert [each["id"] for each in only["nodes"]] == [TAG, "rooms"]


async def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(stocked):
    await stocked.call("create_managed_tag", name="Rooms", dry_run=True)
    tried = await stocked.call(
        "upsert_managed_tag_values",
        managed_tag_id=TAG,
        values=[{"key": "garden", "value": {"en": "Garden"}}],
        dry_run=True,
    )
    assert (tried["created"], len(tried["warnings"])) == (1, 1)
    assert (await stocked.call("list_managed_tags"))["total"] == 1
    assert "garden" not in await keys(stocked)


async def test_a_deleted_tag_is_gone_with_its_values_and_its_id_begins_anew(studio, stocked):
    await stocked.call("create_managed_tag", name="Rooms", parent_id=TAG)
    plan = await stocked.refused("delete_managed_tag", managed_tag_id=TAG)
    assert plan["counts"] == {"values": 4}
    job = await stocked.call("delete_managed_tag", managed_tag_id=TAG, confirm=True)
    for tool, more in (
        ("upsert_managed_tag_values", {"values": CATEGORIES}),
        ("update_managed_tag", {"name": "Kept"}),
    ):
        refused = await stocked.refused(tool, managed_tag_id=TAG, **more)
        assert (refused["code"], "being deleted" in refused["message"]) == ("conflict", True)
    studio.work(60)
    ended = await stocked.call("get_job", job_id=job["id"])
    assert (ended["state"], ended["result"]) == ("succeeded", {"deleted": 4})
    refused = await stocked.refused("search_managed_tag_values", managed_tag_id=TAG)
    assert refused["code"] == "not_found"
    listed = await stocked.call("list_managed_tags")
    assert [(each["id"], each["parent_id"]) for each in listed["items"]] == [("rooms", "")]
    await stocked.call("create_managed_tag", name="Categories")
    assert await keys(stocked) == []


@pytest.mark.slow
async def test_killed_at_any_change_a_tag_is_deleted_once_with_all_its_values(tmp_path):
    studio = Studio(tmp_path / "data").fill()
    values = [{"key": f"v{n}", "value": f"Value {n}"} for n in range(600)]
    deaths = 0
    while True:
        north = studio.connected()  # the clock moves on, and tokens run out
        await north.call("create_managed_tag", name="Sizes")
        for some in (values[:500], values[500:]):
            await north.call("upsert_managed_tag_values", managed_tag_id="sizes", values=some)
        studio.work(60)
        job = await north.call("delete_managed_tag", managed_tag_id="sizes", confirm=True)
        taken = studio.app.queue.take()
        studio.app.queue.finish(taken)
        killed = dies(studio, taken, 2 * deaths)
        sweep(studio)
        ended = await north.call("get_job", job_id=job["id"])
        assert (ended["state"], ended["result"]) == ("succeeded", {"deleted": 600}), ended
        assert (await north.call("list_managed_tags"))["total"] == 0
        await north.close()
        if not killed:
            break
        deaths += 1
    assert deaths > 5
    studio.close()


async def test_an_unknown_tag_is_told_with_the_nearest_and_so_is_a_key(stocked):
    refused = await stocked.refused("search_managed_tag_values", managed_tag_id="category")
    assert (refused["code"], refused["near"]) == ("not_found", [TAG])
    refused = await stocked.refused(
        "search_managed_tag_values", managed_tag_id=TAG, parent_key="outdors"
    )
    assert (refused["near"], refused["details"][0]["path"]) == (["outdoor"], "parent_key")
    refused = await stocked.refused(
        "search_managed_tag_values", managed_tag_id=TAG, parent_key="home", top_level=True
    )
    assert refused["details"][0]["path"] == "top_level"


async def test_a_viewer_reads_an_editor_writes_and_a_publisher_deletes_a_tag(studio, stocked):
    new = {"managed_tag_id": TAG, "values": [{"key": "garden", "value": {"en": "Garden"}}]}
    studio.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    eddi = studio.connected(subject="eddi")
    assert len(await keys(eddi)) == 4
    assert "editor" in await eddi.forbidden("upsert_managed_tag_values", **new)
    await eddi.close()
    studio.clock.advance(1)
    studio.do("set_tenant_role", tenant="north", principal="eddi", role="editor")
    eddi = studio.connected(subject="eddi")
    assert (await eddi.call("upsert_managed_tag_values", **new))["created"] == 1
    asked = {"managed_tag_id": TAG, "confirm": True}
    assert "publisher" in await eddi.forbidden("delete_managed_tag", **asked)
    await eddi.close()


async def test_tags_of_one_tenant_are_nothing_in_another(studio, stocked):
    south = studio.connected("south")
    assert (await south.call("list_managed_tags"))["total"] == 0
    refused = await south.refused("search_managed_tag_values", managed_tag_id=TAG)
    assert (refused["code"], refused["near"]) == ("not_found", [])
    await south.close()


async def test_of_two_who_change_one_tree_at_once_neither_makes_a_circle(tmp_path):
    studio = Studio(tmp_path / "data", app=RacedApp).fill()
    north, other = studio.connected(), studio.again()
    await north.call("create_managed_tag", name="Categories", type="LocalizedText")
    await north.call("upsert_managed_tag_values", managed_tag_id=TAG, values=CATEGORIES)

    async def move(client, key, parent):
        moved = [{"key": key, "parent_key": parent}]
        return await client.tried("upsert_managed_tag_values", managed_tag_id=TAG, values=moved)

    studio.app.raced.about = "collections/tag."
    studio.app.raced.rival = lambda: asyncio.run(move(other.connected(), "outdoor", "home"))
    refused, failed = await move(north, "home", "outdoor")
    assert failed
    assert "below itself" in refused["message"]
    assert await keys(north, parent_key="home") == ["outdoor"]
    await north.close()
    studio.close()


async def test_values_that_come_while_their_tag_is_being_deleted_are_refused(tmp_path):
    studio = Studio(tmp_path / "data", app=RacedApp).fill()
    north, other = studio.connected(), studio.again()
    await north.call("create_managed_tag", name="Sizes")
    gone = other.connected().call("delete_managed_tag", managed_tag_id="sizes", confirm=True)
    studio.app.raced.about = "collections/tag."
    studio.app.raced.rival = lambda: asyncio.run(gone)
    refused = await north.refused(
        "upsert_managed_tag_values",
        managed_tag_id="sizes",
        values=[{"key": "s", "value": "Small"}],
    )
    assert (refused["code"], "being deleted" in refused["message"]) == ("conflict", True)
    studio.work(60)
    await north.call("create_managed_tag", name="Sizes")
    assert await keys(north, "sizes") == []
    await north.close()
    studio.close()


@pytest.mark.parametrize("first", ["the definition", "the deletion"])
async def test_of_a_tag_that_is_deleted_and_cards_that_come_to_name_it_one_loses(tmp_path, first):
    studio = Studio(tmp_path / "data", app=RacedApp).fill()
    north, other = studio.connected(), studio.again()
    await north.call("create_managed_tag", name="Sizes")
    properties = [{"id": "size", "type": "Text"}]
    await north.call("create_data_source", id="products", name="P", properties=properties)
    deletes = "delete_managed_tag", {"managed_tag_id": "sizes", "confirm": True}
    content = {"sources": [{"source_id": "products"}]}
    content["properties"] = [{"id": "size", "managed_tag_id": "sizes"}]
    names = "create_card_definition", {"id": "cards", "name": "Cards", **content}
    (faster, asked), (slower, given) = (
        (names, deletes) if first == "the definition" else (deletes, names)
    )
    studio.app.raced.about = "collections/config/log/"
    studio.app.raced.rival = lambda: asyncio.run(other.connected().call(faster, **asked))
    refused = await north.refused(slower, **given)
    if first == "the definition":
        assert (refused["code"], refused["used_by"]) == ("conflict", ["cards"])
        assert (await north.call("list_managed_tags"))["items"][0]["status"] == "Active"
    else:
        assert refused["details"][0]["path"] == "properties[0].managed_tag_id"
        assert "There is no managed tag" in refused["message"]
    await north.close()
    studio.close()


async def test_limits_are_told_with_their_numbers_and_nothing_past_them_is_written(tmp_path):
    studio = Studio(tmp_path / "data").fill()
    studio.do("change_organization", id="shop", rate_limit=1_000_000)
    studio.clock.advance(60)  # the bucket fills
    north = studio.connected()
    await north.call("create_managed_tag", name="Parts")
    asked = {"managed_tag_id": "parts"}
    top = [{"key": "top", "value": "Top"}]
    await north.call("upsert_managed_tag_values", **asked, values=top)
    for begin in range(1, 10_000, 500):
        values = [
            {"key": f"p{n}", "value": f"Part {n}", "parent_key": "top" if n < 600 else ""}
            for n in range(begin, min(begin + 500, 10_000))
        ]
        await north.call("upsert_managed_tag_values", **asked, values=values)
    more = [{"key": "more", "value": "More"}, {"key": "p1", "value": "Changed"}]
    refused = await north.refused("upsert_managed_tag_values", **asked, values=more)
    assert (refused["code"], refused["values"], refused["limit"]) == ("too_large", 10_000, 10_000)
    assert (await keys(north, "parts", query="changed")) == []
    gone = {**asked, "keys": ["top"], "confirm": True}
    refused = await north.refused("delete_managed_tag_values", **gone)
    assert (refused["code"], refused["raised"], refused["limit"]) == ("too_large", 599, 500)
    for number in range(199):
        await north.call("create_managed_tag", name=f"Tag {number}")
    refused = await north.refused("create_managed_tag", name="One more")
    assert (refused["code"], refused["limit"]) == ("too_large", 200)
    await north.close()
    studio.close()
