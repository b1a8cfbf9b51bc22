"""A studio with cards of two sources, and what they have to be, computed plainly."""

from functions.engine.turns import KINDS
from shared import work
from shared.engine.collections import collections
from shared.engine.heads import CollectionName
from shared.ports.documents import Delete, Query
from shared.queries import LOG
from tests.functions.studio_shop import Studio, given, shown

PROPERTIES = [
    {"id": "name", "source_property_id": "title"},
    {"id": "size", "type": "Integer"},
    {"id": "photo", "source_id": "photos", "source_property_id": "url"},
]
SOURCES = [{"source_id": "products"}, {"source_id": "photos", "join_property": "of"}]


class CardShop(Studio):
    """Its tenant north has the sources products and photos, and cards of them."""

    async def open(self):
        self.north, self.since = self.connected(), self.clock.time()
        properties = [{"id": id_, "type": "Text"} for id_ in ("title", "size")]
        await self.call("create_data_source", id="products", name="P", properties=properties)
        properties = [{"id": id_, "type": "Text"} for id_ in ("of", "url")]
        await self.call("create_data_source", id="photos", name="F", properties=properties)
        return self

    async def call(self, tool, **arguments):
        value, failed = await self.tried(tool, **arguments)
        assert not failed, value
        return value

    async def refused(self, tool, **arguments):
        value, failed = await self.tried(tool, **arguments)
        assert failed, value
        return value

    async def tried(self, tool, **arguments):
        if self.clock.time() > self.since + 600:  # the token runs out
            await self.north.close()
            self.north, self.since = self.connected(), self.clock.time()
        return await self.north.tried(tool, **arguments)

    async def put(self, source, *entries):
        return await self.call("import_data", source_id=source, entries=list(entries))

    async def define(self, properties=PROPERTIES):
        asked = {"id": "cards", "name": "Cards", "sources": SOURCES, "properties": properties}
        await self.call("create_card_definition", **asked)

    async def activate(self):
        return await self.call("activate_card_definition", card_definition_id="cards")

    async def stocked(self):
        """With two products and a photo, whose cards are built."""
        await self.put("products", given("p1", title="Tent", size="2"), given("p2", title="Mug"))
        await self.put("photos", given("f1", of="p1", url="one"))
        await self.define()
        await self.activate()
        self.work(5)
        assert await self.cards() == await self.expected()
        return self

    def head(self, collection):
        return collections(self.app).head(CollectionName("north", collection))

    async def cards(self, **asked):
        """All cards, whole, as they are found."""
        found, cursor = {}, ""
        while cursor is not None:
            page = await self.call(
                "search_cards", card_definition_id="cards", limit=200, cursor=cursor, **asked
            )
            assert page["freshness"]["behind"] == 0
            found |= {
                each["id"]: shown(each) | ({"lost": each["lost"]} if each["lost"] else {})
                for each in page["items"]
            }
            cursor = page["next_cursor"]
        return found

    async def entries(self, source):
        found, cursor = {}, ""
        while cursor is not None:
            page = await self.call("search_entries", source_id=source, limit=200, cursor=cursor)
            found |= {each["id"]: shown(each) for each in page["items"]}
            cursor = page["next_cursor"]
        return found

    async def expected(self, size="Integer"):
        """What cards have to be: worked out from all entries, by nothing of the engine's."""
        made = {key: {} for key in await self.entries("products")}
        for key, entry in (await self.entries("products")).items():
            if entry.get("title"):
                made[key]["name"] = entry["title"]
            if entry.get("size") and size == "Text":
                made[key]["size"] = entry["size"]
            elif entry.get("size"):
                try:
                    made[key]["size"] = int(entry["size"])
                except ValueError:
                    made[key]["lost"] = ["size"]
        for entry in (await self.entries("photos")).values():
            if entry.get("of"):
                card = made.setdefault(entry["of"], {})
                if entry.get("url"):
                    card.setdefault("photo", entry["url"])
        return made

    def tasks(self):
        """What the queue has for now, taken from it."""
        taken = []
        while (task := self.app.queue.take()) is not None:
            self.app.queue.finish(task)
            taken.append(task)
        return taken

    def do_task(self, task):
        return self.job(task.job, task.body)

    def cut_log(self, collection, *, also=()):
        """Remove a collection's log, as time does."""
        documents = self.app.documents
        for shape in (LOG, *also):
            found = documents.query(Query(shape, parents=("north", collection), limit=500)).items
            if found:
                documents.commit([Delete(each.path) for each in found])

    def catch_up(self, seconds=300):
        """Time passes, the sweeper runs every minute, and the queue works."""
        for _ in range(seconds // 60):
            self.clock.advance(60)
            work.sweep(self.app, KINDS)
            self.work(5)
