"""Schema-driven fuzzing of the studio's routes for programs."""

import asyncio

import pytest
import schemathesis
from schemathesis import GenerationMode

from functions.studio.ingest import ROUTES
from functions.studio.main import StudioHost
from tests.functions.fuzzing import HOST, fuzz
from tests.functions.studio_shop import Studio

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """A tenant with one source, and a key of the tenant."""
    hosts = (HOST, "testserver")
    studio = Studio(tmp_path_factory.mktemp("fuzz"), hosts=hosts).fill()
    studio.do("change_organization", id="shop", rate_limit=1_000_000)

    async def create():
        north = studio.connected()
        await north.call("create_data_source", id="products", name="Products")
        await north.close()

    asyncio.run(create())
    studio.key = studio.key("shop", tenant="north")
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def described(fuzzed):
    return schemathesis.openapi.from_asgi(
        "/studio/openapi.json", StudioHost(fuzzed.app), headers={"host": HOST}
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
@pytest.mark.parametrize(
    ("mode", "is_there", "statuses"),
    [
        (GenerationMode.POSITIVE, True, {202, 400}),
        (GenerationMode.POSITIVE, False, {404}),
        (GenerationMode.NEGATIVE, False, {400, 404}),
    ],
    ids=["right", "right, elsewhere", "wrong"],
)
def test_no_import_finds_a_500_or_an_answer_that_is_not_described(
    fuzzed, described, route, mode, is_there, statuses
):
    def prepare(case):
        if is_there:
            case.path_parameters |= {"tenant": "north", "sourceId": "products"}

    assert fuzz(described[route.path][route.method], mode, fuzzed.key, prepare) & statuses
