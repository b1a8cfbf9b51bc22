"""What applications read over HTTP: keys, pages of other origins, budgets, unchanged answers."""

import httpx
import orjson
import pytest

from functions.destinations.reading import CALLS, REFUSED
from functions.studio.main import StudioHost
from shared.app import App
from tests.functions.destination_shop import ENDPOINT, DestinationShop, p
from tests.functions.studio_shop import given
from tests.platform import ORIGIN

pytestmark = pytest.mark.anyio
BOTH_STORES = True
PAGE = "https://shop.example"


@pytest.fixture
async def shop(tmp_path, stores):
    shop = await DestinationShop(tmp_path / "data", **stores).fill().open()
    await shop.stock()
    await shop.destination(protected=False, allowed_origins=[PAGE])
    await shop.call("create_endpoint", **ENDPOINT)
    await shop.publish()
    yield shop
    await shop.north.close()
    shop.close()


async def told(client, path, **parameters):
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_get_and_a_post_answer_the_same_and_what_the_studio_shows(shop):
    async with shop.web() as web:
        body = {"filter": [{"must": {"brand": ["Acme"]}}], "sortDesc": ["size"], "top": 3}
        posted = await web.post("v1/products", json=body)
        got = await told(web, "v1/products", brand="Acme", sortDesc="size", top=3)
    assert posted.json() == got == await shop.ask(**body)
    assert [each["id"] for each in got["results"]] == p(18, 16, 14)


async def test_parameters_say_all_that_a_body_says(shop):
    async with shop.web() as web:
        assert (await told(web, "v1/products", listIds="true", id=p(3, 4)))["results"] == p(3, 4)
        page = await told(web, "v1/products", listIds="true", sortAsc="id", top=2, after="p07")
        assert page["results"] == p(8, 9)
        page = await told(web, "v1/products", sortAsc=["brand", "size"], listIds="true", top=2)
        assert page["results"] == p(0, 2)
        found = await told(web, "v1/products", search="thing 7", caseInsensitiveSearch="true")
        assert [each["id"] for each in found["results"]] == p(7)
        total = await told(web, "v1/products", includeTotals="true", language="sv", top=1)
        assert (total["total"], total["language"]) == (20, "sv")
        since = total["until"]
        await shop.put("goods", given("p05", title="New"), {"id": "p06", "delete": True})
        shop.work(5)
        delta = await told(web, "v1/products", periodSince=since, includeDeleted="true")
        assert ([each["id"] for each in delta["results"]], delta["deleted"]) == (p(5), p(6))


WRONG = [
    ({"sise": "1"}, "sise"),
    ({"size": "big"}, "filter[0].must.size[0]"),
    ({"top": ["1", "2"]}, "top"),
    ({"listIds": "perhaps"}, "listIds"),
    ({"periodSince": "yesterday"}, "period.since"),
    ({"language": "de"}, "language"),
]


@pytest.mark.parametrize(("parameters", "path"), WRONG)
async def test_what_does_not_fit_is_refused_by_its_path(shop, parameters, path):
    async with shop.web() as web:
        answer = await web.get("v1/products", params=parameters)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [path])
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("v1/product", 404),
        ("v2/products", 404),
        ("../none/v1/products", 404),
        ("../../east/shop/v1/products", 404),
        ("../../no_tenant/shop/v1/products", 404),
        ("v1", 404),
        ("v1/products/more", 404),
    ],
)
async def test_what_is_not_there_is_told_apart_from_what_is(shop, path, status):
    async with shop.web() as web:
        answer = await web.get(path)
    assert answer.status_code == status


async def test_an_answer_that_did_not_change_is_not_sent_again(shop):
    async with shop.web() as web:
        first = await web.get("v1/products", params={"top": 2})
        same = {"if-none-match": first.headers["etag"]}
        again = await web.get("v1/products", params={"top": 2}, headers=same)
        assert (again.status_code, again.content) == (304, b"")
        other = await web.get("v1/products", params={"top": 3}, headers=same)
        assert other.status_code == 200
        await shop.put("goods", given("p19", title="New"))
        shop.work(5)
        changed = await web.get("v1/products", params={"top": 2}, headers=same)
        assert changed.status_code == 200
        assert changed.headers["etag"] != first.headers["etag"]


