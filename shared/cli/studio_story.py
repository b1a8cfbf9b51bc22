"""`catalog-mcp studio-story`: a shop's way from a file to a partner's agent, and back.

Played against a running `catalog-mcp dev`, in twelve steps, by the same tools that an assistant of
the shop and one of the partner have; each is printed with its time. The tenant is new every time.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import orjson

from shared.app import App
from shared.auth.faces import ENDPOINT, STUDIO
from shared.cli import demo
from shared.cli.assistant import Assistant
from shared.cli.operations import run
from shared.cli.story_feed import feed_of
from shared.errors import Problem
from shared.identity import organizations

PATIENCE: Final = 180.0
POLL_SECONDS: Final = 0.2
BRAND: Final = "HP"
Say = Callable[[str], Any]
Interrupt = Callable[[str], Any]


class Site(NamedTuple):
    """Where the story is played, and who plays it: an owner of a tenant, and a partner."""

    studio_url: str
    studio_token: str
    partner_url: str
    partner_token: str
    partner: str


class Story:
    """The twelve steps. `interrupt` is called in the middle of long work, with its name."""

    def __init__(self, site: Site, say: Say, feed: Path, interrupt: Interrupt) -> None:
        self._site = site
        self.owner = Assistant(site.studio_url, site.studio_token)
        self.partner = Assistant(site.partner_url, site.partner_token, wraps=True)
        self._say = say
        self._feed = feed
        self._interrupt = interrupt
        self._started = time.monotonic()
        self._rows = [orjson.loads(line) for line in feed.read_bytes().splitlines()]
        self._brands = sorted({row["brand"] for row in self._rows})
        self._key = ""

    @property
    def _shop(self) -> str:
        return "/".join(self._rows[0]["url"].split("/")[:3])

    def tell(self, step: int, what: str) -> None:
        """Say what happened, and when."""
        self._say(f"{time.monotonic() - self._started:6.1f} s  {step:2}. {what}")

    def play(self, steps: int = 12) -> None:
        """The first so many. Raises a Problem where one does not come to what it should."""
        for number, step in enumerate(islice(self._steps(), steps), 1):
            self.tell(number, step())

    def close(self) -> None:
        """End all connections."""
        self.owner.close()
        self.partner.close()

    def _steps(self) -> Iterator[Callable[[], str]]:
        yield from (self.sign_in, self.draft, self.import_, self.ask, self.cards, self.publish)
        yield from (self.let_in, self.edit, self.missing, self.take_back, self.whole, self.let_out)

    def sign_in(self) -> str:
        """1. Who am I?"""
        me = self.owner.call("whoami")
        self._key = f"{me['tenant'].replace('-', '_')}_printers"
        return f"signed in to {me['tenant']}"

    def draft(self) -> str:
        """2. What is in the file?"""
        size = self._feed.stat().st_size
        prepared = self.owner.call("prepare_file_upload", filename="feed.jsonl", size=size)
        self.owner.send(prepared["upload_url"], self._feed)
        transfer = prepared["transfer_id"]
        draft = self.owner.call(
            "draft_data_source", id="products", name="Products", transfer_id=transfer, wait=20
        )
        _require(draft["ready"], f"the draft is not ready: {draft['issues']}")
        self.owner.call("create_data_source", **draft["form"]["submit_arguments"])
        self._import = draft["import_arguments"]
        return f"the file shows {len(draft['draft']['properties'])} properties; source created"

    def import_(self) -> str:
        """3. All of it, whatever is killed meanwhile."""
        job = self.owner.call("import_feed", **self._import)
        self._interrupt("import")
        result = self._done(job["id"])["result"]
        _require(result["rows"] == len(self._rows), f"rows: {result}")
        return f"imported {result['rows']} rows, {result['rejected']} of them rejected"

    def ask(self) -> str:
        """4. The question's answer is the predicate's."""
        wanted = {
            row["id"]
            for row in self._rows
            if row["brand"] == BRAND and row["price"] < 200  # noqa: PLR2004  the question's
        }
        filters: list[dict[str, Any]] = [
            {"property": "brand", "type": "text", "op": "eq", "value": BRAND},
            {"property": "price", "type": "number", "op": "lt", "value": 200},
        ]
        found, until = self._walked(filters), time.monotonic() + PATIENCE
        while found is None:
            _require(time.monotonic() < until, "search does not follow the import")
            found = self._walked(filters)
        _require(found == wanted, f"{len(found)} found, {len(wanted)} wanted")
        return f"{BRAND} below 200: {len(found)}, exactly those"

    def cards(self) -> str:
        """5. Cards, segments, a relation."""
        properties = [{"id": each, "type": "Text"} for each in ("name", "country")]
        self.owner.call("create_data_source", id="brands", name="Brands", properties=properties)
        entries = [
            _entry(f"b{number}", name=brand, country="SE")
            for number, brand in enumerate(self._brands)
        ]
        self.owner.call("import_data", source_id="brands", entries=entries)
        shown = ("title", "url", "price", "currency", "brand", "description", "kind")
        for id_, source, names in (
            ("products", "products", shown),
            ("makers", "brands", ("name", "country")),
        ):
            self.owner.call(
                "create_card_definition", id=id_, name=id_.title(), sources=[{"source_id": source}],
                properties=[{"id": each} for each in names],
            )  # fmt: skip
            started = self.owner.call("activate_card_definition", card_definition_id=id_)
            self._done(started["job"]["id"])
        self.owner.call(
            "create_relation_definition", id="maker", name="Maker",
            source_card_definition_id="products", source_property_id="brand",
            target_card_definition_id="makers", target_property_id="name",
        )  # fmt: skip
        printers = [{"property": "kind", "type": "text", "op": "eq", "value": "printer"}]
        recalled = next(row["id"] for row in self._rows if row["kind"] == "printer")
        for id_, asked in (
            ("printers", {"filter": printers}),
            ("recalled", {"card_ids": [recalled]}),
        ):
            self.owner.call(
                "create_segment", id=id_, name=id_.title(), card_definition_id="products", **asked
            )
        self._printers = [row for row in self._rows if row["kind"] == "printer"]
        self._sold = [row for row in self._printers if row["id"] != recalled]
        return f"cards, the segments printers ({len(self._printers)}) and recalled (1), a relation"

    def publish(self) -> str:
        """6. A destination, a version, an endpoint that is a catalog."""
        asked = {"id": "web", "display_name": "Web", "languages": ["en"]}
        self.owner.call("create_destination", **asked)
        self.owner.call("create_api_version", destination_id="web")
        shown = ["title", "url", "price", "currency", "brand", "description"]
        endpoint = {
            "api_version_id": "web.v1", "card_definition_id": "products", "name": "printers",
            "content_selection": {
                "include_segments": ["printers"], "exclude_segments": ["recalled"],
            },
            "properties": shown,
            "relations": [{"relation_id": "maker", "properties": ["country"]}],
            "catalog": {
                "key": self._key, "display_name": "Printers",
                "source_base_url": self._shop, "roles": {each: each for each in shown},
            },
        }  # fmt: skip
        self._until(
            "the draft has all printers",
            lambda: self.owner.call("draft_endpoint", **endpoint)["preview"]["cards"],
            len(self._sold),
        )
        self.owner.call("create_endpoint", **endpoint)
        made = self.owner.call("update_api_version", api_version_id="web.v1", state="publish")
        self._interrupt("publish")
        self._done(made["job_id"])
        self._until("the catalog is published", self._count, len(self._sold))
        return f"published: {len(self._sold)} printers as the catalog {self._key}"

    def let_in(self) -> str:
        """7. The partner's agent finds the printer, by words and by its page."""
        access = {"catalog": self._key, "organization": self._site.partner}
        self.owner.call("grant_partner_access", **access)
        _require(self._lists(), "the partner does not see the catalog")
        row = self._sold[0]
        found = self.partner.call("search_products", catalog=self._key, query=row["title"])
        _require(found["items"][0]["title"] == row["title"], "search does not find it first")
        _require((self._seen(row) or {}).get("title") == row["title"], "lookup does not find it")
        return f"{self._site.partner} finds {row['title']!r} by words and by its page"

    def edit(self) -> str:
        """8. One price."""
        return f"the partner sees a new price after {self.change_price(12.5):.1f} s"

    def change_price(self, price: float) -> float:
        """Edit a price; the seconds until the partner sees it."""
        row, since = self._sold[0], time.monotonic()
        self._put(row["id"], price=price)
        self._until("the new price", lambda: self._price(row), price)
        return time.monotonic() - since

    def missing(self) -> str:
        """9. One product is missing; why, and mended."""
        row = self._sold[1]
        self._put(row["id"], url="no address")
        asked = {"endpoint_id": "web.v1.printers", "card_id": row["id"]}
        self._until(
            "why_not_published says it",
            lambda: self.owner.call("why_not_published", **asked)["cause"],
            "catalog_rejected",
        )
        self._until("it is gone at the partner", lambda: self._seen(row), None)
        verdict = self.owner.call("why_not_published", **asked)["verdict"]
        self._put(row["id"], url=row["url"])
        self._until("it is back", lambda: bool(self._seen(row)), wanted=True)
        return f"missing, because: {verdict[:90]}"

    def take_back(self) -> str:
        """10. A bad batch, taken back."""
        wrong = self._sold[2 : 2 + min(460, len(self._sold) // 2)]
        gone, priced = wrong[: len(wrong) // 12 + 1], wrong[len(wrong) // 12 + 1 :]
        entries: list[dict[str, Any]] = [{"id": row["id"], "delete": True} for row in gone]
        entries += [_entry(row["id"], price=0.01) for row in priced]
        key = secrets.token_hex(8)
        came = self.owner.call(
            "import_data", source_id="products", entries=entries, idempotency_key=key
        )
        self._until("deletes reach the partner", lambda: self._seen(gone[0]), None)
        self._until("wrong prices do", lambda: self._price(priced[0]), 0.01)
        asked = {"source_id": "products", "import_id": came["import_id"], "limit": 200}
        changes = self.owner.call("query_changelog", **asked)["items"]
        _require(bool(changes), "the changelog knows nothing of the import")
        self._interrupt("undo")
        undone = self.owner.call("revert_import", source_id="products", import_id=came["import_id"])
        self._until("deleted ones are back", lambda: bool(self._seen(gone[0])), wanted=True)
        self._until("prices are", lambda: self._price(priced[0]), priced[0]["price"])
        history = {"source_id": "products", "entry_id": gone[0]["id"]}
        versions = self.owner.call("get_entry_history", **history)["items"]
        _require(len(versions) >= 3, f"history has {len(versions)} versions")  # noqa: PLR2004  import, delete, undo
        return f"{len(entries)} wrong changes, taken back: {undone['restored']} restored"

    def whole(self) -> str:
        """11. Nothing is lost or doubled."""
        total = len(self._rows)
        asked = {"source_id": "products", "limit": 0}
        self._until(
            "the source is whole",
            lambda: self.owner.call("search_entries", **asked)["total"],
            total,
        )
        self._until("the catalog is whole", self._count, len(self._sold))
        return f"{total} entries, {len(self._sold)} products: nothing lost or doubled"

    def let_out(self) -> str:
        """12. The access ends with the call."""
        access = {"catalog": self._key, "organization": self._site.partner}
        self.owner.call("withdraw_partner_access", **access, confirm=True)
        _require(not self._lists(), "the partner still sees the catalog")
        return "withdrawn: the partner's next call does not see it"

    def _walked(self, filters: list[dict[str, Any]]) -> set[str] | None:
        """Every match, page by page; None where an instance said that it is behind still."""
        found, cursor = set(), ""
        while cursor is not None:
            asked = {"source_id": "products", "filters": filters, "limit": 200, "cursor": cursor}
            page = self.owner.call("search_entries", **asked)
            if page["freshness"]["behind"]:
                return None
            found |= {each["id"] for each in page["items"]}
            cursor = page["next_cursor"]
        return found

    def _put(self, id_: str, **values: Any) -> None:
        self.owner.call("import_data", source_id="products", entries=[_entry(id_, **values)])

    def _count(self) -> int:
        found = self.owner.call("list_partner_access")["items"]
        return next((e["product_count"] for e in found if e["catalog"] == self._key), 0)

    def _lists(self) -> bool:
        listed = self.partner.call("list_catalogs")
        return any(each["catalog"] == self._key for each in listed)

    def _seen(self, row: dict[str, Any]) -> dict[str, Any] | None:
        try:
            found = self.partner.call("lookup_product", canonical_url=row["url"])
        except Problem:
            return None
        product: dict[str, Any] | None = found.get("product") if found else None
        return product

    def _price(self, row: dict[str, Any]) -> float | None:
        return (self._seen(row) or {}).get("currentPrice")

    def _done(self, job: str) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found: dict[str, Any] = self.owner.call("get_job", job_id=job, wait=5)
            if found["state"] in ("succeeded", "failed", "cancelled"):
                _require(found["state"] == "succeeded", f"the job failed: {found}")
                return found
        raise Problem("unavailable", f"The job {job} is not over.")

    def _until(self, what: str, look: Callable[[], Any], wanted: Any) -> None:
        until = time.monotonic() + PATIENCE
        while (now := look()) != wanted:
            if time.monotonic() > until:
                raise Problem("unavailable", f"{what}: it is {now!r}, not {wanted!r}.")
            time.sleep(POLL_SECONDS)


def tell(app: App, say: Say, feed: Path | None, catalogs: Path) -> None:
    """Play the story on a running dev deployment; `catalogs` is where real ones may be."""
    with TemporaryDirectory() as folder:
        path = feed or feed_of(catalogs, Path(folder) / "feed.jsonl")
        with closing(Story(site_of(app), say, path, lambda _: None)) as story:
            story.play()


def site_of(app: App) -> Site:
    """A dev deployment, with a tenant of the story's own."""
    tenant = f"story-{secrets.token_hex(4)}"
    named = {"id": tenant, "name": "Story", "org": demo.OWNER}
    run(app, organizations.family["create_tenant"], named)
    return Site(
        studio_url=f"{STUDIO.base(app.settings)}/{tenant}{ENDPOINT}",
        studio_token=demo.token(app, demo.OWNER, demo.MEMBER, STUDIO, days=1),
        partner_url=app.settings.mcp_url,
        partner_token=demo.token(app, demo.ORGANIZATION, demo.MEMBER, days=1),
        partner=demo.ORGANIZATION,
    )


def _entry(id_: str, **values: Any) -> dict[str, Any]:
    properties = [{"id": name, "value": value} for name, value in values.items()]
    return {"id": id_, "properties": properties}


def _require(holds: bool, what: str) -> None:  # noqa: FBT001  what has to be so
    if not holds:
        raise Problem("unavailable", f"The story broke off: {what}")
