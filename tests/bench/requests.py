"""What a request costs: worker CPU microseconds, as a multiple of functions-framework's hello.

python -m tests.bench.requests [--rounds N] [--seconds S] [--only WORD ...] [--json]

One worker pinned to core 0, everything else on core 1. Each case cycles through many requests, and
each of their answers is checked before anything is measured. Rounds are interleaved, and each case
stands between two hellos, whose mean its cost is divided by, also where it is compared with another
case: a busy machine slows all of them. CPU is what a function is billed for and limited by;
latencies are those of 8 connections that never pause.
"""

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from tests.bench import applications, studio
from tests.bench import pages as pages_of_portal
from tests.bench.load import answers, get, run
from tests.bench.measured import quantile, shown, spread, table
from tests.bench.servers import (
    FASTMCP,
    HELLO,
    PEERS,
    ROOT,
    beside_the_servers,
    cpu_seconds,
    node_command,
    serving,
    serving_alone,
    uvicorn_command,
)
from tests.bench.stock import (
    DAY,
    ERAS,
    embedded,
    emulated,
    pages,
    rest_catalogs,
    rest_searches,
    tool_calls,
    tool_lists,
    words,
)

UNIT = "hello"
PAGE = "portal "
FIRESTORE = "Firestore"
"""The partner function with its documents there, and the word that asks for it."""
PEER_SERVERS = {
    "MCPServer, functions-framework": partial(serving, PEERS / "mcpserver.py", "function"),
    "MCPServer, uvicorn": partial(serving_alone, uvicorn_command("mcpserver:app")),
    "fastmcp": partial(serving_alone, uvicorn_command("fast:app", FASTMCP)),
    "TypeScript SDK 1": partial(serving_alone, node_command("sdk1.mjs")),
    "TypeScript SDK 2": partial(serving_alone, node_command("sdk2.mjs")),
}
MCPSERVERS = ("MCPServer, functions-framework", "MCPServer, uvicorn")
OTHERS = ("fastmcp", "TypeScript SDK 1", "TypeScript SDK 2")
COMPARED = {
    "list_catalogs": MCPSERVERS,
    "lookup_product": MCPSERVERS,
    "search_products 10": OTHERS,
    "search_products 50": OTHERS,
}
SEARCHES = 0.8
"""Which share of people's searches finds something; none may fail."""
WARM_SECONDS = 15
"""How long a peer is asked before it is measured: V8 compiles what runs often, for some 12 s."""
ONLY_2025 = {"TypeScript SDK 1"}
"""Does not speak the later revision; compared with our calls of either."""


@dataclass(frozen=True)
class Case:
    """Requests to one server, whether an answer to one is good, and which share has to be."""

    server: str
    requests: list
    good: object
    share: float = 1.0


class Taken(NamedTuple):
    """CPU microseconds, latencies in seconds, calls a second; what the hello cost meanwhile."""

    cost: float
    p50: float
    p99: float
    rate: float
    unit: float = 0.0

    @property
    def in_units(self):
        return self.cost / self.unit


def result_of(answer):
    result = answer["result"]
    assert not result.get("isError"), result
    return result["structuredContent"]["result"]


def lists_icecat(answer):
    return [each["catalog"] for each in result_of(answer)] == ["icecat"]


def found_a_product(answer):
    return result_of(answer)["product"]["title"]


def found_products(answer):
    return result_of(answer)["items"]


def empty_tool(answer):
    assert not answer["result"].get("isError"), answer
    return answer["result"]["content"] == [{"type": "text", "text": "ok"}]


def hello_case():
    return {UNIT: Case("hello", [get("/", {})], lambda answer: answer == {"hello": "world"})}


def own_cases(platform):
    """Name -> case, on a stocked platform. The hello is first."""
    token, key = platform.token(lifetime=DAY), platform.key()
    found = hello_case()
    by_words = {
        limit: [{"catalog": "icecat", "query": each, "limit": limit} for each in words()]
        for limit in (10, 50)
    }
    for era, modern in ERAS.items():
        for name, arguments, good, share in (
            ("list_catalogs", [{}] * 100, lists_icecat, 1),
            ("lookup_product", [{"canonical_url": page} for page in pages()], found_a_product, 1),
            ("search_products 10", by_words[10], found_products, SEARCHES),
            ("search_products 50", by_words[50], found_products, SEARCHES),
        ):
            calls = tool_calls(name.split()[0], arguments, token, modern=modern)
            found[f"{name}, {era}"] = Case("partner", calls, good, share)
        lists = tool_lists(token, modern=modern)
        found[f"tools/list, {era}"] = Case("partner", lists, lambda a: a["result"]["tools"])
    found["REST search 10"] = Case(
        "api", rest_searches(key), lambda answer: answer["items"], SEARCHES
    )
    found["REST catalogs"] = Case("api", rest_catalogs(key), lambda answer: len(answer) == 1)
    return found | portal_cases(platform) | studio_cases(platform)


