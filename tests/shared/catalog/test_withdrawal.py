"""A catalog that operators withdraw is gone for everybody at once, and can come back."""

import pytest

from tests.mortal import Killed, MortalApp
from tests.platform import Platform, product, value

pytestmark = pytest.mark.anyio
ORGS = ("alpha", "beta", "gamma")


@pytest.fixture
def books(tmp_path):
    platform = Platform(tmp_path / "data", app=MortalApp)
    platform.catalog("books", [product("1")])
    for org in ORGS:
        platform.organization(org)
        platform.grant(org, "books")
    yield platform
    platform.close()


async def sees(platform, org):
    async with platform.http(platform.token(org)) as client:
        return [each["displayName"] for each in await value(client, "list_catalogs")]


async def test_wherever_its_withdrawal_is_cut_off_all_organizations_see_the_same(books):
    seen = []
    for changes in range(40):
        books.app.life.left = changes
        try:
            books.do("withdraw_catalog", catalog="books")
        except Killed:
            killed = True
        else:
            killed = False
        books.app.life.left = None
        shown = [await sees(books, org) for org in ORGS]
        assert shown in ([["Books"]] * 3, [[]] * 3)
        seen.append(bool(shown[0]))
        if not killed:
            break
    assert seen[0]
    assert not seen[-1]
    assert books.do("list_grants", org="gamma")["items"] == []


async def test_it_is_granted_anew_and_seen_once_it_is_restored(books):
    books.do("withdraw_catalog", catalog="books")
    books.do("restore_catalog", catalog="books")
    assert await sees(books, "alpha") == []
    books.grant("alpha", "books")
    assert await sees(books, "alpha") == ["Books"]


def test_a_catalog_that_was_never_published_is_withdrawn_and_restored(books):
    books.do(
        "create_catalog",
        catalog="films",
        tenant="shop",
        display_name="Films",
        source_base_url="https://films.example",
    )
    books.do("withdraw_catalog", catalog="films")
    assert books.do("restore_catalog", catalog="films")["version"] is None
