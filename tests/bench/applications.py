"""What applications read of published endpoints: a load, the first answer, many tenants in turn.

python -m tests.bench.applications [--seconds S] [--tenants N] [--only PART ...] [--json]

- `load`: calls a second and latencies of the query API at one and two workers, beside a partner's
  search of the same products, 8 connections that never pause.
- `first`: from the commit that publishes 19,406 entries to the first byte that shows them, on an
  instance that was serving before and on one that has just started.
- `tenants`: so many tenants asked in turn on one instance: which share found its entries open, what
  the process's memory grew to, and how long calls took.

What one call costs beside the hello is measured by `tests.bench.requests --only destination`.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from functools import partial

from functions.destinations.reading import Address, admitted
from shared.app import App
from shared.engine.collections import collections
from shared.pipeline import delivery
from shared.pipeline.delivery_query import DeliveryQuery
from tests.bench import studio
from tests.bench.load import answers, get, post, run
from tests.bench.measured import quantile, table
from tests.bench.owner import Owner
from tests.bench.publishing import rss_anon
from tests.bench.servers import ROOT, beside_the_servers, serving
from tests.bench.stock import DAY, embedded, feed_rows, tool_calls, words

PATH = f"/destinations/{studio.TENANT}/web/v1"
CALLS = 1_000_000
PARTS = ("load", "first", "tenants")
ASKED = [
    {
        "top": 50,
        "filter": [{"range": {"price": {"gte": low, "lte": 900}}}],
        "sortDesc": ["price"],
        "includeTotals": True,
    }
    for low in range(100)
]
"""A page of 50 and two facets of 19,406 entries: each another question."""


def published(owner):
    """A public destination of the cards that `studio.carded` made, whose version is published."""
    owner.platform.do("set_tenant_quota", tenant=owner.tenant, destination_calls=CALLS)
    owner.call("create_destination", id="web", display_name="W", languages=["en"], protected=False)
    owner.call("create_api_version", destination_id="web")
    owner.call(
        "create_endpoint", api_version_id="web.v1", card_definition_id="products", name="products",
        properties=["title", "brand", "price", "currency", "url"],
        facets=[{"property": "brand"}, {"property": "currency"}],
    )  # fmt: skip
    owner.call("update_api_version", api_version_id="web.v1", state="publish")
    owner.drain()


def requests(owner):
    """Name -> requests, and whether an answer to one of them is good."""
    published(owner)
    asked = [post(f"{PATH}/products", json.dumps(each).encode(), {}) for each in ASKED]
    return {
        "destination query, 50 entries and two facets": (asked, full),
        "destination openapi": ([get(f"{PATH}/openapi", {})], lambda found: found["paths"]),
    }


def full(answer):
    return len(answer["results"]) == 50 and len(answer["facets"]) == 2


def load(platform, seconds):
    """At one and two workers: the query API, and beside it a partner's search."""
    token = platform.token(lifetime=DAY)
    searched = [{"catalog": "icecat", "query": each, "limit": 50} for each in words()]
    cases = {
        "destination query": ("destinations", posts()),
        "partner search": ("partner", tool_calls("search_products", searched, token, modern=True)),
    }
    found = {}
    for workers in (1, 2):
        for name, (function, asked) in cases.items():
            source = ROOT / "functions" / function / "main.py"
            with serving(
                source, function, platform.settings, workers=workers, cores="0,1"
            ) as served:
                run(served.port, asked, seconds=seconds / 2)
                began = time.perf_counter()
                took = run(served.port, asked, seconds=seconds)
                rate = len(took) / (time.perf_counter() - began)
            found[f"{name}, {workers} workers"] = {
                "per_second": round(rate),
                "p50_ms": round(quantile(took, 50), 2),
                "p99_ms": round(quantile(took, 99), 2),
            }
    return found


def posts():
    return [post(f"{PATH}/products", json.dumps(each).encode(), {}) for each in ASKED]


def first(platform, owner):
    """Seconds from the commit that publishes to the first byte that shows it."""
    source = ROOT / "functions" / "destinations" / "main.py"
    serve = partial(serving, source, "destinations", platform.settings)
    owner.call("update_api_version", api_version_id="web.v1", state="stop", confirm=True)
    owner.call("update_api_version", api_version_id="web.v1", state="publish")
    owner.drain()
    found = {}
    with serve() as served:
        began = time.perf_counter()
        answers(served.port, posts()[:1])
        found["an instance that has just started"] = round(time.perf_counter() - began, 2)
        for copy in ("v2", "v3"):
            owner.call("create_api_version", destination_id="web", copy_from="v1")
            owner.call("update_api_version", api_version_id=f"web.{copy}", state="publish")
            owner.drain()
            asked = [each.replace(b"/v1/", b"/" + copy.encode() + b"/") for each in posts()[:1]]
            began = time.perf_counter()
            answers(served.port, asked)
            found[f"one that was serving, {copy}"] = round(time.perf_counter() - began, 2)
    return found


