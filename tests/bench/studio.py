"""The studio's calls to measure: a tenant whose source holds all of icecat_19k."""

import tempfile
from pathlib import Path

import orjson

from shared.auth.faces import STUDIO
from shared.cli import demo_shop
from tests.bench.owner import Owner
from tests.bench.stock import DAY, ERAS, feed_rows, tool_calls

CARD_PROPERTIES = ("title", "description", "brand", "price", "currency", "url", "mpn", "color")
TENANT = "shop"
SOURCE = demo_shop.SOURCE
WELL_KNOWN = {"property": "name", "type": "text", "op": "in", "value": ["HP", "Lenovo", "Xerox"]}
SEARCHED = [
    {
        "source_id": SOURCE,
        "filters": [{"property": "price", "type": "number", "op": "between", "value": [low, 900]}],
        "sort": [{"property": "price", "dir": "desc"}],
        "facets": [{"property": "brand"}, {"property": "currency"}],
        "properties": ["title", "brand", "price", "url"],
        "limit": 50,
    }
    for low in range(100)
]
"""A filter, an order, a page of 50 and two facets: each another question."""
CARDS = [
    {
        "card_definition_id": "products",
        "filters": [{"property": "price", "type": "number", "op": "gte", "value": low}],
        "segments": {"any_of": ["affordable"]},
        "relations": [{"relation_id": "made-by", "target_filters": [WELL_KNOWN]}],
        "sort": [{"property": "price", "dir": "desc"}],
        "facets": [{"property": "brand"}, {"property": "currency"}],
        "properties": ["title", "brand", "price", "url"],
        "limit": 50,
    }
    for low in range(100)
]
"""The same of cards, of a segment and of a relation."""


def stocked(platform):
    """The owner's tenant with a source of 19,406 entries, and a person who may read it."""
    platform.do("change_organization", id="owner", rate_limit=1_000_000)
    platform.member("owner", "olga", role="owner", email="olga@example.com")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        rows = ({name: row[name] for name in row if name != "attributes"} for row in feed_rows())
        file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
        demo_shop.prepare(platform.app, TENANT, "olga", "owner", file)


def carded(owner):
    """Cards of all products and of their brands, related, and a segment that most are in."""
    names = {row["brand"] for row in feed_rows() if row.get("brand")}
    brands = [
        {"id": f"b{number}", "properties": [{"id": "name", "value": name}]}
        for number, name in enumerate(sorted(names))
    ]
    owner.call("create_data_source", id="brands", name="Brands")
    for at in range(0, len(brands), 500):
        owner.call("import_data", source_id="brands", entries=brands[at : at + 500])
    for card, properties in (("products", CARD_PROPERTIES), ("brands", ("name",))):
        owner.call(
            "create_card_definition", id=card, name=card, sources=[{"source_id": card}],
            properties=[{"id": name} for name in properties],
        )  # fmt: skip
        owner.call("activate_card_definition", card_definition_id=card)
    owner.drain()
    owner.call(
        "create_relation_definition", id="made-by", name="Made by",
        source_card_definition_id="products", source_property_id="brand",
        target_card_definition_id="brands", target_property_id="name",
    )  # fmt: skip
    cheap = {"property": "price", "type": "number", "op": "lte", "value": 900}
    owner.call(
        "create_segment", id="affordable", name="A", card_definition_id="products", filter=[cheap]
    )
    owner.drain()


def token_of(platform):
    """A token of the person who may read it."""
    audience = platform.settings.addresses[STUDIO.name]
    return platform.token("owner", "olga", scopes=STUDIO.scopes, audience=audience, lifetime=DAY)


def owner_of(platform):
    """Their assistant, in a tenant that has the cards."""
    stocked(platform)
    owner = Owner(platform, token_of(platform), TENANT)
    carded(owner)
    return owner


def requests(token):
    """Name -> requests, and whether an answer to one of them is good."""
    found = {}
    for era, modern in ERAS.items():
        for tool, arguments, good in (
            ("whoami", [{}] * 100, lambda value: value["tenant"] == TENANT),
            ("search_entries", SEARCHED, lambda value: len(value["items"]) == 50),
            ("search_cards", CARDS, lambda value: len(value["items"]) == 50),
        ):
            calls = tool_calls(tool, arguments, token, modern=modern, path=f"/studio/{TENANT}/mcp")
            found[f"studio {tool}, {era}"] = calls, good
    return found
