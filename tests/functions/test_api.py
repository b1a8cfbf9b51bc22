"""REST over HTTP: the contract's statuses, headers and error bodies."""

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(stocked):
    async with stocked.http(stocked.key(), face="api") as client:
        yield client


async def test_catalogs_are_the_same_list_as_the_tools(stocked, client):
    from tests.platform import value

    async with stocked.http(stocked.token()) as mcp:
        assert (await client.get("/v1/catalogs")).json() == await value(mcp, "list_catalogs")


async def test_every_answer_says_its_request_id_and_budget(client):
    response = await client.get("/v1/catalogs", headers={"x-request-id": "my-request-1"})
    assert response.headers["x-request-id"] == "my-request-1"
    assert response.headers["x-ratelimit-limit"] == "600"
    assert response.headers["x-ratelimit-remaining"] == "599"
    assert int(response.headers["x-ratelimit-reset"]) > 1_700_000_000


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        (None, "Authorization Bearer token required"),
        ("Basic abc", "Authorization Bearer token required"),
        ("Bearer nonsense", "Invalid API key"),
        (f"Bearer octo_live_{'0' * 32}_{'A' * 43}", "Invalid API key"),
        (f"Bearer other_live_{'0' * 32}_{'A' * 43}", "Invalid API key"),
    ],
)
async def test_without_a_good_key_it_is_401_and_says_no_budget(stocked, header, detail):
    async with stocked.http(face="api") as client:
        headers = {"authorization": header} if header else {}
        response = await client.get("/v1/catalogs", headers=headers)
    assert (response.status_code, response.json()) == (401, {"detail": detail})
    assert "x-ratelimit-limit" not in response.headers


async def test_an_access_token_is_not_an_api_key(stocked):
    async with stocked.http(stocked.token(), face="api") as client:
        assert (await client.get("/v1/catalogs")).status_code == 401


async def test_an_organization_of_another_type_is_403(stocked):
    key = stocked.key("owner", tenant="shop")
    async with stocked.http(key, face="api") as client:
        response = await client.get("/v1/catalogs")
    assert (response.status_code, response.json()["detail"]) == (403, "api_key_org_type_forbidden")


async def test_an_empty_budget_is_429_with_whole_seconds_to_wait(platform):
    platform.do("change_organization", id="partner", rate_limit=1)
    async with platform.http(platform.key(), face="api") as client:
        assert (await client.get("/v1/catalogs")).status_code == 200
        response = await client.get("/v1/catalogs")
    assert (response.status_code, response.json()) == (429, {"detail": "rate_limit_exceeded"})
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert response.headers["x-ratelimit-remaining"] == "0"


async def test_unknown_query_parameters_are_refused(client):
    response = await client.get("/v1/catalogs?page=2")
    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == "extra_forbidden"


async def test_unknown_paths_and_methods_are_404_and_405(client):
    assert (await client.get("/v1/nothing")).status_code == 404
    refused = await client.delete("/v1/catalogs")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


async def test_the_openapi_document_describes_what_is_served_and_needs_no_key(stocked):
    async with stocked.http(face="api") as client:
        document = (await client.get("/v1/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/catalogs"]["get"]["operationId"] == "listCatalogs"
    assert document["servers"] == [{"url": "http://localhost:8080/v1"}]
