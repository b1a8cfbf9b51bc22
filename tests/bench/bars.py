"""What must hold of the numbers in build/bench.json."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench import bridge, changes
from tests.bench.stock import ERAS

LATER = "2026-07-28"
FLAT = 1.25
"""What counts as flat: within a quarter, on a machine that others use too."""


@dataclass(frozen=True)
class Bar:
    """One statement: `value(report)` is at most `most` (at least, where `least`)."""

    says: str
    most: float
    value: Callable
    unit: str = "x hello"
    least: bool = False

    def judge(self, report):
        """(measured, whether it holds); None and None where it was not measured."""
        try:
            found = self.value(report)
        except KeyError:
            return None, None
        return found, (found >= self.most) if self.least else (found <= self.most)


def case(name, what="x_hello"):
    return lambda report: report["requests"]["cases"][name][what]["median"]


def compared(title, name):
    return lambda report: report["requests"][title][name]["median"]


def grown(title, one, other, what="cpu_us"):
    """How many times the one's number is the other's."""
    return lambda report: round(
        report["growth"][title][one][what]["median"]
        / report["growth"][title][other][what]["median"],
        2,
    )


def at_scale(amount, *names, part="scale"):
    def value(report):
        found = report[part][str(amount)]
        for name in names:
            found = found[name]
        return found

    return value


def requests():
    for era in ERAS:
        for name, most in (
            ("list_catalogs", 5),
            ("lookup_product", 5),
            ("search_products 10", 10),
            ("search_products 50", 18),
            ("tools/list", 3.5),
        ):
            yield Bar(f"{name}, {era}", most, case(f"{name}, {era}"))
        for name in ("list_catalogs", "lookup_product"):
            found = case(f"{name}, {era}", "p99_over_p50")
            yield Bar(f"{name}, {era}: p99 under load", 8, found, "x p50")
        found = compared("rest", f"REST search 10 / search_products 10, {era}")
        yield Bar(f"REST search against the MCP call, {era}", 1.2, found, "x MCP")
        yield Bar(f"studio whoami, {era}", 5, case(f"studio whoami, {era}"))
        name = f"studio search_entries, {era}"
        yield Bar(f"{name}: a page of 50 and two facets of 19,406", 60, case(name))
        name = f"studio search_cards, {era}"
        yield Bar(f"{name}: the same, of a segment and a relation", 80, case(name))
        name = f"lookup_product on Firestore, {era}"
        yield Bar(f"{name}, the worker's own", 12, case(name))
    asked = "destination query, 50 entries and two facets"
    yield Bar(f"{asked}, of 19,406", 60, case(asked))
    yield Bar("destination openapi, of a public version", 1.5, case("destination openapi"))
    for page in (
        "signed-out",
        "connect",
        "keys",
        "usage",
        "picture",
        "source",
        "entries",
        "changes",
    ):
        says = f"first byte of the portal's page {page}, beside the reads it needs"
        yield Bar(says, 6, waited(f"portal {page}"))


def waited(name):
    return lambda report: report["requests"]["pages"][name]["x_hello"]["median"]


def peers():
    for era in ERAS:
        for name in ("list_catalogs", "lookup_product"):
            for peer in ("MCPServer, functions-framework", "MCPServer, uvicorn"):
                yield against(f"{name}, {era}", f"{peer}, {era}")
        for peer in (f"fastmcp, {era}", "TypeScript SDK 1, 2025-11-25", f"TypeScript SDK 2, {era}"):
            yield against(f"search_products 10, {era}", peer)


def against(ours, peer):
    says = f"{ours}, against an empty call of {peer}"
    return Bar(says, 1, compared("peers", f"{ours} / {peer}"), "x theirs")


def cold():
    for tool in ("lookup_product", "search_products"):
        name = f"{tool}, embedded"
        yield Bar(
            f"cold start to the first {name}",
            1.5,
            lambda report, name=name: report["cold"]["starts"][name]["x_peer"]["median"],
            "x MCPServer's",
        )


def scale():
    million = 1_000_000
    yield Bar("search of 1,000,000 products, p50", 2, at_scale(million, "search_ms", "p50"), "ms")
    yield Bar("search of 1,000,000 products, p99", 20, at_scale(million, "search_ms", "p99"), "ms")
    yield Bar("opening 100,000 products", 50, at_scale(100_000, "opened_ms"), "ms")
    yield Bar("RssAnon of 1,000,000 products", 40, at_scale(million, "anonymous_mb"), "MB")


def growth():
    first, *_, last = 1, 10_000
    searches = "search_products, {} workers"
    yield Bar(
        "two workers' calls a second against one's",
        1.5,
        grown("workers", searches.format(2), searches.format(1), "per_second"),
        "x",
        least=True,
    )
    yield Bar(
        "CPU of a search, two workers against one",
        FLAT,
        grown("workers", searches.format(2), searches.format(1)),
        "x",
    )
    yield Bar(
        "10,000 organizations, one calls, against 1",
        FLAT,
        grown(
            "organizations", f"{last} organizations, one calls", f"{first} organizations, one calls"
        ),
        "x",
    )
    yield Bar(
        "10,000 organizations, each in turn (a signature and a lease for every call)",
        6,
        grown(
            "organizations",
            f"{last} organizations, each in turn",
            f"{first} organizations, each in turn",
        ),
        "x",
    )
    for tool in ("lookup_product", "search_products"):
        yield Bar(
            f"{tool} with 500 grants against 1",
            FLAT,
            grown("grants", f"{tool}, 500 grants", f"{tool}, 1 grants"),
            "x",
        )
    yield Bar("list_catalogs: a further grant", 30, each_grant, "us")


def each_grant(report):
    """list_catalogs answers with every granted catalog, so it grows: by this much for each."""
    cases = report["growth"]["grants"]
    few, many = (cases[f"list_catalogs, {n} grants"]["cpu_us"]["median"] for n in (1, 500))
    return round((many - few) / 499, 1)


def collections():
    asked = "filters, total, sort, two facets"
    for amount, p50, p99 in ((19_406, 4, 15), (200_000, 15, 60)):
        for name, most in (("p50", p50), ("p99", p99)):
            says = f"{asked} of {amount:,} records, {name}"
            yield Bar(says, most, in_collection(amount, asked, name), "ms of CPU")
    for records, most in ((1, 30), (100, 150), (1_000, 800)):
        found = in_collection(19_406, f"apply {records}", "p50")
        yield Bar(f"including a commit of {records:,} records, p50", most, found, "ms of CPU")
    found = in_collection(19_406, "segments after 60 commits of 1")
    yield Bar("parts of an index after 60 commits of one record", 14, found, "segments")
    yield Bar("disk a record", 1_700, in_collection(19_406, "bytes_a_record"), "bytes")
    yield Bar(
        "files, opening, first answer, 19,406 records", 500, in_collection(19_406, "cold_ms"), "ms"
    )


def in_collection(amount, *names):
    return at_scale(amount, *names, part="collections")


def feed_imports():
    for store, least in (("SQLite", 1_500), ("Firestore emulator", 400)):
        yield Bar(
            f"import_feed of 19,406 rows, {store}",
            least,
            lambda report, store=store: report["feed_imports"][store]["per_second"],
            "rows a second",
            least=True,
        )
    yield Bar(
        "memory that an import of 300 MB takes",
        200,
        lambda report: report["feed_imports"]["large"]["grown_mb"],
        "MB",
    )


def applications():
    for name in ("an instance that has just started", "one that was serving, v2"):
        yield Bar(
            f"first byte after a publication of 19,406 entries, {name}",
            2,
            lambda report, name=name: report["applications"]["first"][name],
            "s",
        )


def partner_catalogs():
    for name, most in (("p50", bridge.P50), ("p95", bridge.P95)):
        says = f"from a price edit in the studio to a partner's lookup, {name}"
        yield Bar(says, most, lambda report, name=name: report["bridge"][f"{name}_ms"], "ms")
    of = "changes of 100 products of 19,406 in a row"
    yield Bar(
        f"{of}: the slowest against the median",
        changes.SLOWEST,
        lambda report: report["changes"]["slowest_of_median"],
        "x",
    )
    yield Bar(
        f"{of}, p50",
        changes.SECONDS * 1000,
        lambda report: report["changes"]["median_ms"],
        "ms",
    )


BARS = {
    "Cost of a request": requests,
    "Against peers": peers,
    "Cold start": cold,
    "Catalog size": scale,
    "Growth": growth,
    "Collections": collections,
    "Imports of files": feed_imports,
    "What applications read": applications,
    "Partner catalogs": partner_catalogs,
}
