"""Whatever writes a catalog may be killed at any point: it is as before or as after, and goes on.

Each story is told again and again on one platform, killed one change later every time.
"""

import itertools
from functools import partial

import orjson
import pytest

from shared.catalog.heads import Head, head_path
from shared.catalog.later import REBUILDS, TIDYING
from shared.catalog.lease import SECONDS
from shared.catalog.opened import opened_segments
from shared.catalog.publishing import put_up, take_down
from shared.catalog.segment.manifest import MOST_GENERATIONS
from shared.catalog.versions import every_version, file_name
from tests.mortal import Killed, MortalApp
from tests.platform import Platform, product

pytestmark = pytest.mark.slow


@pytest.fixture
def books(tmp_path):
    platform = Platform(tmp_path / "data", app=MortalApp, export_every=10**9)
    platform.organization("partner")
    platform.catalog("books", [product(str(n)) for n in range(20)])
    yield platform
    platform.close()


def head(platform):
    return Head.of(platform.app.documents.get(head_path("books")))


def served(platform):
    """The served products' titles by key, read on an instance that has nothing open."""
    segment = platform.again().app.once(opened_segments).open("books", head(platform).number)
    return {
        segment.claims(number)[0]: orjson.loads(b"{%b}" % segment.item(number, 0.0))["title"]
        for each in segment.manifest.generations
        for number in segment.living(each)
    }


def generations(platform):
    segment = platform.app.once(opened_segments).open("books", head(platform).number)
    return len(segment.manifest.generations)


def edit(platform, title):
    platform.publish("books", [product("1", title=title)], "upsert_products")


def dying(platform, point, act):
    """Do it, killed at that change; whether it got to its end before."""
    platform.app.life.left = point
    try:
        act()
    except Killed:
        return False
    finally:
        done = not platform.app.life.over
        platform.app.life.left = None
    return done


def told(platform, begin, act, finish):
    """Tell a story killed at each of its changes; how many those were."""
    points = itertools.count()
    done = False
    while not done:
        point = next(points)
        begin(point)
        done = dying(platform, point, partial(act, point))
        platform.clock.advance(SECONDS + 1)
        finish(point)
    return point


def test_a_change_that_makes_one_generation_of_many_is_whole_or_not_at_all(books):
    def begin(_):
        while generations(books) != MOST_GENERATIONS:
            edit(books, f"Edition {head(books).number}")
        books.before = served(books)

    def finish(point):
        after = {**books.before, "1": f"Killed {point}"}
        assert served(books) in (books.before, after)
        edit(books, f"Killed {point}")
        assert served(books) == after
        assert generations(books) < MOST_GENERATIONS or books.before == after

    points = told(books, begin, lambda point: edit(books, f"Killed {point}"), finish)
    assert points > 15


def overdue(platform, records):
    """Bring the turn that is due, as the queue does; afterwards what the sweeper finds."""

    def turn(_):
        record = records.get(platform.app.documents, "books").value
        platform.clock.at = max(platform.clock.at, record.due or platform.clock.at)
        body = {"id": "books", "generation": record.generation}
        platform.job(f"/jobs/{records.collection}", body)

    return turn


def swept(platform):
    for _ in range(3):
        platform.clock.advance(130)
        platform.job("/jobs/sweep", {})
        platform.work(700)


def test_a_tidying_forgets_no_more_and_in_the_end_no_less(books):
    def begin(_):
        books.publish("books", [product(str(n)) for n in range(20)])
        for number in range(3):
            edit(books, f"Edition {number}")
        books.clock.advance(26 * 3600)
        books.before = served(books)

    def finish(_):
        assert served(books) == books.before
        swept(books)
        books.work(2 * 3600)
        assert served(books) == books.before
        found = [each.value for each in every_version(books.app.documents, "books")]
        named = {file_name("books", file) for each in found for file in each.opened().files}
        assert len(found) == 3
        assert {blob.name for blob in books.app.blobs.list("catalogs/books/")} == named
        assert TIDYING.get(books.app.documents, "books").value.due is None

    assert told(books, begin, overdue(books, TIDYING), finish) > 20


def test_a_whole_build_is_whole_or_not_at_all_and_the_sweeper_finishes_it(books):
    def begin(point):
        edited = [product(str(n), title=f"Edited {point}") for n in range(5)]
        books.publish("books", edited, "upsert_products")
        books.before = served(books)

    def finish(_):
        assert served(books) == books.before
        swept(books)
        assert served(books) == books.before
        assert generations(books) == 1
        assert REBUILDS.get(books.app.documents, "books").value.due is None

    assert told(books, begin, overdue(books, REBUILDS), finish) > 20


def test_a_catalog_is_taken_down_or_it_is_not(books):
    def begin(_):
        put_up(books.operator(), "books")

    def finish(_):
        take_down(books.operator(), "books")
        assert head(books).down

    told(books, begin, lambda _: take_down(books.operator(), "books"), finish)
