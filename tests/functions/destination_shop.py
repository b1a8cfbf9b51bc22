"""A studio with a destination: cards of two definitions, related, in an endpoint."""

from tests.functions.card_shop import CardShop
from tests.functions.studio_shop import given
from tests.platform import ORIGIN

ENDPOINT = {
    "api_version_id": "shop.v1",
    "card_definition_id": "cards",
    "name": "products",
    "properties": ["name", "size", "brand", "label"],
    "relations": [{"relation_id": "maker", "properties": ["country"]}],
    "facets": [{"property": "brand", "size": 5, "headers": {"en": "Brand", "sv": "Märke"}}],
}


def labelled(id_, en=None, sv=None, **values):
    """An entry with a label in some languages."""
    entry = given(id_, **values)
    for language, value in (("en", en), ("sv", sv)):
        if value is not None:
            label = {"id": "label", "value": value, "language": language}
            entry["properties"].append(label)
    return entry


class DestinationShop(CardShop):
    """Cards `cards` of products and `makers` of brands; a destination `shop`."""

    async def stock(self, count=20):
        properties = [
            *({"id": id_, "type": "Text"} for id_ in ("title", "size", "brand")),
            {"id": "label", "type": "LocalizedText"},
        ]
        await self.call("create_data_source", id="goods", name="G", properties=properties)
        await self.call("update_data_source", source_id="goods", languages=["en", "sv"])
        properties = [{"id": id_, "type": "Text"} for id_ in ("name", "country")]
        await self.call("create_data_source", id="brands", name="B", properties=properties)
        await self.put(
            "goods",
            *(
                labelled(
                    f"p{n:02}", f"Thing {n}", f"Sak {n}" if n % 2 else None,
                    title=f"T{n}", size=str(n), brand=("Acme", "Bolt")[n % 2],
                )
                for n in range(count)
            ),
        )  # fmt: skip
        await self.put(
            "brands",
            given("b1", name="acme", country="SE"),
            given("b2", name="Bolt", country="NO"),
        )
        await self.define_all()
        return self

    async def define_all(self):
        await self.call(
            "create_card_definition",
            id="cards",
            name="Cards",
            sources=[{"source_id": "goods"}],
            properties=[
                {"id": "name", "source_property_id": "title"},
                {"id": "size", "type": "Integer"},
                {"id": "brand"},
                {"id": "label"},
            ],
        )
        await self.call(
            "create_card_definition",
            id="makers",
            name="Makers",
            sources=[{"source_id": "brands"}],
            properties=[{"id": "name"}, {"id": "country"}],
        )
        for card in ("cards", "makers"):
            await self.call("activate_card_definition", card_definition_id=card)
        self.work(5)
        await self.call(
            "create_relation_definition",
            id="maker",
            name="Maker",
            source_card_definition_id="cards",
            source_property_id="brand",
            target_card_definition_id="makers",
            target_property_id="name",
        )
        small = [{"property": "size", "type": "number", "op": "lt", "value": 10}]
        await self.call(
            "create_segment", id="small", name="Small", card_definition_id="cards", filter=small
        )
        await self.call(
            "create_segment",
            id="recalled",
            name="Recalled",
            card_definition_id="cards",
            card_ids=["p01"],
        )
        self.work(3)

    async def destination(self, **more):
        asked = {"id": "shop", "display_name": "Shop", "languages": ["en", "sv"], **more}
        await self.call("create_destination", **asked)
        await self.call("create_api_version", destination_id="shop")

    def web(self, key="", **headers):
        """An application of the shop: an HTTP client of its first version, maybe with a key."""
        client = self.http(key or None, face="destinations", **headers)
        client.base_url = f"{ORIGIN}/destinations/north/shop"
        return client

    def destination_key(self, version="v1", tenant="north"):
        asked = {"tenant": tenant, "destination": "shop", "version": version, "name": "tests"}
        return self.do("create_destination_key", **asked)["secret"]

    async def publish(self, version="shop.v1"):
        made = await self.call("update_api_version", api_version_id=version, state="publish")
        self.work(5)
        return made

    async def published(self, **endpoint):
        await self.destination()
        await self.call("create_endpoint", **{**ENDPOINT, **endpoint})
        await self.publish()
        return self

    async def ask(self, version="v1", endpoint="products", **query):
        return await self.call("search_destination_data", **self._asked(version, endpoint, query))

    async def unanswered(self, version="v1", endpoint="products", **query):
        asked = self._asked(version, endpoint, query)
        return await self.refused("search_destination_data", **asked)

    def _asked(self, version, endpoint, query):
        return {
            "destination_id": "shop",
            "api_version": version,
            "endpoint": endpoint,
            "query": query,
        }

    async def ids(self, **query):
        return (await self.ask(listIds=True, top=500, **query))["results"]


def p(*numbers):
    """Keys of products."""
    return [f"p{number:02}" for number in numbers]
