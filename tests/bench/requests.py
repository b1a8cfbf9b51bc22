"""What a request costs: worker CPU microseconds, as a multiple of functions-framework's hello.

python -m tests.bench.requests [--rounds N] [--seconds S] [--json]

One worker pinned to core 0, the load on the other core, rounds interleaved; the smallest of the
rounds counts, since other work on the machine only adds. Rates are not the point: CPU is what a
function is billed for and limited by.
"""

import argparse
import json
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

import orjson

from shared.clock import SystemClock
from tests.bench.load import get, post, run
from tests.bench.servers import HELLO, ROOT, cpu_seconds, serving
from tests.platform import Platform, message, modern_headers
from tests.portal import cookie_of

DATA = ROOT.parent / "shared" / "data"
PAGE = "https://icecat.biz/p/xerox/006r90321-3920564.html"


def stocked(folder):
    platform = Platform(Path(folder), SystemClock())
    platform.organization("partner", rate_limit=1_000_000)
    platform.organization("owner", type="catalog_owner")
    platform.do("create_tenant", id="shop", name="Shop", org="owner")
    platform.do(
        "create_catalog",
        catalog="icecat",
        tenant="shop",
        display_name="Icecat",
        source_base_url="https://icecat.biz",
    )
    source = str(DATA / "icecat_19k.jsonl.gz")
    platform.do("publish_catalog", catalog="icecat", source=source)
    platform.grant("partner", "icecat")
    return platform


def tool(name, arguments, token, *, modern):
    params = {"name": name, "arguments": arguments}
    body = orjson.dumps(message("tools/call", params, modern=modern))
    era = modern_headers("tools/call", name) if modern else {"mcp-protocol-version": "2025-11-25"}
    return post("/mcp", body, {"Authorization": f"Bearer {token}", **era})


def cases(platform):
    """Name -> (function, request)."""
    token = platform.token(lifetime=86_400)
    platform.member(role="owner")
    key = {"Authorization": f"Bearer {platform.key()}"}
    found = {"hello": ("hello", get("/", {}))}
    for era, modern in (("2025-11-25", False), ("2026-07-28", True)):
        for name, arguments in (
            ("list_catalogs", {}),
            ("lookup_product", {"canonical_url": PAGE}),
            ("search_products", {"catalog": "icecat", "query": "laptop", "limit": 10}),
            ("search_products 50", {"catalog": "icecat", "query": "laptop", "limit": 50}),
        ):
            request = tool(name.split()[0], arguments, token, modern=modern)
            found[f"{name} {era}"] = ("partner", request)
        listing = orjson.dumps(message("tools/list", modern=modern))
        headers = modern_headers("tools/list") if modern else {}
        authorized = {"Authorization": f"Bearer {token}", **headers}
        found[f"tools/list {era}"] = ("partner", post("/mcp", listing, authorized))
    body = orjson.dumps({"catalog": "icecat", "q": "laptop", "limit": 10})
    found["REST search 10"] = ("api", post("/v1/products/search", body, key))
    found["REST catalogs"] = ("api", get("/v1/catalogs", key))
    cookie = {"Cookie": "=".join(cookie_of(platform))}
    for page in ("connect", "keys", "usage"):
        found[f"portal {page}"] = ("portal", get(f"/portal/{page}", cookie))
    found["portal sign-in"] = ("portal", get("/portal/signed-out", {}))
    return found


def measure(rounds, seconds):
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        platform = stocked(folder)
        requests = cases(platform)
        servers = {"hello": stack.enter_context(serving(HELLO, "hello"))}
        for name in ("partner", "api", "portal"):
            source = ROOT / "functions" / name / "main.py"
            servers[name] = stack.enter_context(serving(source, name, platform.settings))
        costs = {name: [] for name in requests}
        waits = {name: [] for name in requests}
        for number in range(rounds + 1):
            for name, (server, request) in requests.items():
                port, workers = servers[server]
                before = cpu_seconds(workers)
                durations = run(port, request, seconds=seconds)
                if number:  # the first round warms up
                    costs[name].append((cpu_seconds(workers) - before) / len(durations) * 1e6)
                    waits[name].append(quantiles(durations))
        platform.close()
    unit = min(costs["hello"])
    return {
        name: {
            "cpu_us": round(min(found), 1),
            "spread_us": round(max(found) - min(found), 1),
            "x_hello": round(min(found) / unit, 2),
            "p50_ms": round(min(each[0] for each in waits[name]), 3),
            "p99_ms": round(min(each[1] for each in waits[name]), 3),
        }
        for name, found in costs.items()
    }


def quantiles(durations):
    cuts = statistics.quantiles(durations, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.rounds, options.seconds)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{'case':34} {'CPU us':>8} {'spread':>8} {'x hello':>8} {'p50 ms':>8} {'p99 ms':>8}")
    for name, row in found.items():
        numbers = (row["cpu_us"], row["spread_us"], row["x_hello"], row["p50_ms"], row["p99_ms"])
        print(f"{name:34} " + " ".join(f"{number:8}" for number in numbers))


if __name__ == "__main__":
    main()