def studio_cases(platform):
    """Calls of an owner's assistant and of applications, on 19,406 entries."""
    owner = studio.owner_of(platform)
    found = {
        name: Case("studio", calls, lambda answer, good=good: good(value_of(answer)))
        for name, (calls, good) in studio.requests(studio.token_of(platform)).items()
    }
    asked = applications.requests(owner).items()
    return found | {name: Case("destinations", calls, good) for name, (calls, good) in asked}


def value_of(answer):
    assert not answer["result"].get("isError"), answer
    return answer["result"]["structuredContent"]


def portal_cases(platform):
    """Pages of the portal: one without a read, and what a member sees after a busy month."""
    pages_of_portal.used_for_a_month(platform)
    return {
        f"{PAGE}{name}": Case("portal", requests, lambda page: "</html>" in page)
        for name, requests in pages_of_portal.requests(platform).items()
    }


def peer_cases():
    """Calls of an empty tool, without any authentication."""
    found = {}
    for server in PEER_SERVERS:
        for era, modern in ERAS.items():
            if not (modern and server in ONLY_2025):
                calls = tool_calls("empty", [{}] * 100, "none", modern=modern)
                found[f"{server}, {era}"] = Case(server, calls, empty_tool)
    return found


def firestore_cases(platform):
    """The same lookups where documents are in Firestore."""
    token = platform.token(lifetime=DAY)
    arguments = [{"canonical_url": page} for page in pages()]
    return {
        f"lookup_product on Firestore, {era}": Case(
            FIRESTORE,
            tool_calls("lookup_product", arguments, token, modern=modern),
            found_a_product,
        )
        for era, modern in ERAS.items()
    }


def check(name, case, port):
    """Every request's answer, once."""
    wrong = [answer for answer in answers(port, case.requests) if not case.good(answer)]
    most = (1 - case.share) * len(case.requests)
    assert len(wrong) <= most, f"{name}: {len(wrong)} wrong answers, the first: {wrong[0]}"


