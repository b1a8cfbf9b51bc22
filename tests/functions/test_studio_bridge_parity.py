"""A catalog by feed and one by endpoint, of the same rows: the same products, orders, lookups."""

import gzip
from collections import Counter
from decimal import Decimal
from itertools import islice

import orjson
import pytest

from shared.catalog.opened import SOURCES, opened_segments
from tests import platform
from tests.functions.catalog_shop import CatalogShop
from tests.platform import Platform

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SHOP = "https://icecat.biz"
TYPES = {
    "title": "Text", "url": "Text", "description": "Text", "brand": "Text", "mpn": "Text",
    "currency": "Text", "color": "Text", "price": "Decimal", "released": "Timestamp",
    "images": "List", "gtin": "List", "categories": "List",
}  # fmt: skip
ROLES = {name: name for name in TYPES if name != "categories"} | {"category_path": "categories"}


def icecat(folder):
    """Every fourth row, with the attributes that most of them have: a source has so many."""
    with gzip.open(folder / "icecat_19k.jsonl.gz") as lines:
        rows = [{"attributes": {}} | orjson.loads(line) for line in islice(lines, 0, None, 4)]
    common = Counter(name for row in rows for name in row["attributes"]).most_common(60)
    kept = {name for name, _ in common if name not in TYPES}
    for row in rows:
        row["attributes"] = {
            name: value for name, value in row["attributes"].items() if name in kept
        }
    return rows


def made_up():
    return [
        {
            "id": f"m{number:04}",
            "title": f"{('Tent', 'Stove', 'Lamp')[number % 3]} {number} for {number % 5} people",
            "url": f"{SHOP}/p/{number}",
            "description": f"Light <b>and</b> sturdy, model {number % 17}.",
            "brand": ("Acme", "Bolt", "Élan")[number % 3],
            "price": 10 + number * 1.25,
            "currency": "EUR",
            "categories": ["Outdoor", ("Tents", "Cooking", "Light")[number % 3]],
            "color": ("Red/Black", "Navy", "")[number % 3],
            "images": [f"/img/{number}.jpg"],
            "gtin": ["4006381333931"] if number % 7 == 0 else [],
            "attributes": {"weight": number * 0.5, "waterproof": number % 2 == 0, "season": "3"},
        }
        for number in range(300)
    ]


def kinds(rows):
    """What each attribute is: a number or a truth value where all are, else a text."""
    seen = {}
    for row in rows:
        for name, value in row["attributes"].items():
            seen.setdefault(name, set()).add(type(value))
    names = {frozenset({bool}): "Boolean", frozenset({int, float}): "Decimal"}
    names |= {frozenset({each}): "Decimal" for each in (int, float)}
    return {name: names.get(frozenset(types), "Text") for name, types in seen.items()}


def entry(row, attributes):
    values = {name: row.get(name) for name in TYPES} | row["attributes"]
    if values["released"]:
        values["released"] += "T00:00:00Z"
    for name, value in values.items():
        type_ = TYPES.get(name) or attributes[name]
        if type_ == "Decimal" and value is not None:
            values[name] = float(value)
        elif type_ == "Text" and value is not None and not isinstance(value, str):
            values[name] = plain(value)
    given = [{"id": name, "value": value} for name, value in values.items() if value]
    given += [{"id": name, "value": value} for name, value in values.items() if value in (0, False)]
    return {"id": row["id"], "properties": given}


def plain(value):
    """A number or a truth value as a text of it."""
    return str(value).lower() if isinstance(value, bool) else f"{Decimal(str(value)).normalize():f}"


async def by_endpoint(shop, rows):
    attributes = kinds(rows)
    types = TYPES | attributes
    declared = [
        {"id": name, "type": type_, **({"delimiter": "|"} if type_ == "List" else {})}
        for name, type_ in types.items()
    ]
    await shop.call("create_data_source", id="rows", name="Rows", properties=declared)
    for at in range(0, len(rows), 400):
        await shop.put("rows", *(entry(row, attributes) for row in rows[at : at + 400]))
    await shop._cards("rows", "rows", [{"id": name} for name in types])
    shop.work(10)
    await shop.call(
        "create_endpoint",
        api_version_id="shop.v1",
        card_definition_id="rows",
        name="rows",
        properties=list(types),
        catalog={
            "key": "north_rows", "display_name": "Rows", "source_base_url": SHOP, "roles": ROLES,
        },
    )  # fmt: skip
    await shop.publish()
    shop.work(30)


def products(shop, key, folder):
    number = shop.app.documents.get(f"heads/{key}").data["number"]
    segment = shop.app.once(opened_segments).hold(key, number, folder, also=SOURCES)
    return {product.key: product for product in segment.products()}


class Partner:
    """An organization that one catalog is granted to, and what it is answered."""

    def __init__(self, shop, key):
        org = shop.organization(key.replace("_", "-"), rate_limit=6_000)
        shop.grant(org, key)
        self._shop, self._key = shop, key
        self._token = shop.token(org, "ada")

    async def answer(self, tool, **asked):
        """An answer without the catalog's key, and the cursor and the id that are made of it."""
        async with self._shop.http(self._token) as client:
            found = await platform.value(client, tool, asked)
        found.pop("nextCursor", None)
        found.get("product", {}).pop("uuid", None)
        return orjson.loads(orjson.dumps(found).decode().replace(self._key, "KEY"))


@pytest.fixture(params=["made_up", "icecat"])
def rows(request):
    if request.param == "made_up":
        return made_up()
    return icecat(request.getfixturevalue("catalog_data"))


async def test_an_endpoint_gives_the_catalog_that_a_feed_gives(tmp_path, rows):
    rows = sorted(rows, key=lambda row: row["id"])
    shop = await CatalogShop(tmp_path / "data").fill().open()
    await shop.destination()
    shop.organization("partner")
    asked = {"display_name": "Rows", "source_base_url": SHOP}
    shop.do("create_catalog", catalog="south_rows", tenant="south", **asked)
    Platform.publish(shop, "south_rows", rows, language="en")
    await by_endpoint(shop, rows)
    fed = products(shop, "south_rows", tmp_path / "south_rows")
    mine = products(shop, "north_rows", tmp_path / "mine")
    assert mine.keys() == fed.keys()
    for key, product in fed.items():
        assert mine[key] == product
    one, other = Partner(shop, "south_rows"), Partner(shop, "north_rows")
    for row in rows[:: len(rows) // 30]:
        query = " ".join(row["title"].split()[:3])
        for tool, asked in (
            ("search_products", {"query": query, "limit": 50}),
            ("search_products", {"query": row["brand"], "limit": 50}),
            ("lookup_product", {"canonical_url": row["url"]}),
        ):
            answers = [await each.answer(tool, **asked) for each in (one, other)]
            assert answers[0] == answers[1], asked
        assert answers[0]["product"]["identifiers"]["productId"] == row["id"]
    await shop.north.close()
    shop.close()
