"""The studio's calls to measure: a tenant whose source holds all of icecat_19k."""

import tempfile
from pathlib import Path

import orjson

from shared.auth.faces import STUDIO
from shared.cli import demo_shop
from tests.bench.stock import DAY, ERAS, feed_rows, tool_calls

TENANT = "shop"
SOURCE = demo_shop.SOURCE
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


def stocked(platform):
    """The owner's tenant with a source of 19,406 entries, and a person who may read it."""
    platform.do("change_organization", id="owner", rate_limit=1_000_000)
    platform.member("owner", "olga", role="owner", email="olga@example.com")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        rows = ({name: row[name] for name in row if name != "attributes"} for row in feed_rows())
        file.write_bytes(b"\n".join(map(orjson.dumps, rows)))
        demo_shop.prepare(platform.app, TENANT, "olga", "owner", file)


def requests(platform):
    """Name -> requests, and whether an answer to one of them is good."""
    stocked(platform)
    audience = platform.settings.addresses[STUDIO.name]
    token = platform.token("owner", "olga", scopes=STUDIO.scopes, audience=audience, lifetime=DAY)
    found = {}
    for era, modern in ERAS.items():
        for tool, arguments, good in (
            ("whoami", [{}] * 100, lambda value: value["tenant"] == TENANT),
            ("search_entries", SEARCHED, lambda value: len(value["items"]) == 50),
        ):
            calls = tool_calls(tool, arguments, token, modern=modern, path=f"/studio/{TENANT}/mcp")
            found[f"studio {tool}, {era}"] = calls, good
    return found
