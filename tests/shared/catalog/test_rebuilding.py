"""A worn catalog is built whole in a turn of its own, while it is served and changed."""

import pytest

from shared.app import App
from shared.catalog.heads import Head, head_path
from shared.catalog.later import REBUILDS
from shared.catalog.opened import opened_segments
from shared.local.blobs import FolderBlobs
from tests.platform import Platform, product, value

pytestmark = pytest.mark.anyio


class WatchedBlobs(FolderBlobs):
    """Calls `meanwhile`, once, when a file is fetched after it was set."""

    meanwhile = None

    def fetch(self, name, target):
        super().fetch(name, target)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()


class Watched(App):
    """An app during whose downloads something may happen."""

    @property
    def blobs(self):
        return self.once(_watched)


def _watched(app):
    return WatchedBlobs(app.settings.data / "blobs")


@pytest.fixture
def worn(tmp_path):
    """`books`, forty products of which ten were edited, so that a whole build is due."""
    platform = Platform(tmp_path / "data", app=Watched)
    platform.organization("partner")
    platform.catalog("books", [product(str(n)) for n in range(40)])
    platform.grant("partner", "books")
    edited = [product(str(n), title=f"Edited {n}") for n in range(10)]
    platform.publish("books", edited, "upsert_products", source_revision="shop:4")
    yield platform
    platform.close()


def head(platform):
    return Head.of(platform.app.documents.get(head_path("books")))


def segment(platform):
    return platform.app.once(opened_segments).open("books", head(platform).number)


def turn(platform):
    """The turn that is due, as the queue would bring it; what came of it."""
    record = REBUILDS.get(platform.app.documents, "books").value
    platform.clock.at = max(platform.clock.at, record.due)
    reply = platform.job("/jobs/rebuilds", {"id": "books", "generation": record.generation})
    return reply.body.decode().split('"')[3]


def meanwhile(platform, happens):
    """What happens while the version is fetched that is being built whole."""
    platform.app.blobs.meanwhile = happens


async def walked(platform):
    async with platform.again().http(platform.token()) as client:
        page = await value(client, "search_products", {"catalog": "books", "limit": 100})
    return page["items"]


async def test_no_change_builds_the_catalog_whole_but_asks_for_it(worn):
    assert len(segment(worn).manifest.generations) == 2
    assert segment(worn).manifest.worn
    assert REBUILDS.get(worn.app.documents, "books").value.due is not None


async def test_built_whole_it_answers_as_before_from_one_generation(worn):
    before = await walked(worn)
    assert turn(worn) == "built whole"
    assert await walked(worn) == before
    assert len(segment(worn).manifest.generations) == 1
    assert head(worn).source_revision == "shop:4"
    assert REBUILDS.get(worn.app.documents, "books").value.due is None
    versions = worn.do("list_versions", catalog="books")
    assert [each["madeBy"] for each in versions] == ["publish", "upsert", "rebuild"]
    assert versions[-1]["served"] is True


async def test_a_catalog_that_is_worn_again_by_every_change_is_built_every_ten_minutes(worn):
    def due():
        return REBUILDS.get(worn.app.documents, "books").value.due

    asked = due()
    for number in range(5):
        worn.publish("books", [product("1", title=f"Edition {number}")], "upsert_products")
        assert due() == asked
    assert turn(worn) == "built whole"
    worn.publish("books", [product(str(n)) for n in range(10)], "upsert_products")
    assert (due() - asked).total_seconds() == 600


async def test_what_changes_meanwhile_is_changed_in_the_whole_build_too(worn):
    def changes():
        other = worn.again()
        for number in range(12):  # enough for generations to become one
            edited = product(str(number), title=f"Late {number}")
            other.publish("books", [edited, product(f"new {number}")], "upsert_products")
        other.do("delete_products", catalog="books", keys=["20", "21", "new 3"])
        again = [product("21", title="Back again")]
        other.publish("books", again, "upsert_products", source_revision="shop:9")

    meanwhile(worn, changes)
    assert turn(worn) == "built whole"
    found = {item["title"] for item in await walked(worn)}
    expected = {f"Late {n}" for n in range(12)} | {f"Product {n}" for n in range(12, 40)}
    expected |= {f"Product new {n}" for n in range(12)} | {"Back again"}
    assert found == expected - {"Product 20", "Product 21", "Product new 3"}
    assert [each.number for each in segment(worn).manifest.generations] == [0, 1]
    assert head(worn).source_revision == "shop:9"


@pytest.mark.parametrize("happens", ["a publish", "a rollback"])
async def test_a_publish_or_rollback_meanwhile_stays_what_is_served(worn, happens):
    def overtaken():
        if happens == "a publish":
            worn.again().publish("books", [product("99")])
        else:
            worn.again().do("roll_back_catalog", catalog="books", version=1)

    meanwhile(worn, overtaken)
    assert turn(worn) == "overtaken"
    served = head(worn)
    assert served.number == (3 if happens == "a publish" else 1)
    assert turn(worn) == "nothing to do"
    assert head(worn) == served
    assert REBUILDS.get(worn.app.documents, "books").value.due is None


async def test_a_turn_that_comes_twice_at_once_builds_once(worn):
    outcomes = []
    meanwhile(worn, lambda: outcomes.append(turn(worn.again())))
    assert (turn(worn), outcomes) == ("built whole", ["publish_conflict"])
    assert head(worn).number == 3
    assert REBUILDS.get(worn.app.documents, "books").value.due is None
