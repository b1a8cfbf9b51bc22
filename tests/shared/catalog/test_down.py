"""A catalog that is taken down is hidden from partners, whoever publishes, until it is put up."""

import pytest

from shared.catalog.publishing import put_up, take_down
from shared.errors import Problem
from shared.ports.documents import Query
from shared.queries import AUDIT_OF_ORGANIZATION
from shared.subscriptions.records import EXPORTS
from tests.platform import call, product, value

pytestmark = pytest.mark.anyio


@pytest.fixture
def hidden(stocked):
    take_down(stocked.operator(), "books")
    return stocked


async def seen(platform):
    async with platform.http(platform.token()) as client:
        return [each["displayName"] for each in await value(client, "list_catalogs")]


def grant_stands(platform):
    return platform.app.documents.get("grants/partner:books").data["state"] == "active"


async def test_it_is_gone_on_the_next_call_and_there_again_when_it_is_put_up(stocked):
    async with stocked.http(stocked.token()) as client:
        assert await value(client, "list_catalogs") != []
        take_down(stocked.operator(), "books")
        assert await value(client, "list_catalogs") == []
        url = {"canonical_url": "https://books.example/p/1"}
        found = await call(client, "lookup_product", url)
        assert "Product 1" not in found.text
        searched = await call(client, "search_products", {"query": "product"})
        assert "Product 1" not in searched.text
        assert grant_stands(stocked)
        put_up(stocked.operator(), "books")
        assert (await value(client, "lookup_product", url))["product"]["title"] == "Product 1"


async def test_it_stays_down_through_publishes_changes_and_rollbacks(hidden):
    hidden.publish("books", [product("7")])
    hidden.publish("books", [product("8")], "upsert_products")
    hidden.do("roll_back_catalog", catalog="books", version=1)
    hidden.work(3600)  # and through whole builds
    assert await seen(hidden) == []
    assert hidden.app.documents.get("heads/books").data["number"] == 1
    put_up(hidden.operator(), "books")
    assert await seen(hidden) == ["Books"]


def test_its_listing_goes_and_comes_back(hidden):
    hidden.work(60)
    assert EXPORTS.get(hidden.app.documents, "books").value.state == "none"
    put_up(hidden.operator(), "books")
    hidden.work(60)
    assert EXPORTS.get(hidden.app.documents, "books").value.state == "ready"
    take_down(hidden.operator(), "books")
    hidden.work(60)
    assert EXPORTS.get(hidden.app.documents, "books").value.state == "none"


def test_taking_down_what_is_down_changes_nothing(hidden):
    version = hidden.app.documents.get("heads/books").version
    assert take_down(hidden.operator(), "books") is False
    assert hidden.app.documents.get("heads/books").version == version
    assert put_up(hidden.operator(), "books").changed is True
    assert put_up(hidden.operator(), "books").changed is False
    assert "down" not in hidden.app.documents.get("heads/books").data


def test_each_is_one_audit_record(hidden):
    put_up(hidden.operator(), "books")
    page = hidden.app.documents.query(Query(AUDIT_OF_ORGANIZATION, equal={"org": ""}))
    events = [item.data["event"] for item in page.items if item.data["target"] == "books"]
    assert {*events} >= {"catalog.put_up", "catalog.taken_down"}


def test_what_was_never_published_cannot_be_taken_down(platform):
    platform.organization("owner", type="catalog_owner")
    platform.do("create_tenant", id="shop", name="Shop", org="owner")
    platform.do(
        "create_catalog",
        catalog="empty",
        tenant="shop",
        display_name="Empty",
        source_base_url="https://empty.example",
    )
    for catalog in ("empty", "nobodys"):
        with pytest.raises(Problem) as refused:
            take_down(platform.operator(), catalog)
        assert refused.value.code == "not_found"
