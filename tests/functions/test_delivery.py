"""What applications ask of an endpoint, as its query says: filters, ranges, orders, deltas."""

import random

import pytest

from functions.engine.turns import KINDS
from shared import work
from shared.engine.derived import KEPT
from tests.functions.destination_shop import DestinationShop, p
from tests.functions.studio_shop import given

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await DestinationShop(tmp_path / "data", **stores).fill().open()
    await shop.stock()
    yield await shop.published(default_sort=["-size"])
    await shop.north.close()
    shop.close()


def filtered(*groups):
    return {"filter": list(groups), "sortAsc": ["id"]}


QUERIES = [
    ({"must": {"brand": ["Acme"]}}, [n for n in range(20) if n % 2 == 0]),
    ({"must": {"brand": ["acme", "none"], "size": [4, "5", 6]}}, [4, 6]),
    ({"mustNot": {"brand": ["Bolt"]}, "range": {"size": {"gte": 10, "lt": 15}}}, [10, 12, 14]),
    ({"must": {"id": ["p03", "p19", "p99"]}}, [3, 19]),
    ({"range": {"size": {"gt": "17"}}}, [18, 19]),
    ({"must": {"label": ["Thing 7"]}}, [7]),
]


@pytest.mark.parametrize(("group", "expected"), QUERIES)
async def test_a_group_holds_where_all_of_it_does(shop, group, expected):
    assert await shop.ids(**filtered(group)) == p(*expected)


async def test_of_several_groups_one_is_enough(shop):
    groups = [{"must": {"size": [1]}}, {"must": {"brand": ["Acme"]}, "range": {"size": {"lt": 3}}}]
    assert await shop.ids(**filtered(*groups)) == p(0, 1, 2)


async def test_a_filter_sees_what_is_shown_in_the_language(shop):
    """Where a language has no value, that of the default language stands in for it."""
    asked = filtered({"must": {"label": ["Sak 1", "Thing 2", "Thing 3"]}})
    assert await shop.ids(**asked, language="sv") == p(1, 2)


async def test_entries_come_in_the_endpoints_order_unless_another_is_asked(shop):
    assert (await shop.ids())[:2] == p(19, 18)
    assert (await shop.ids(sortAsc=["brand"], sortDesc=["size"]))[:2] == p(18, 16)
    assert (await shop.ids(skip=18)) == p(1, 0)


async def test_pages_of_any_order_go_on_by_cursor_and_by_id_behind_the_last(shop):
    for order in ({"sortAsc": ["brand", "size"]}, {"sortDesc": ["label"]}, {}):
        found, cursor = [], ""
        while cursor is not None:
            page = await shop.ask(top=7, listIds=True, cursor=cursor, **order)
            found += page["results"]
            cursor = page["cursor"]
        assert found == await shop.ids(**order)
    found, last = [], []
    while page := (await shop.ask(top=7, listIds=True, sortAsc=["id"], after=last))["results"]:
        found += page
        last = page[-1:]
    assert found == p(*range(20))


async def test_words_are_searched_in_their_letter_case_unless_it_does_not_count(shop):
    assert await shop.ids(search=["thing 7"]) == []
    assert await shop.ids(search=["thing 7"], caseInsensitiveSearch=True) == p(7)
    assert await shop.ids(search=["Thing 7"]) == p(7)
    assert await shop.ids(search=["Thing 7"], searchOn=["name"]) == []


WRONG = [
    ({"filter": [{"must": {"sise": [1]}}]}, "filter[0].must.sise"),
    ({"filter": [{"must": {"size": ["big"]}}]}, "filter[0].must.size[0]"),
    ({"filter": [{"range": {"name": {"gt": 1}}}]}, "filter[0].range.name"),
    ({"filter": [{"range": {"size": {}}}]}, "filter[0].range.size"),
    ({"sortAsc": ["nothing"]}, "sortAsc[0]"),
    ({"after": ["p01"], "sortAsc": ["size"]}, "after"),
    ({"after": ["p01"], "skip": 3}, "skip"),
    ({"searchOn": ["name"]}, "searchOn"),
    ({"search": ["x"], "searchOn": ["size"]}, "searchOn[0]"),
    ({"includeDeleted": True}, "includeDeleted"),
    ({"cursor": "nothing"}, "cursor"),
    ({"top": 501}, "top"),
    ({"limit": 5}, "limit"),
    ({"period": {"since": "yesterday"}}, "period.since"),
]


@pytest.mark.parametrize(("query", "path"), WRONG)
async def test_what_cannot_be_asked_is_refused_by_its_path(shop, query, path):
    refused = await shop.unanswered(**query)
    assert (refused["code"], refused["details"][0]["path"]) == ("validation_error", path)


async def synchronized(shop, mirror, since=None, meanwhile=None):
    """A delta, page by page, as an application takes it; from when the next one is."""
    until, last = None, []
    while True:
        period = {"period": {"since": since}, "includeDeleted": True} if since else {}
        page = await shop.ask(top=3, sortAsc=["id"], after=last, **period)
        until = until or page["until"]
        for gone in page.get("deleted", ()):
            mirror.pop(gone, None)
        mirror |= {each["id"]: each for each in page["results"]}
        if page["cursor"] is None:
            return until
        last = [page["results"][-1]["id"]]
        if meanwhile:
            await meanwhile()


async def test_deltas_while_everything_changes_come_to_exactly_the_endpoint(shop):
    chance, mirror, since = random.Random(7), {}, None

    async def write():
        key = f"p{chance.randrange(25):02}"
        if chance.random() < 0.3:
            await shop.put("goods", {"id": key, "delete": True})
        else:
            await shop.put("goods", given(key, title=f"N{chance.random()}", brand="Acme"))
        shop.clock.advance(0.2)
        shop.work(1)

    for _ in range(12):
        since = await synchronized(shop, mirror, since, meanwhile=write)
    shop.work(5)
    await synchronized(shop, mirror, since)
    assert mirror == {each["id"]: each for each in (await shop.ask(top=500))["results"]}
    assert len(mirror) > 10


async def test_deletions_are_known_for_thirty_days_and_older_ones_are_refused(shop):
    since = (await shop.ask())["until"]
    await shop.put("goods", {"id": "p03", "delete": True})
    shop.work(5)
    asked = {"period": {"since": since}, "includeDeleted": True}
    assert (await shop.ask(**asked))["deleted"] == p(3)
    shop.clock.advance(KEPT.total_seconds())
    work.sweep(shop.app, KINDS)
    refused = await shop.unanswered(**asked)
    assert (refused["details"][0]["path"], "kept_since" in refused) == ("period.since", True)
