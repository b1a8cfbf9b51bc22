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

from shared.auth.faces import PORTAL
from shared.identity import account, own_keys, own_usage
from shared.invoke import Asked, Request
from shared.ports.documents import Add
from shared.serve.run import attempt_each
from tests.bench.load import get, run
from tests.portal import cookie_of, token_of

SIGNED_OUT = "signed-out"
"""Asks nothing."""
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


def asked():
    """Page -> the tools it asks."""
    who = Asked(account.family["get_account"], {}, aside=True)
    return {
        "connect": [who, Asked(own_usage.family["get_own_activity"], {})],
        "keys": [who, Asked(own_keys.family["list_own_api_keys"], {})],
        "usage": [who, Asked(own_usage.family["get_own_usage"], {"days": 30})],
    }


def requests(platform):
    """Page -> a request for it, by a member who is signed in."""
    cookie = {"Cookie": "=".join(cookie_of(platform))}
    return {page: [get(f"/portal/{page}", cookie)] for page in (SIGNED_OUT, *asked())}


def reads(platform):
    """Page -> a function that runs its reads once."""
    app = platform.app
    token = app.tokens.verify(token_of(platform), PORTAL)
    request = Request(token, "portal", "bench-request")

    def run_them(tools):
        replies = attempt_each(tools, app, request)
        assert not any(reply.problem for reply in replies), replies

    return {page: partial(run_them, tools) for page, tools in asked().items()}


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
