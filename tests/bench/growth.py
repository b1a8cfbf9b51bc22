"""How the cost of a call grows with worker processes, organizations, and grants.

python -m tests.bench.growth [--rounds N] [--seconds S] [--organizations 1 100 10000]
    [--grants 1 500] [--json]

Calls are MCP (2026-07-28) on embedded adapters; costs are CPU of the workers, rounds interleaved,
as in tests.bench.requests. Catalog size is what tests.bench.scale varies.
"""

import argparse
import json
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from shared.auth.faces import PARTNER
from shared.clock import SystemClock
from tests.bench.measured import shown, table
from tests.bench.requests import (
    SEARCHES,
    Case,
    a_round,
    check,
    found_a_product,
    found_products,
    hello_case,
    result_of,
    spreads,
)
from tests.bench.servers import HELLO, ROOT, beside_the_servers, serving
from tests.bench.stock import DAY, embedded, tool_calls, words
from tests.platform import Platform, product

PARTNER_FUNCTION = ROOT / "functions" / "partner" / "main.py"
TITLES = ("workers", "organizations", "grants")


def searches(token, catalog="icecat", queries=None):
    arguments = [{"catalog": catalog, "query": each, "limit": 10} for each in queries or words()]
    return tool_calls("search_products", arguments, token, modern=True)


def lists(tokens):
    """A list_catalogs by each of these callers in turn, and not fewer than a hundred."""
    times = -(-100 // len(tokens))
    return [
        request
        for token in tokens
        for request in tool_calls("list_catalogs", [{}] * times, token, modern=True)
    ]


def over_workers(platform, numbers):
    """search_products, by how many worker processes answer on both cores."""
    token = platform.token(lifetime=DAY)
    cases, starts = {}, {}
    for number in numbers:
        server = f"{number} workers"
        starts[server] = partial(
            serving, PARTNER_FUNCTION, "partner", platform.settings, workers=number, cores="0,1"
        )
        cases[f"search_products, {server}"] = Case(
            server, searches(token), found_products, SEARCHES
        )
    return cases, starts


def crowd(folder, number):
    """A platform with so many organizations, all granted one small catalog, and a token of each."""
    platform = Platform(folder, SystemClock())
    platform.catalog("books", [product(str(n)) for n in range(1, 100)])
    tokens = []
    for each in range(number):
        org = f"org-{each}"
        platform.organization(org, rate_limit=600_000)
        platform.grant(org, "books")
        session = f"session-{each}"
        platform.member(org, f"person-{each}")
        platform.do("start_session", subject=f"person-{each}", session=session)
        tokens.append(platform.app.tokens.mint(**claims(platform, org, each, session)))
    return platform, tokens


def claims(platform, org, number, session):
    return {
        "subject": f"person-{number}",
        "org": org,
        "client": "bench",
        "session": session,
        "scopes": PARTNER,
        "audience": platform.settings.mcp_url,
        "lifetime": DAY,
    }


def over_organizations(stack, folder, numbers):
    """list_catalogs, by how many organizations there are: one of them calls, or each in turn."""
    cases, starts = {}, {}
    for number in numbers:
        platform, tokens = crowd(folder / f"crowd-{number}", number)
        stack.callback(platform.close)
        server = f"{number} organizations"
        starts[server] = partial(serving, PARTNER_FUNCTION, "partner", platform.settings)
        for how, callers in (("one calls", tokens[-1:]), ("each in turn", tokens)):
            cases[f"{server}, {how}"] = Case(server, lists(callers), lists_books)
    return cases, starts


def lists_books(answer):
    return [each["catalog"] for each in result_of(answer)] == ["books"]


def over_grants(stack, folder, numbers):
    """Every tool, by how many catalogs its organization is granted."""
    platform = Platform(folder / "grants", SystemClock())
    stack.callback(platform.close)
    for at in range(max(numbers)):
        key = f"c{at}"
        rows = [product(str(n), url=f"https://{key}.example/p/{n}") for n in range(1, 20)]
        platform.catalog(key, rows)
    cases = {}
    for number in numbers:
        org = f"org-{number}"
        platform.organization(org, rate_limit=1_000_000)
        for at in range(number):
            platform.grant(org, f"c{at}")
        token = platform.token(org, lifetime=DAY)
        pages = [{"canonical_url": f"https://c0.example/p/{n}"} for n in range(1, 20)]
        titles = [f"product {n}" for n in range(1, 20)]
        for tool, requests, good in (
            (
                "lookup_product",
                tool_calls("lookup_product", pages, token, modern=True),
                found_a_product,
            ),
            ("search_products", searches(token, "c0", titles), found_products),
            ("list_catalogs", lists([token]), lambda a, n=number: len(result_of(a)) == n),
        ):
            cases[f"{tool}, {number} grants"] = Case("grants", requests, good)
    return cases, {"grants": partial(serving, PARTNER_FUNCTION, "partner", platform.settings)}


def measure(rounds, seconds, *, organizations, grants, workers=(1, 2)):
    """The report as JSON values."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        platform = stack.enter_context(embedded(folder / "embedded"))
        return {
            title: measured(*grown, rounds, seconds)
            for title, grown in zip(
                TITLES,
                (
                    over_workers(platform, workers),
                    over_organizations(stack, folder, organizations),
                    over_grants(stack, folder, grants),
                ),
                strict=True,
            )
        }


def measured(cases, starts, rounds, seconds):
    cases = hello_case() | cases
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start()) for name, start in starts.items()}
        servers["hello"] = stack.enter_context(serving(HELLO, "hello"))
        for name, case in cases.items():
            check(name, case, servers[case.server].port)
        return spreads([a_round(cases, servers, seconds) for _ in range(rounds + 1)][1:])


def show(report):
    keys = {"CPU us": "cpu_us", "x hello": "x_hello", "calls/s": "per_second", "p50 ms": "p50_ms"}
    for title, cases in report.items():
        yield f"\nBy number of {title}"
        rows = [
            [name, *(shown(each[key]) for key in keys.values())] for name, each in cases.items()
        ]
        yield from table(["case", *keys], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--organizations", type=int, nargs="+", default=[1, 100, 10_000])
    parser.add_argument("--grants", type=int, nargs="+", default=[1, 500])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    beside_the_servers()
    report = measure(
        options.rounds,
        options.seconds,
        organizations=options.organizations,
        grants=options.grants,
    )
    print(json.dumps(report) if options.json else "\n".join(show(report)))


if __name__ == "__main__":
    main()
