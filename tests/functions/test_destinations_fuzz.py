"""Schema-driven fuzzing of two versions by their own descriptions: no 500, nothing undocumented."""

import asyncio

import pytest
import schemathesis
from schemathesis import GenerationMode

from functions.destinations.host import DestinationsHost
from tests.functions.destination_shop import DestinationShop
from tests.functions.fuzzing import HOST, fuzz

pytestmark = pytest.mark.slow
VERSIONS = {"v1": ("products",), "v2": ("products", "bare")}


async def stocked(folder):
    shop = await DestinationShop(folder, hosts=(HOST, "testserver")).fill().open()
    await shop.stock()
    await shop.published()
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    bare = {"api_version_id": "shop.v2", "card_definition_id": "makers", "name": "bare"}
    await shop.call("create_endpoint", **bare, properties=["country"])
    await shop.publish("shop.v2")
    await shop.north.close()
    return shop


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    shop = asyncio.run(stocked(tmp_path_factory.mktemp("fuzz")))
    yield shop
    shop.close()


@pytest.mark.parametrize(
    ("method", "mode"),
    [
        pytest.param(method, mode, id=f"{method}-{mode.value}")
        for method in ("GET", "POST")
        for mode in GenerationMode
        if method == "POST" or mode is GenerationMode.POSITIVE  # every text is a property's value
    ],
)
@pytest.mark.parametrize(
    ("version", "endpoint"), [(v, each) for v, named in VERSIONS.items() for each in named]
)
def test_no_request_finds_a_500_or_an_answer_that_is_not_described(
    fuzzed, version, endpoint, method, mode
):
    key = fuzzed.destination_key(version)
    described = schemathesis.openapi.from_asgi(
        f"/destinations/north/shop/{version}/openapi",
        DestinationsHost(fuzzed.app),
        headers={"host": HOST, "authorization": f"Bearer {key}"},
    )
    described.validate()

    def prepare(case):
        del case
        fuzzed.clock.advance(60)

    seen = fuzz(described[f"/{endpoint}"][method], mode, key, prepare)
    assert seen & ({200} if mode is GenerationMode.POSITIVE else {400})
