"""Whatever happens, and in whatever order: cards end as a plain computation of all entries says."""

import random
from dataclasses import dataclass, field

import pytest

from functions.engine.turns import KINDS
from shared.ports.documents import Query
from tests.functions.card_shop import CardShop
from tests.functions.studio_shop import given
from tests.mortal import dies

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path):
    shop = await CardShop(tmp_path / "data").fill().open()
    yield shop
    await shop.north.close()
    shop.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_every_card_is_what_a_plain_computation_says(shop, seed):
    """Imports, edits of definition and segments, a queue that loses, doubles and turns around."""
    chance = random.Random(seed)
    await shop.define()
    await shop.activate()
    shop.work(5)
    kept, size, deaths, segments, edited = [], "Integer", 0, {}, 0
    for number in range(70):
        match chance.randrange(10):
            case 0 | 1 | 2:
                keys = chance.sample(range(30), chance.randint(1, 8))
                await shop.put("products", *(product(chance, key) for key in keys))
            case 3 | 4:
                keys = chance.sample(range(20), chance.randint(1, 5))
                await shop.put("photos", *(photo(chance, key) for key in keys))
            case 5 if chance.random() < 0.3:
                size = await redefined(shop, size)
            case 6 | 7:
                edited += await regrouped(shop, chance, segments, number)
            case _:
                kept += shop.tasks()
                chance.shuffle(kept)
                for task in [kept.pop() for _ in range(chance.randint(0, len(kept)))]:
                    if chance.random() < 0.2:
                        deaths += dies(shop, task, chance.randint(0, 8))
                    elif chance.random() < 0.9:
                        shop.do_task(task)
        shop.clock.advance(chance.choice((0, 1, 40)))
    shop.catch_up(900)
    expected = await shop.expected(size)
    assert await shop.cards() == expected
    assert await grouped(shop) == {
        key: sorted(id_ for id_, each in segments.items() if each.has(key, card))
        for key, card in expected.items()
    }
    assert edited > 5
    definition = (await shop.call("list_configuration", focus="card:cards"))["definition"]
    assert definition["status"] == "Active"
    head = shop.head(f"card.cards.{definition['revision']}")
    for name, (_, seq) in head.inputs.items():
        assert seq == shop.head(name).seq
    assert not head.walks
    for kind in KINDS:
        due = shop.app.documents.query(Query(kind.overdue, end=shop.clock.now(), limit=10)).items
        assert not due, kind


@dataclass
class Group:
    """A segment, as the test knows it: cards of these names, or these cards."""

    names: list | None
    members: set = field(default_factory=set)
    left_out: set = field(default_factory=set)
    active: bool = True

    def has(self, key, card):
        named = key in self.members if self.names is None else card.get("name") in self.names
        return self.active and named and key not in self.left_out

    @property
    def asks(self):
        if self.names is None:
            return {"card_ids": sorted(self.members)}
        named = {"property": "name", "type": "text", "op": "in", "value": self.names}
        return {"filter": [named]}


def keys(chance):
    return {f"p{key}" for key in chance.sample(range(40), chance.randint(1, 8))}


def another(chance, *, fixed):
    if fixed:
        return Group(None, keys(chance))
    return Group([f"T{n}" for n in chance.sample(range(10), 3)])


async def regrouped(shop, chance, segments, number):
    """One edit of segments, a new one or of one there is; whether it was done."""
    if len(segments) < 2 or chance.random() < 0.3:
        id_, made = f"s{number}", another(chance, fixed=chance.random() < 0.4)
        asked = {"id": id_, "name": id_, "card_definition_id": "cards", **made.asks}
        if not await done(shop, "create_segment", **asked):
            return False
        segments[id_] = made
        return True
    id_, group = chance.choice(sorted(segments.items()))
    some, made = keys(chance), another(chance, fixed=group.names is None)
    edit = chance.choice(("asks", "leaves out", "takes in", "moves", "goes"))
    asked = {
        "asks": made.asks,
        "leaves out": {"exclude_card_ids": sorted(some)},
        "takes in": {"include_card_ids": sorted(some)},
        "moves": {"status": "Archived" if group.active else "Active"},
        "goes": {"confirm": True},
    }[edit]
    tool = "delete_segment" if edit == "goes" else "update_segment"
    if not await done(shop, tool, segment_id=id_, **asked):
        return False
    match edit:
        case "asks":
            group.names, group.members = made.names, made.members
        case "leaves out" if group.names is None:
            group.members -= some
        case "leaves out":
            group.left_out |= some
        case "takes in":
            group.left_out -= some
            group.members |= some if group.names is None else set()
        case "moves":
            group.active = not group.active
        case _:
            del segments[id_]
    return True


async def done(shop, tool, **asked):
    """Whether it was done; else there are no cards yet."""
    value, failed = await shop.tried(tool, **asked)
    assert not failed or value["code"] in ("conflict", "unavailable"), value
    return not failed


async def grouped(shop):
    """The segments of each card."""
    found, cursor = {}, ""
    while cursor is not None:
        page = await shop.call(
            "search_cards",
            card_definition_id="cards",
            limit=200,
            cursor=cursor,
            properties=["name"],
        )
        found |= {each["id"]: sorted(each["segments"]) for each in page["items"]}
        cursor = page["next_cursor"]
    return found


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
