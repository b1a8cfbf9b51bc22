"""Whatever happens, and in whatever order: cards end as a plain computation of all entries says."""

import random

import pytest

from functions.engine.turns import KINDS
from shared.ports.documents import Query
from tests.functions.card_shop import CardShop
from tests.functions.studio_shop import given

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path):
    shop = await CardShop(tmp_path / "data").fill().open()
    yield shop
    await shop.north.close()
    shop.close()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_every_card_is_what_a_plain_computation_says(shop, seed):
    """Imports, edits of the definition, a queue that loses, doubles, delays and turns around."""
    chance = random.Random(seed)
    await shop.define()
    await shop.activate()
    kept, size, deaths = [], "Integer", 0
    for _ in range(60):
        match chance.randrange(8):
            case 0 | 1 | 2:
                keys = chance.sample(range(30), chance.randint(1, 8))
                await shop.put("products", *(product(chance, key) for key in keys))
            case 3 | 4:
                keys = chance.sample(range(20), chance.randint(1, 5))
                await shop.put("photos", *(photo(chance, key) for key in keys))
            case 5 if chance.random() < 0.3:
                size = await redefined(shop, size)
            case _:
                kept += shop.tasks()
                chance.shuffle(kept)
                for task in [kept.pop() for _ in range(chance.randint(0, len(kept)))]:
                    if chance.random() < 0.2:
                        deaths += not shop.dies(task, chance.randint(0, 8))
                    elif chance.random() < 0.9:
                        shop.do_task(task)
        shop.clock.advance(chance.choice((0, 1, 40)))
    shop.catch_up(900)
    assert await shop.cards() == await shop.expected(size)
    definition = (await shop.call("list_configuration", focus="card:cards"))["definition"]
    assert definition["status"] == "Active"
    head = shop.head(f"card.cards.{definition['revision']}")
    for name, (_, seq) in head.inputs.items():
        assert seq == shop.head(name).seq
    assert not head.walks
    for kind in KINDS:
        due = shop.app.documents.query(Query(kind.overdue, end=shop.clock.now(), limit=10)).items
        assert not due, kind


def product(chance, key):
    if chance.random() < 0.2:
        return {"id": f"p{key}", "delete": True}
    size = chance.choice(("1", "2", "large", None))
    return given(f"p{key}", title=f"T{chance.randint(0, 9)}", size=size)


def photo(chance, key):
    if chance.random() < 0.2:
        return {"id": f"f{key}", "delete": True}
    return given(f"f{key}", of=f"p{chance.randint(0, 40)}", url=f"u{key}")


async def redefined(shop, size):
    other = "Text" if size == "Integer" else "Integer"
    value, failed = await shop.tried(
        "update_card_definition",
        card_definition_id="cards",
        properties_upsert=[{"id": "size", "type": other}],
    )
    if failed:  # it is being built
        assert value["code"] == "conflict", value
        return size
    await shop.tried("activate_card_definition", card_definition_id="cards")
    return other
