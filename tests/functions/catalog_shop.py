"""A studio whose destination has an endpoint that feeds a partner catalog."""

from types import SimpleNamespace

from tests.functions.destination_shop import DestinationShop
from tests.functions.studio_shop import given
from tests.platform import value

KEY = "north_products"
CATALOG = {
    "key": KEY,
    "display_name": "North",
    "source_base_url": "https://north.example",
    "roles": {"title": "name", "url": "url", "price": "price", "currency": "EUR", "brand": "brand"},
}
ENDPOINT = {
    "api_version_id": "shop.v1",
    "card_definition_id": "cards",
    "name": "products",
    "properties": ["name", "url", "price", "brand", "watts"],
    "catalog": CATALOG,
}
SIZES = {
    "relation_id": "sizes",
    "roles": {"price": "price", "gtin": "gtin"},
    "options": {"Size": "size"},
}


def item(number, **more):
    """An entry of a product."""
    values = {
        "title": f"Lamp {number}",
        "url": f"/p/{number}",
        "price": number + 0.5,
        "brand": ("Acme", "Bolt")[number % 2],
        "watts": 5.0 * number,
    }
    return given(f"p{number:02}", **{**values, **more})


class CatalogShop(DestinationShop):
    """Cards `cards` of products, and `sizes` of them; a destination `shop`; a partner."""

    async def stock(self, count=6):
        await self._source("goods", title="Text", url="Text", price="Decimal", brand="Text",
                           watts="Decimal")  # fmt: skip
        await self._source("forms", of="Text", size="Text", price="Decimal", gtin="Text")
        await self.put("goods", *(item(number) for number in range(count)))
        properties = [{"id": "name", "source_property_id": "title"}]
        properties += [{"id": each} for each in ("url", "price", "brand")]
        properties += [{"id": "watts", "name": "Watts"}]
        await self._cards("cards", "goods", properties)
        forms = [{"id": each} for each in ("of", "size", "price", "gtin")]
        await self._cards("forms", "forms", forms)
        self.work(5)
        await self.call(
            "create_relation_definition",
            id="sizes",
            name="Sizes",
            source_card_definition_id="cards",
            source_property_id="id",
            target_card_definition_id="forms",
            target_property_id="of",
        )
        cheap = [{"property": "price", "type": "number", "op": "lt", "value": 4}]
        await self.call(
            "create_segment", id="cheap", name="Cheap", card_definition_id="cards", filter=cheap
        )
        await self.destination()
        self.work(3)
        return self

    async def destination(self, **more):
        await super().destination(languages=["en"], **more)

    async def _source(self, id_, **properties):
        declared = [{"id": name, "type": type_} for name, type_ in properties.items()]
        await self.call("create_data_source", id=id_, name=id_, properties=declared)

    async def _cards(self, id_, source, properties):
        sources = [{"source_id": source}]
        asked = {"id": id_, "name": id_, "sources": sources, "properties": properties}
        await self.call("create_card_definition", **asked)
        await self.call("activate_card_definition", card_definition_id=id_)

    async def fed(self, **endpoint):
        """With the endpoint published, and its catalog granted."""
        await self.call("create_endpoint", **{**ENDPOINT, **endpoint})
        await self.publish()
        self.partner()
        return self

    def partner(self):
        self.organization("partner")
        self.grant("partner", KEY)

    def job(self, job, body):
        """As the queue has it done; no warehouse is behind these tests."""
        exports = job in ("/jobs/exports", "/jobs/listings")
        return SimpleNamespace(problem=None) if exports else super().job(job, body)

    async def seen(self, tool="search_products", **asked):
        """What the partner is answered."""
        token = self.token("partner", "ada")
        async with self.http(token) as client:
            return await value(client, tool, asked)

    async def products(self):
        """Titles and prices that the partner sees, by key."""
        found = await self.seen(query="lamp", limit=50)
        return {each["title"]: each for each in found["items"]}