async def test_a_protected_version_is_read_with_its_own_key_alone(shop):
    await shop.call("create_api_version", destination_id="shop", copy_from="v1", protected=True)
    await shop.publish("shop.v2")
    await shop.call("create_api_version", destination_id="shop", copy_from="v1", protected=True)
    key, other = shop.destination_key("v2"), shop.destination_key("v3")
    importing = shop.key("shop", tenant="north")
    for given_, status in ((key, 200), ("", 401), (other, 401), (importing, 401), ("x", 401)):
        async with shop.web(given_) as web:
            for path in ("v2/products", "v2/openapi"):
                answer = await web.get(path)
                assert answer.status_code == status, (given_, answer.text)
    async with shop.web(key) as web:
        assert (await web.get("v1/products")).status_code == 401
    shop.do("deactivate_api_key", id=key.split("_")[2])
    async with shop.web(key) as web:
        assert (await web.get("v2/products")).status_code == 401


async def test_a_destinations_key_opens_nothing_else(shop):
    key = shop.destination_key()
    transport = httpx.ASGITransport(StudioHost(shop.app))
    bearer = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=bearer) as client:
        body = {"entries": [given("x", title="X")]}
        answer = await client.post("/studio/north/v1/sources/goods", json=body)
        assert answer.status_code == 401
    async with shop.http(key, face="api") as client:
        assert (await client.get("/v1/me")).status_code == 401


async def test_pages_of_known_origins_may_read_and_others_get_no_permission(shop):
    for origin, known in ((PAGE, True), ("https://evil.example", False)):
        async with shop.web(origin=origin) as web:
            answer = await web.get("v1/products", params={"top": 1})
            assert answer.status_code == 200
            assert (answer.headers.get("access-control-allow-origin") == origin) is known
            preflight = await web.options("v1/products")
            assert preflight.status_code == 204
            assert ("access-control-allow-headers" in preflight.headers) is known
    await shop.call("update_api_version", api_version_id="shop.v1", allowed_origins=[])
    async with shop.web(origin=PAGE) as web:
        answer = await web.get("v1/products", params={"top": 1})
        assert "access-control-allow-origin" not in answer.headers


async def test_destinations_have_a_budget_of_their_own(shop):
    async with shop.web() as web:
        answer = await web.get("v1/products", params={"top": 1})
        assert answer.headers["x-ratelimit-limit"] == str(CALLS)
        for _ in range(CALLS):
            shop.app.rate.draw("destinations:north", CALLS)
        refused = await web.get("v1/products", params={"top": 1})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert (await shop.call("whoami"))["tenant"] == "north"


async def test_refused_calls_have_a_budget_of_their_own_which_no_good_call_draws_from(shop):
    """Who tries keys and names is stopped, and takes nothing from applications."""
    async with shop.web() as web, shop.web(shop.key("shop", tenant="north")) as wrong:
        assert (await wrong.get("v1/products")).status_code == 401
        assert (await web.get("v9/products")).status_code == 404
        for _ in range(REFUSED):
            shop.app.rate.draw("refused:north", REFUSED)
        for refused in (await wrong.get("v1/products"), await web.get("v9/products")):
            assert (refused.status_code, "refused" in refused.json()["detail"]) == (429, True)
        assert (await web.get("v1/products")).status_code == 200
        answer = await web.get(f"{ORIGIN}/destinations/nobody/shop/v1/products")
        assert answer.status_code == 404
        for _ in range(REFUSED):
            shop.app.rate.draw("refused:", REFUSED)
        answer = await web.get(f"{ORIGIN}/destinations/nobody/shop/v1/products")
        assert answer.status_code == 429


class Broken(App):
    """Its documents fail as nobody expects, once they are told to."""

    fails = False

    @property
    def documents(self):
        if self.fails:
            raise RuntimeError("a mistake of ours")
        return super().documents


