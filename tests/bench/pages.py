"""Pages of the portal: how long one browser waits, and how long of that for the reads a page needs.

The tools a page asks are also run in this process, as the portal runs them, with nothing of HTTP,
sign-in or HTML: in turns with the page, because what runs once in a while finds no warm caches and
takes longer than what runs again and again.
"""

import time
from datetime import timedelta
from functools import partial
from itertools import cycle
from statistics import median
from typing import NamedTuple

from shared.auth.faces import PORTAL
from shared.identity import account, own_keys, own_usage
from shared.invoke import Asked, Request
from shared.pipeline import own_limits
from shared.ports.documents import Add
from shared.serve.run import attempt_each
from shared.studio.tools import access, discovery, entries, history, segments, sources
from tests.bench.load import get, run
from tests.bench.studio import SOURCE, TENANT
from tests.portal import cookie_of, token_of

SIGNED_OUT = "signed-out"
"""Asks nothing."""
_WHO = Asked(account.family["get_account"], {}, aside=True)
_SOURCE = {"source_id": SOURCE}
_PRINTERS = {**_SOURCE, "query": "printer"}
_NARROWING = [
    {"property": name, "size": 8} for name in ("brand", "currency", "url_derived", "color")
]
"""What the page of printers counts, because values of its entries repeat."""
_OF_OWNER = {
    "picture": (
        "data?",
        [(discovery.family["whoami"], {})],
        [
            (discovery.family["list_configuration"], {}),
            (own_limits.family["get_own_limits"], {}),
        ],
        [(segments.family["list_segments"], {"limit": 200})],
        [(access.family["list_partner_access"], {})],
    ),
    "source": (
        f"source?id={SOURCE}&",
        [
            (sources.family["describe_data_source_schema"], _SOURCE),
            (sources.family["search_data_sources"], {"query": SOURCE, "limit": 200}),
        ],
    ),
    "entries": (
        f"entries?source={SOURCE}&q=printer&column=title&column=brand&",
        [(sources.family["search_data_sources"], {"query": SOURCE, "limit": 200})],
        [(entries.family["search_entries"], {**_PRINTERS, "limit": 20})],
        [
            (
                entries.family["search_entries"],
                {**_PRINTERS, "limit": 0, "facets": _NARROWING},
            )
        ],
    ),
    "changes": (
        f"changes?source={SOURCE}&",
        [(sources.family["search_data_sources"], {"limit": 200})],
        [(history.family["query_changelog"], {**_SOURCE, "limit": 20})],
    ),
}
"""Page -> its address as far as the tenant, and what it asks, read by read."""
TOOLS = ("list_catalogs", "lookup_product", "search_products", "list_listings", "get_listing")


def used_for_a_month(platform):
    """Have the organization call ten tools a day for thirty days, as the gate would count it."""
    today = platform.clock.now()
    for ago in range(30):
        day = today - timedelta(days=ago)
        counts = {
            f"{surface}__{tool}__{outcome}": 40 * number + ago + len(outcome)
            for surface in ("mcp", "rest")
            for number, tool in enumerate(TOOLS, 1)
            for outcome in ("ok", "invalid")
        }
        write = Add(f"usage/partner:{day:%Y%m%d}", counts, {"org": "partner"})
        platform.app.documents.commit([write])


class Page(NamedTuple):
    """A page: its address, and the tools it asks, those together that one read answers.

    `org`, `subject`: who looks; `tenant`: at which tenant.
    """

    path: str
    asks: tuple[tuple[Asked, ...], ...]
    org: str = "partner"
    subject: str = "ada"
    tenant: str = ""


def shown():
    """Name -> the page."""
    own = {
        "connect": Asked(own_usage.family["get_own_activity"], {}),
        "keys": Asked(own_keys.family["list_own_api_keys"], {}),
        "usage": Asked(own_usage.family["get_own_usage"], {"days": 30}),
    }
    found = {SIGNED_OUT: Page(SIGNED_OUT, ())}
    found |= {name: Page(name, ((_WHO, tool),)) for name, tool in own.items()}
    return found | {name: _of_owner(*page) for name, page in _OF_OWNER.items()}


def _of_owner(path, *asks):
    first, *rest = (tuple(Asked(tool, given) for tool, given in each) for each in asks)
    return Page(f"{path}tenant={TENANT}", ((_WHO, *first), *rest), "owner", "olga", TENANT)


def requests(platform):
    """Page -> a request for it, by somebody who is signed in."""
    return {
        name: [get(f"/portal/{page.path}", {"Cookie": "=".join(_cookie(platform, page))})]
        for name, page in shown().items()
    }


def _cookie(platform, page):
    return cookie_of(platform, page.org, page.subject)


def reads(platform):
    """Page -> a function that runs its reads once."""
    app = platform.app

    def run_them(page, token):
        for asked in page.asks:
            request = Request(token, "portal", "bench-request", tenant=page.tenant)
            replies = attempt_each(asked, app, request)
            assert not any(reply.problem for reply in replies), replies

    found = {}
    for name, page in shown().items():
        token = app.tokens.verify(token_of(platform, page.org, page.subject), PORTAL)
        found[name] = partial(run_them, page, token)
    return found


def waited(port, requests, read, *, seconds):
    """How long one browser that asks again and again waits for a page's first byte, and its reads
    take: in microseconds.
    """
    took = []

    def in_turns():
        for request in cycle(requests):
            began = time.perf_counter()
            read()
            took.append(time.perf_counter() - began)
            yield request

    durations = run(port, in_turns(), seconds=seconds, connections=1, first_byte=True)
    return median(durations) * 1e6, median(took) * 1e6