def tenants(platform, number, entries):
    """So many tenants' endpoints asked in turn by one process, and by chance."""
    made = [f"t{each}" for each in range(number)]
    for each in made:
        small_tenant(platform, each, entries)
    reader = App(platform.settings, platform.clock)  # which has computed nothing
    memory = rss_anon()
    orders = {
        "in turn, for the first time": made,
        "in turn, again": made,
        "by chance": random.Random(0).choices(made, k=2 * number),
        "one in ten gets nine of ten calls": skewed(made),
    }
    found = {"memory": {"grown_mb": 0}}
    for title, order in orders.items():
        hits, took = 0, []
        for each in order:
            began = time.perf_counter()
            hits += asked_of(reader, each)
            took.append(time.perf_counter() - began)
        found[title] = {
            "found_open": round(hits / len(order), 2),
            "p50_ms": round(quantile(took, 50), 2),
            "p99_ms": round(quantile(took, 99), 2),
        }
    found["memory"]["grown_mb"] = round((rss_anon() - memory) / 1e6)
    reader.close()
    return found


def skewed(made):
    some = random.Random(1)
    few = made[: max(1, len(made) // 10)]
    return [some.choice(few if some.random() < 0.9 else made) for _ in range(2 * len(made))]


def asked_of(app, tenant):
    """Ask a tenant's endpoint; whether its entries were open."""
    address = Address(tenant, "web", "v1", "products")
    space = admitted(app, address, None, "bench").space
    placed = delivery.answering(space.configuration, "web", "v1", "products")
    name = space.name(placed.endpoint.value.collection)
    places = collections(app)._replicas._places
    is_open = f"{name.path}#{space.head(name.id).epoch}" in places
    answer = delivery.ask(space, placed, DeliveryQuery(top=50)).body
    assert answer["results"]
    return is_open


def small_tenant(platform, tenant, entries):
    """A tenant with an endpoint of so many products."""
    platform.do("create_tenant", id=tenant, name=tenant, org="owner")
    owner = Owner(platform, studio.token_of(platform), tenant)
    owner.call("create_data_source", id="products", name="P")
    names = ("title", "brand", "price", "url")
    rows = [
        {
            "id": f"p{number}",
            "properties": [{"id": name, "value": row[name]} for name in names if row.get(name)],
        }
        for number, row in enumerate(feed_rows(entries))
    ]
    for at in range(0, entries, 500):
        owner.call("import_data", source_id="products", entries=rows[at : at + 500])
    owner.call(
        "create_card_definition", id="products", name="P", sources=[{"source_id": "products"}],
        properties=[{"id": name} for name in names],
    )  # fmt: skip
    owner.call("activate_card_definition", card_definition_id="products")
    owner.drain()
    owner.call("create_destination", id="web", display_name="W", languages=["en"], protected=False)
    owner.call("create_api_version", destination_id="web")
    owner.call(
        "create_endpoint", api_version_id="web.v1", card_definition_id="products", name="products",
        properties=list(names), facets=[{"property": "brand"}],
    )  # fmt: skip
    owner.call("update_api_version", api_version_id="web.v1", state="publish")
    owner.drain()


def measure(options):
    """The report as JSON values."""
    found = {}
    with tempfile.TemporaryDirectory() as folder, embedded(folder) as platform:
        owner = studio.owner_of(platform)
        if {"load", "first"} & {*options.only}:
            published(owner)
        if "load" in options.only:
            found["load"] = load(platform, options.seconds)
        if "first" in options.only:
            found["first"] = first(platform, owner)
        if "tenants" in options.only:
            found["tenants"] = tenants(platform, options.tenants, options.entries)
    return found


def show(found):
    """The report for people."""
    for part, rows in found.items():
        yield f"{part}:"
        if part == "first":
            yield from (f"{name}: {seconds} s" for name, seconds in rows.items())
            continue
        cases = {name: each for name, each in rows.items() if name != "memory"}
        head = ["", *next(iter(cases.values()))]
        yield from table(head, [[name, *each.values()] for name, each in cases.items()])
        if "memory" in rows:
            yield f"anonymous memory grew by {rows['memory']['grown_mb']} MB"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    beside_the_servers()
    found = measure(options)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write("\n".join(show(found)) + "\n")


if __name__ == "__main__":
    main()