def measure(rounds, seconds, only=()):
    """The report as JSON values. `only`: words, one of which a case's name has to hold."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        platform = stack.enter_context(embedded(f"{folder}/embedded"))
        cases = chosen(own_cases(platform) | peer_cases(), only)
        remote = None
        if not only or FIRESTORE in only:
            remote = stack.enter_context(emulated(f"{folder}/emulated"))
            cases |= firestore_cases(remote)
        starts = {
            "hello": partial(serving, HELLO, "hello"),
            "partner": partial(function, "partner", platform),
            "api": partial(function, "api", platform),
            "portal": partial(function, "portal", platform),
            "studio": partial(function, "studio", platform),
            "destinations": partial(function, "destinations", platform),
            FIRESTORE: partial(function, "partner", remote),
            **PEER_SERVERS,
        }
        needed = {case.server for case in cases.values()}
        servers = {name: stack.enter_context(starts[name]()) for name in starts if name in needed}
        for name, case in cases.items():
            check(name, case, servers[case.server].port)
            if case.server in PEER_SERVERS:
                run(servers[case.server].port, case.requests, seconds=WARM_SECONDS)
        reads = {f"{PAGE}{page}": read for page, read in pages_of_portal.reads(platform).items()}
        measured = [
            (a_round(cases, servers, seconds), waits(cases, servers, seconds, reads))
            for _ in range(rounds + 1)
        ]
        return summary(measured[1:])


def chosen(cases, only):
    return {
        name: case
        for name, case in cases.items()
        if name == UNIT or not only or any(word in name for word in only)
    }


def function(name, platform):
    return serving(ROOT / "functions" / name / "main.py", name, platform.settings)


def a_round(cases, servers, seconds):
    """Name -> what was taken of it; the hello's cost around each is its unit."""
    hello = [taken(cases[UNIT], servers, seconds)]
    found = {}
    for name, case in cases.items():
        if name != UNIT:
            costs = taken(case, servers, seconds)
            hello.append(taken(cases[UNIT], servers, seconds / 2))
            found[name] = costs._replace(unit=(hello[-2].cost + hello[-1].cost) / 2)
    middle = sorted(hello)[len(hello) // 2]
    return {UNIT: middle._replace(unit=middle.cost), **found}


def taken(case, servers, seconds):
    """What some seconds of a case's requests cost."""
    server = servers[case.server]
    before = cpu_seconds(server.pids)
    began = time.perf_counter()
    durations = run(server.port, case.requests, seconds=seconds)
    rate = len(durations) / (time.perf_counter() - began)
    cost = (cpu_seconds(server.pids) - before) / len(durations) * 1e6
    return Taken(cost, quantile(durations, 50), quantile(durations, 99), rate)


def waits(cases, servers, seconds, reads):
    """Page -> microseconds until its first byte, those of its reads, and until the hello's."""

    def waited(name, read):
        port = servers[cases[name].server].port
        return pages_of_portal.waited(port, cases[name].requests, read, seconds=seconds)

    found = {}
    for name in cases:
        if name.startswith(PAGE):
            read = reads.get(name, nothing)
            hello, _ = waited(UNIT, read)
            found[name] = (*waited(name, read), hello)
    return found


def nothing():
    """The reads of what asks nothing."""


def summary(measured):
    rounds = [found for found, _ in measured]
    return {
        "pages": first_bytes([waited for _, waited in measured]),
        "cases": spreads(rounds),
        "peers": comparisons(rounds),
        "rest": rest_over_mcp(rounds),
    }


def spreads(rounds):
    """Every case's numbers over the rounds."""
    cases = {}
    for name in rounds[0]:
        costs, p50, p99, rates, units = zip(*(each[name] for each in rounds), strict=True)
        cases[name] = {
            "cpu_us": spread(costs, 1),
            "x_hello": spread(cost / unit for cost, unit in zip(costs, units, strict=True)),
            "p50_ms": spread(p50, 3),
            "p99_ms": spread(p99, 3),
            "per_second": spread(rates, 0),
            "p99_over_p50": spread(late / middle for late, middle in zip(p99, p50, strict=True)),
        }
    return cases


def first_bytes(rounds):
    """How long a browser waits for a page, for its reads, and for the rest beside the hello."""
    found = {}
    for name in rounds[0]:
        all_of_it, reads, hello = zip(*(each[name] for each in rounds), strict=True)
        rest = [
            (page - read) / unit for page, read, unit in zip(all_of_it, reads, hello, strict=True)
        ]
        found[name] = {
            "us": spread(all_of_it, 0),
            "reads_us": spread(reads, 0),
            "x_hello": spread(rest),
        }
    return found


def comparisons(rounds):
    """Our calls over the peers' empty ones, in the same era where the peer speaks it."""
    pairs = [
        (f"{name}, {era}", f"{peer}, {'2025-11-25' if peer in ONLY_2025 else era}")
        for name, peers in COMPARED.items()
        for peer in peers
        for era in ERAS
    ]
    return {f"{ours} / {peer}": ratio(rounds, ours, peer) for ours, peer in known(rounds, pairs)}


def rest_over_mcp(rounds):
    pairs = [("REST search 10", f"search_products 10, {era}") for era in ERAS]
    return {f"{rest} / {mcp}": ratio(rounds, rest, mcp) for rest, mcp in known(rounds, pairs)}


def known(rounds, pairs):
    return [pair for pair in pairs if set(pair) <= set(rounds[0])]


def ratio(rounds, one, other):
    return spread(each[one].in_units / each[other].in_units for each in rounds)


def show(report):
    head = ["case", "CPU us", "x hello", "p50 ms", "p99 ms", "p99/p50"]
    keys = ("cpu_us", "x_hello", "p50_ms", "p99_ms", "p99_over_p50")
    rows = [[name, *(shown(each[key]) for key in keys)] for name, each in report["cases"].items()]
    yield from table(head, rows)
    yield ""
    rows = [[name, *map(shown, each.values())] for name, each in report["pages"].items()]
    head = ["page, one browser", "first byte, us", "its reads, us", "beside them, x hello"]
    yield from table(head, rows)
    for title in ("peers", "rest"):
        yield ""
        rows = [[name, shown(each)] for name, each in report[title].items()]
        yield from table(["CPU, ours / theirs", "ratio"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    beside_the_servers()
    report = measure(options.rounds, options.seconds, options.only)
    print(json.dumps(report) if options.json else "\n".join(show(report)))


if __name__ == "__main__":
    main()