async def test_a_mistake_of_ours_is_told_to_the_log_and_to_the_caller_as_internal(tmp_path, logged):
    shop = DestinationShop(tmp_path / "data", app=Broken)
    shop.app.fails = True
    async with shop.web() as web:
        answer = await web.get("v1/products")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    _, lines = logged()
    assert [each["outcome"] for each in lines if each["message"] == "call"] == ["internal"]
    (crash,) = [each for each in lines if "a mistake of ours" in str(each)]
    assert crash["requestId"] == answer.json()["traceId"]
    assert "a mistake of ours" not in answer.text
    shop.app.fails = False
    shop.close()


async def test_a_suspended_tenant_and_a_stopped_version_answer_nothing_from_the_next_call_on(shop):
    async with shop.web() as web:
        shop.do("suspend_tenant", tenant="north")
        assert (await web.get("v1/products")).status_code == 403
        shop.do("resume_tenant", tenant="north")
        assert (await web.get("v1/products")).status_code == 200
        await shop.call("update_api_version", api_version_id="shop.v1", state="stop", confirm=True)
        assert (await web.get("v1/products")).status_code == 404


async def test_a_version_describes_exactly_what_it_answers(shop):
    await shop.call("create_api_version", destination_id="shop", copy_from="v1")
    await shop.call("create_endpoint", **{**ENDPOINT, "api_version_id": "shop.v2", "name": "more"})
    await shop.publish("shop.v2")
    async with shop.web() as web:
        first = (await web.get("v1/openapi")).json()
        second = (await web.get("v2/openapi")).json()
    assert set(first["paths"]) == {"/products"}
    assert set(second["paths"]) == {"/products", "/more"}
    entry = first["components"]["schemas"]["products"]["properties"]
    assert entry["size"] == {"type": ["integer", "null"]}
    assert entry["maker"]["items"]["properties"]["country"] == {"type": ["string", "null"]}
    named = {each["name"] for each in first["paths"]["/products"]["get"]["parameters"]}
    assert {"top", "periodSince", "brand", "id"} <= named
    assert b'"default"' not in orjson.dumps(first["components"])
    assert first["servers"] == [{"url": "http://localhost:8080/destinations/north/shop/v1"}]


async def test_a_public_description_is_kept_for_five_seconds_and_a_protected_one_is_not(shop):
    await shop.call("create_api_version", destination_id="shop", copy_from="v1", protected=True)
    await shop.publish("shop.v2")
    key = shop.destination_key("v2")
    async with shop.web() as web, shop.web(key) as own:
        for client, path in ((web, "v1/openapi"), (own, "v2/openapi")):
            assert (await client.get(path)).status_code == 200
        for version in ("shop.v1", "shop.v2"):
            stop = {"api_version_id": version, "state": "stop", "confirm": True}
            await shop.call("update_api_version", **stop)
        assert (await web.get("v1/products")).status_code == 404
        assert (await web.get("v1/openapi")).status_code == 200
        assert (await web.get("v1/openapi?x=1")).status_code == 404
        assert (await web.get("v2/openapi")).status_code == 404
        assert (await own.get("v2/openapi")).status_code == 404
        shop.clock.advance(6)
        assert (await web.get("v1/openapi")).status_code == 404


async def test_a_tenant_may_have_more_or_fewer_calls_of_applications(shop):
    shop.do("set_tenant_quota", tenant="north", destination_calls=50)
    async with shop.web() as web:
        answer = await web.get("v1/products")
        assert answer.headers["x-ratelimit-limit"] == "50"


async def test_what_is_no_query_is_refused(shop):
    async with shop.web() as web:
        for content, kind, status in (
            (b"{", "application/json", 400),
            (b"[]", "application/json", 400),
            (b"{}", "text/plain", 415),
            (orjson.dumps({"language": "x" * 2_000_000}), "application/json", 413),
        ):
            answer = await web.post("v1/products", content=content, headers={"content-type": kind})
            assert answer.status_code == status
        assert (await web.delete("v1/products")).status_code == 405
        assert (await web.post("v1/products?top=1", json={})).status_code == 400
        strange = await web.get("v1/products", headers={"host": "evil.example"})
        assert strange.status_code == 421
