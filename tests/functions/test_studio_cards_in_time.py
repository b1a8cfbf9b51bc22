"""An edit is in the cards soon, whatever else waits: counted in commits, which no clock moves."""

import pytest

from shared.auth.faces import STUDIO
from shared.invoke import Request, invoke
from shared.studio.tools.entries import family as ingesting
from tests.functions.card_shop import CardShop
from tests.functions.studio_shop import given
from tests.raced import RacedApp

pytestmark = pytest.mark.anyio
ACTIVE = "card.cards.1"


@pytest.fixture
async def shop(tmp_path):
    """On a store where an edit can come just before a commit."""
    shop = await CardShop(tmp_path / "data", app=RacedApp).fill().open()
    yield await shop.stocked()
    await shop.north.close()
    shop.close()


async def revision_of(shop, card):
    """Which of the cards' commits changed a card."""
    keyed = {"property": "id", "type": "key", "op": "eq", "value": card}
    page = await shop.call("search_cards", card_definition_id="cards", filters=[keyed])
    return page["items"][0]["revision"]


def many(count, **values):
    """Imports of so many entries, 500 in each."""
    entries = [given(f"w{n:05}", **values) for n in range(count)]
    return [entries[at : at + 500] for at in range(0, count, 500)]


async def test_an_edit_behind_a_long_import_is_in_the_cards_after_two_commits(shop):
    for some in many(2888, title="W"):
        await shop.put("products", *some)
    await shop.put("products", given("p1", title="Edited"))
    before = shop.head(ACTIVE).seq
    shop.work(5)
    assert await revision_of(shop, "p1") - before == 2
    assert shop.head(ACTIVE).seq - before == 7
    assert (await shop.cards())["p1"]["name"] == "Edited"
    assert await shop.cards() == await shop.expected()


async def test_an_edit_while_cards_are_walked_and_imports_wait_is_in_them_after_three(shop):
    """Whatever step the turn is at: it is made just before one of the cards' commits."""
    for some in many(1500, title="W", size="1"):
        await shop.put("products", *some)
    shop.work(5)
    for number, waiting in enumerate((0, 1000, 1000)):
        small = {"property": "size", "type": "number", "op": "eq", "value": 1 + number}
        await shop.call(
            "create_segment", name=f"S{number}", card_definition_id="cards", filter=[small]
        )
        for some in many(waiting, size=str(number + 2)):
            await shop.put("products", *some)
        seen = []

        def edits(number=number, seen=seen):
            seen.append(shop.head(ACTIVE).seq)
            imported(shop, given("p1", title=f"Edit {number}"))

        shop.app.raced.about, shop.app.raced.rival = f"collections/{ACTIVE}/log/", edits
        shop.work(5)
        assert (await shop.cards())["p1"]["name"] == f"Edit {number}"
        assert await revision_of(shop, "p1") - seen[0] <= 3, (number, seen)
        assert shop.head(ACTIVE).seq - seen[0] >= 3


def imported(shop, *entries):
    """An import that another instance does."""
    token = shop.app.tokens.verify(shop.bearer(), STUDIO)
    request = Request(token, "studio", "test", tenant="north")
    arguments = {"source_id": "products", "entries": list(entries)}
    (tool,) = (tool for tool in ingesting.tools if tool.name == "import_data")
    assert invoke(tool, shop.app, request, arguments).problem is None
