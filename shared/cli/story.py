"""`catalog-mcp story`: a partner's way into BigQuery, played against a running `catalog-mcp dev`.

Register, be admitted, subscribe (on the local exchange), see it active, see it grow stale, publish
again, see it fresh: every step through the same tools a partner has, printed with its time.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from shared.app import App
from shared.catalog.tools import publishing
from shared.cli import demo
from shared.cli.operations import run
from shared.errors import Problem

PROJECT: Final = "demo-reader"
PRINCIPAL: Final = "serviceAccount:reader@demo-reader.iam.gserviceaccount.com"
PATIENCE: Final = 60.0
SHORT: Final = 60
POLL_SECONDS: Final = 0.2

Say = Callable[[str], Any]


class Partner:
    """Calls tools of a dev deployment as the demo organization."""

    def __init__(self, app: App, say: Say) -> None:
        token = demo.token(app, demo.ORGANIZATION, demo.MEMBER, days=1)
        headers = {"authorization": f"Bearer {token}", "mcp-protocol-version": "2025-06-18"}
        self._http = httpx.Client(headers=headers, timeout=30, trust_env=False)
        self._url = app.settings.mcp_url
        self._say = say
        self._started = time.monotonic()

    def call(self, tool: str, **arguments: Any) -> Any:
        """A tool's value."""
        params = {"name": tool, "arguments": arguments}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        try:
            answer = self._http.post(self._url, json=request)
        except httpx.TransportError:
            raise Problem("unavailable", "No dev deployment answers. Start one first.") from None
        return answer.json()["result"]["structuredContent"]["result"]

    def status(self, catalog: str) -> str:
        """What the catalog's cell says."""
        cells = self.call("list_bigquery_subscribers")["cells"]
        found = [cell for cell in cells if cell["catalogKey"] == catalog]
        return f"{found[0]['status']}" if found else "no cell"

    def wait(self, catalog: str, status: str) -> None:
        """Until the catalog's cell says so. Raises `unavailable` when it does not come to that."""
        until = time.monotonic() + PATIENCE
        while (now := self.status(catalog)) != status:
            if time.monotonic() > until:
                raise Problem("unavailable", f"The cell still says {now}, not {status}.")
            time.sleep(POLL_SECONDS)
        self.tell(status)

    def tell(self, what: str) -> None:
        """Say what happened, and when."""
        self._say(f"{time.monotonic() - self._started:6.1f} s  {what}")


def tell(app: App, catalog: str | None, say: Say) -> None:
    """Play the story. What is too slow to wait for is said instead."""
    feed = _feed(app, catalog)
    partner = Partner(app, say)
    partner.tell(f"{feed.key}: published, granted")
    _until_listed(partner, feed.key)
    registered = partner.call(
        "register_bigquery_subscriber",
        request={"subscriberProjectId": PROJECT, "subscriberPrincipal": PRINCIPAL},
    )
    cell = next(cell for cell in registered["cells"] if cell["catalogKey"] == feed.key)
    partner.tell(f"registered {PROJECT}: {cell['status']}")
    if cell["status"] not in ("active", "source_stale"):
        partner.wait(feed.key, "awaiting_subscription")
        app.own_listings.subscribe(feed.key, PRINCIPAL, PROJECT)
        partner.tell("subscribed on the local exchange")
    refreshed = partner.call(
        "refresh_bigquery_subscription_status",
        catalog_key=feed.key,
        subscriber_principal=PRINCIPAL,
    )
    partner.tell(refreshed["status"])
    if app.settings.export_fresh_for > SHORT:
        partner.tell("stays so for two days; start dev with --fresh-for 10 to see it grow stale")
        return
    partner.wait(feed.key, "source_stale")
    run(app, publishing.family["publish_catalog"], _source(feed))
    partner.tell("published again")
    partner.wait(feed.key, "active")


def _until_listed(partner: Partner, catalog: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for listing in partner.call("list_bigquery_listing_resources"):
            if listing["catalogKey"] == catalog:
                partner.tell(f"listed: {listing['listingResource']}")
                return
        time.sleep(POLL_SECONDS)
    raise Problem("unavailable", "The catalog's listing does not appear. See the log file.")


def _feed(app: App, catalog: str | None) -> demo.Feed:
    known = [*demo.feeds(demo.REAL_DATA), demo.builtin()]
    published = {each.key: app.documents.get(f"heads/{each.key}") for each in known}
    found = [
        (snapshot.data["productCount"], each)
        for each in known
        if (snapshot := published[each.key]) and catalog in (None, each.key)
    ]
    if not found:
        raise Problem("not_found", "That is no catalog of the demo.", kind="catalog")
    return min(found, key=lambda pair: int(pair[0]))[1]


def _source(feed: demo.Feed) -> dict[str, Any]:
    return {"catalog": feed.key, "source": str(feed.file), "currency": feed.currency}
