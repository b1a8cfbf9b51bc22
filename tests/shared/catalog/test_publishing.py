"""Publishing: versions, rollback, small changes, what a crash leaves, who may write."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from shared.catalog.opened import opened_segments
from shared.catalog.products.product import Product
from shared.catalog.publishing import publish
from shared.errors import Problem
from shared.indexes.folders import remove
from shared.tool import silently
from tests.platform import Platform, product, value

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.anyio


def rows(*numbers, **fields):
    return [product(str(n), **fields) for n in numbers]


async def titles(platform, **arguments):
    """What a partner sees of `books` now, on an instance of its own."""
    async with platform.again().http(platform.token()) as client:
        page = await value(client, "search_products", {"catalog": "books", **arguments})
    return {item["title"] for item in page["items"]}


async def test_a_publish_replaces_the_whole_catalog_on_the_next_call(stocked):
    report = stocked.publish("books", rows(1, 7))
    assert (report["version"], report["productCount"], report["accepted"]) == (2, 2, 2)
    assert await titles(stocked) == {"Product 1", "Product 7"}


async def test_an_instance_that_served_the_old_version_serves_the_new_one_at_once(stocked):
    async with stocked.http(stocked.token()) as client:
        assert len((await value(client, "search_products", {"catalog": "books"}))["items"]) == 5
        stocked.again().publish("books", rows(9))
        page = await value(client, "search_products", {"catalog": "books"})
        assert [item["title"] for item in page["items"]] == ["Product 9"]
        assert (await value(client, "list_catalogs"))[0]["productCount"] == 1


async def test_upserts_and_deletes_change_only_what_they_name(stocked):
    stocked.publish(
        "books", [product("2", title="Second, revised"), product("6")], "upsert_products"
    )
    served = stocked.do("delete_products", catalog="books", keys=["1", "never was"])
    assert served["version"] == 3
    assert await titles(stocked) == {
        "Second, revised", "Product 3", "Product 4", "Product 5", "Product 6"
    }  # fmt: skip


async def test_a_deleted_or_moved_products_old_page_finds_nothing(stocked):
    stocked.publish("books", [product("2", url="https://books.example/p/two")], "upsert_products")
    stocked.do("delete_products", catalog="books", keys=["1"])
    async with stocked.http(stocked.token()) as client:
        for page, found in (("1", False), ("2", False), ("two", True), ("3", True)):
            url = f"https://books.example/p/{page}"
            answer = await value(client, "lookup_product", {"canonical_url": url})
            assert ("product" in answer) is found, page


async def test_a_rollback_serves_an_earlier_version_and_numbers_go_on(stocked):
    stocked.publish("books", rows(7))
    served = stocked.do("roll_back_catalog", catalog="books", version=1)
    assert (served["version"], served["productCount"]) == (1, 5)
    assert len(await titles(stocked)) == 5
    assert stocked.publish("books", rows(8))["version"] == 3
    kept = stocked.do("list_versions", catalog="books")
    assert [(each["version"], each["served"]) for each in kept] == [
        (1, False), (2, False), (3, True)
    ]  # fmt: skip


async def test_a_product_keeps_its_uuid_through_republish_and_rollback(stocked):
    async with stocked.http(stocked.token()) as client:

        async def uuid():
            asked = {"catalog": "books", "query": "3", "view": "full"}
            return (await value(client, "search_products", asked))["items"][0]["uuid"]

        first = await uuid()
        stocked.publish("books", rows(3, 4))
        assert await uuid() == first
        stocked.do("roll_back_catalog", catalog="books", version=1)
        assert await uuid() == first


async def test_rejected_rows_are_reported_with_line_and_reason_and_the_rest_is_published(stocked):
    feed = [*rows(*range(1, 40)), {"id": "bad", "title": "No page"}, product("x", surprise=1)]
    report = stocked.publish("books", feed, rejected_share=0.1)
    assert (report["accepted"], report["rejected"]) == (39, 2)
    assert [row["line"] for row in report["rejectedRows"]] == [40, 41]
    assert "url" in report["rejectedRows"][0]["reasons"][0]
    assert "surprise" in report["rejectedRows"][1]["reasons"][0]


async def test_a_url_that_two_products_claim_goes_to_the_lower_key_and_is_reported(stocked):
    shared_page = "https://books.example/p/both"
    feed = [product("b", url=shared_page), product("a", url=f"{shared_page}?utm_source=x")]
    report = stocked.publish("books", [*rows(1, 2), *feed])
    expected = [{"url": shared_page, "product": "a", "others": ["b"]}]
    assert (report["disputed"], report["disputedUrls"]) == (1, expected)
    async with stocked.http(stocked.token()) as client:
        found = await value(client, "lookup_product", {"canonical_url": shared_page})
    assert found["product"]["title"] == "Product a"
    later = stocked.publish("books", [product("0", url=shared_page)], "upsert_products")
    assert later["disputedUrls"] == [{"url": shared_page, "product": "0", "others": ["a", "b"]}]
    assert stocked.publish("books", rows(1, 2))["disputed"] == 0


@pytest.mark.parametrize("feed", [[{"id": "bad"}, *rows(1, 2)], [{"id": "bad"}], []])
async def test_above_the_tolerated_share_nothing_is_published(stocked, feed):
    with pytest.raises(Problem) as refused:
        stocked.publish("books", feed)
    assert refused.value.code in ("publish_rejected", "invalid")
    assert len(await titles(stocked)) == 5
    assert len(stocked.do("list_versions", catalog="books")) == 1


async def test_a_catalog_that_was_never_published_does_not_exist_for_partners(platform):
    platform.organization("owner", type="catalog_owner")
    platform.do("create_tenant", id="shop", name="Shop", org="owner")
    platform.do(
        "create_catalog",
        catalog="empty",
        tenant="shop",
        display_name="Empty",
        source_base_url="https://empty.example",
    )
    platform.grant("partner", "empty")
    async with platform.http(platform.token()) as client:
        assert await value(client, "list_catalogs") == []


async def test_while_one_writer_is_at_work_another_is_told_to_wait(stocked):
    def meanwhile():
        yield from rows(1)
        with pytest.raises(Problem) as refused:
            stocked.again().publish("books", rows(2))
        assert refused.value.code == "publish_conflict"
        yield from rows(3)

    stocked.publish("books", list(rows(1)))
    publish_with(stocked, meanwhile())
    assert await titles(stocked) == {"Product 1", "Product 3"}


def publish_with(platform, feed_rows):
    """Publish rows that are made while the publish runs."""
    products = (Product(key=row["id"], url=row["url"], title=row["title"]) for row in feed_rows)
    return publish(platform.operator(), "books", products, progress=silently)


async def test_a_writer_whose_lease_ran_out_loses_and_the_other_wins(stocked):
    def slowly():
        yield from rows(1)
        stocked.clock.advance(121)
        stocked.again().publish("books", rows(2))
        yield from rows(3)

    with pytest.raises(Problem) as lost:
        publish_with(stocked, slowly())
    assert lost.value.code == "publish_conflict"
    assert await titles(stocked) == {"Product 2"}


async def test_a_publish_longer_than_its_lease_goes_on_and_nobody_comes_between(stocked):
    """A thousand rows a minute: each thousand renews the lease of two minutes."""

    def long():
        for number in range(3_500):
            if number % 1_000 == 999:
                stocked.clock.advance(61)
            if number == 3_400:
                with pytest.raises(Problem) as refused:
                    stocked.again().publish("books", rows(2))
                assert refused.value.code == "publish_conflict"
            yield product(str(number))

    publish_with(stocked, long())
    async with stocked.http(stocked.token()) as client:
        assert (await value(client, "list_catalogs"))[0]["productCount"] == 3_500


async def test_exactly_the_tolerated_share_of_rejected_rows_is_published(stocked):
    bad = [{"id": f"bad{number}"} for number in range(2)]
    assert stocked.publish("books", [*bad[:1], *rows(*range(19))])["productCount"] == 19
    with pytest.raises(Problem) as refused:
        stocked.publish("books", [*bad, *rows(*range(37))])
    assert refused.value.code == "publish_rejected"
    assert (refused.value.details["rejected"], refused.value.details["rows"]) == (2, 39)


def publish_in_a_process(folder, feed, step, count):
    command = [sys.executable, "-m", "tests.shared.catalog.publisher", str(folder)]
    return subprocess.run(
        [*command, "books", str(feed), step, str(count)], cwd=ROOT, capture_output=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("reading", 1000),
        ("reading", 2500),
        ("storing", 1),
        ("storing", 4),
        ("storing", 8),
    ],
)
async def test_a_publish_killed_at_any_point_leaves_the_old_version_and_a_rerun_finishes(
    tmp_path, step, count
):
    from shared.clock import SystemClock

    platform = Platform(tmp_path / "data", SystemClock())
    platform.organization("partner")
    platform.catalog("books", rows(1, 2, 3))
    platform.grant("partner", "books")
    feed = platform.feed(rows(*range(10, 2510)))
    killed = publish_in_a_process(platform.folder, feed, step, count)
    assert killed.returncode == -signal.SIGKILL
    assert await titles(platform) == {"Product 1", "Product 2", "Product 3"}
    platform.close()
    later = Platform(tmp_path / "data")  # its clock stands where the test wants it
    later.clock.at = SystemClock().now() + timedelta(seconds=121)  # the dead writer's lease is over
    report = later.do("publish_catalog", confirm=True, catalog="books", source=str(feed))
    assert (report["version"], report["productCount"]) == (2, 2500)
    later.close()


async def test_many_small_changes_become_few_generations_and_nothing_is_lost(stocked):
    for number in range(10, 22):
        stocked.publish("books", rows(number), "upsert_products")
    assert await titles(stocked, limit=100) == {
        f"Product {n}" for n in (*range(1, 6), *range(10, 22))
    }
    last = stocked.app.documents.get("heads/books").data["number"]
    assert last == 13
    segment = stocked.app.once(opened_segments).open("books", last)
    assert 1 < len(segment.manifest.generations) <= 8


async def test_small_changes_go_on_after_another_process_tidied_up_what_they_build_on(stocked):
    """Twelve of them: some make one generation of several, which takes their source files too."""
    opened = stocked.app.once(opened_segments)
    for number in range(10, 22):
        remove(opened.open("books", number - 9).directory)
        stocked.publish("books", rows(number), "upsert_products")
    assert await titles(stocked, limit=100) == {
        f"Product {n}" for n in (*range(1, 6), *range(10, 22))
    }


async def test_a_catalog_on_a_new_host_is_found_there_by_everyone_it_is_granted_to(stocked):
    moved = [product("1", url="https://new-shop.example/1")]
    stocked.publish("books", moved)
    async with stocked.http(stocked.token()) as client:
        found = await value(client, "lookup_product", {"canonical_url": moved[0]["url"]})
    assert found["product"]["title"] == "Product 1"


async def test_products_on_too_many_hosts_are_refused_whole(stocked):
    scattered = [product(str(n), url=f"https://shop-{n}.example/p") for n in range(65)]
    with pytest.raises(Problem) as refused:
        stocked.publish("books", scattered)
    assert refused.value.code == "invalid"
    assert len(await titles(stocked)) == 5


async def test_every_change_of_a_catalog_is_one_audit_record(stocked):
    from shared.ports.documents import Query
    from shared.queries import AUDIT_OF_ORGANIZATION

    def events():
        page = stocked.app.documents.query(Query(AUDIT_OF_ORGANIZATION, equal={"org": ""}))
        return [item.data["event"] for item in page.items if item.data["target"] == "books"]

    before = len(events())
    stocked.publish("books", rows(1, 2))
    stocked.publish("books", rows(3), "upsert_products")
    stocked.do("roll_back_catalog", catalog="books", version=1)
    assert len(events()) == before + 3
