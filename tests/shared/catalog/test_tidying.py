"""Which versions of a catalog are forgotten, when, and that no change waits for it."""

from datetime import timedelta

import pytest

from shared.catalog.later import TIDYING, tidy_at
from shared.catalog.making import making
from shared.catalog.versions import every_version, file_name
from tests.platform import Platform, call, product

HOUR = 3600
pytestmark = pytest.mark.anyio


@pytest.fixture
def stocked(tmp_path):
    """A stocked platform that exports nothing again."""
    platform = Platform(tmp_path / "data", export_every=10**9)
    platform.organization("partner")
    platform.catalog("books", [product(str(n)) for n in range(1, 6)])
    platform.grant("partner", "books")
    yield platform
    platform.close()


def kept(platform):
    return [each["version"] for each in platform.do("list_versions", catalog="books")]


def versions_of(platform):
    return every_version(platform.app.documents, "books")


def change(platform, number):
    platform.publish("books", [product("1", title=f"Edition {number}")], "upsert_products")


def due(platform):
    return TIDYING.get(platform.app.documents, "books").value.due


def named(platform):
    return {
        file_name("books", file)
        for record in every_version(platform.app.documents, "books")
        for file in record.value.opened().files
    }


def stored(platform):
    return {blob.name for blob in platform.app.blobs.list("catalogs/books/")}


def test_what_a_publish_made_stays_a_day_and_the_last_three_for_ever(stocked):
    for number in range(2, 8):
        stocked.work(5 * HOUR)
        stocked.publish("books", [product(str(number))])
    stocked.work(HOUR)
    assert kept(stocked) == [2, 3, 4, 5, 6, 7]  # 1 was replaced more than a day ago
    stocked.work(48 * HOUR)
    assert kept(stocked) == [5, 6, 7]
    assert stored(stocked) == named(stocked)
    assert due(stocked) is None


def test_a_version_that_is_served_again_is_none_that_was_replaced(stocked):
    """However long ago it was: its files are what partners are answered from."""
    stocked.publish("books", [product("2")])
    stocked.do("roll_back_catalog", catalog="books", version=1)
    served = {each.value.number: each.value.replaced_at for each in versions_of(stocked)}
    assert (served[1], served[2]) == (None, stocked.clock.now())


@pytest.mark.slow
def test_of_small_changes_an_hour_stays_whole_and_then_the_last_of_each_hour(stocked):
    for number in range(18):  # every ten minutes
        change(stocked, number)
        stocked.work(600)
    stocked.work((due(stocked) - stocked.clock.now()).total_seconds())
    now = stocked.clock.now()
    versions = [each.value for each in every_version(stocked.app.documents, "books")]
    replaced = {each.number: each.replaced_at for each in versions if each.replaced_at}
    late = [number for number, at in replaced.items() if at > now - timedelta(hours=1)]
    hours = [at.hour for number, at in replaced.items() if number not in late and number != 1]
    assert len(late) >= 5
    assert late == list(range(late[0], versions[-1].number))  # all of them
    assert hours == [12, 13, 14]
    assert 1 in replaced  # a publish
    assert stored(stocked) == named(stocked)


def test_no_change_looks_at_the_versions_or_lists_files(stocked):
    """Whatever is done about them is asked for once an hour."""
    change(stocked, 1)
    asked = due(stocked)
    assert asked == tidy_at("books", stocked.clock.now())
    for number in range(2, 6):
        stocked.clock.advance(60)
        change(stocked, number)
        assert due(stocked) == asked


@pytest.mark.slow
def test_changes_that_go_on_never_put_the_tidying_off(stocked):
    for number in range(14):
        change(stocked, number)
        stocked.work(600)
    assert not {2, 3, 4} & set(kept(stocked))


def test_while_somebody_writes_the_catalog_it_is_tidied_up_a_little_later(stocked):
    for number in range(6):
        change(stocked, number)
        stocked.clock.advance(2 * HOUR)
    with making(stocked.operator(), "books"):
        record = TIDYING.get(stocked.app.documents, "books").value
        reply = stocked.job("/jobs/tidying", {"id": "books", "generation": record.generation})
        assert b"publish_conflict" in reply.body
        assert len(kept(stocked)) == 7
    stocked.clock.advance(26 * HOUR)
    stocked.work(60)
    assert len(kept(stocked)) == 3


async def test_a_walk_goes_on_for_an_hour_and_then_its_cursor_has_expired(stocked):
    async def page(**asked):
        async with stocked.again().http(stocked.token()) as client:
            answer = await call(
                client, "search_products", {"catalog": "books", "limit": 2, **asked}
            )
        return answer.json()["result"]["structuredContent"]["result"]

    change(stocked, 0)
    walked = (await page())["nextCursor"]
    for number in range(1, 5):
        change(stocked, number)
    stocked.work((due(stocked) - stocked.clock.now()).total_seconds())
    assert len((await page(cursor=walked))["items"]) == 2
    change(stocked, 5)
    stocked.work(2 * HOUR)
    assert (await page(cursor=walked))["error"] == "cursor_expired"
