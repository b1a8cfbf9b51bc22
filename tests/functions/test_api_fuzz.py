"""Schema-driven fuzzing of REST: no 500, nothing undocumented, answers as described."""

import pytest
import schemathesis
from schemathesis import GenerationMode

from functions.api.main import host
from functions.api.routes import ROUTES
from tests.functions.fuzzing import HOST, fuzz
from tests.platform import Platform, product

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """A platform with a catalog that generated questions can find things in, and a key."""
    platform = Platform(tmp_path_factory.mktemp("fuzz"), hosts=(HOST, "testserver"))
    platform.organization("partner", rate_limit=1_000_000)
    platform.catalog("books", [product(str(n), color="Red") for n in range(1, 60)])
    platform.grant("partner", "books")
    platform.bearer = platform.key()
    yield platform
    platform.close()


@pytest.fixture(scope="module")
def described(fuzzed):
    return schemathesis.openapi.from_asgi(
        "/v1/openapi.json", host(fuzzed.app), headers={"host": HOST}
    )


@pytest.mark.parametrize(
    ("route", "mode"),
    [
        pytest.param(route, mode, id=f"{route.operation_id}-{mode.value}")
        for route in ROUTES
        for mode in GenerationMode
        if route.method == "POST" or mode is GenerationMode.POSITIVE  # a GET takes nothing wrong
    ],
)
def test_no_request_finds_a_500_or_an_answer_that_is_not_described(fuzzed, described, route, mode):
    def prepare(case):
        if "url" in route.tool.takes.model_fields and mode is GenerationMode.POSITIVE:
            case.body["url"] = f"https://books.example/p/{len(case.body['url'])}"
        if "host" in route.tool.takes.model_fields:
            case.path_parameters["host"] = f"shop-{len(case.path_parameters['host'])}.example"

    seen = fuzz(described[route.path][route.method], mode, fuzzed.bearer, prepare)
    assert seen & ({200, 404} if mode is GenerationMode.POSITIVE else {422})


def test_the_document_is_valid_openapi_3_1(described):
    assert described.raw_schema["openapi"].startswith("3.1")
    described.validate()
