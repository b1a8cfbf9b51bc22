"""Grants: their terms, their limits, and many changes at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.auth.access import MOST_GRANTS, Access, pack
from shared.auth.access import Grant as Held
from shared.errors import Problem
from shared.ports.documents import Put
from tests.platform import product


def access(platform, org="partner"):
    return Access.of(platform.app.documents.get(f"access/{org}"))


def active(platform, org="partner"):
    """The grants in force by their own documents, page by page."""
    found, cursor = {}, None
    while True:
        page = platform.do("list_grants", org=org, **({"cursor": cursor} if cursor else {}))
        found |= {grant["catalog"]: grant for grant in page["items"]}
        cursor = page["nextCursor"]
        if cursor is None:
            return found


def catalogs(platform, amount):
    platform.organization("owner", type="catalog_owner")
    platform.do("create_tenant", id="shop", name="Shop", org="owner")
    keys = [f"c{number:03}" for number in range(amount)]
    for key in keys:
        platform.do(
            "create_catalog",
            catalog=key,
            tenant="shop",
            display_name=key,
            source_base_url=f"https://{key}.example",
        )
    return keys


@pytest.mark.parametrize(
    "name",
    ["category_path.depth_7", "category_path", "category_path.x", "attribute_facets.", " ", ""],
)
def test_a_restriction_by_a_facet_that_does_not_exist_is_refused_when_it_is_granted(stocked, name):
    with pytest.raises(Problem) as refused:
        stocked.grant("partner", "books", only=[{"name": name, "values": ["x"]}])
    assert refused.value.code == "invalid"
    assert access(stocked).grants["books"].only is None


@pytest.mark.parametrize(
    "name", ["Brand_Name", "category_path.depth_6", "fit", "attribute_facets.fit", "any attribute"]
)
def test_a_restriction_by_a_facet_that_search_knows_is_granted(stocked, name):
    stocked.grant("partner", "books", only=[{"name": name, "values": ["x"]}])
    assert access(stocked).grants["books"].only == ({"name": name, "values": ["x"]},)


def test_a_restricted_grant_never_counts_in_bigquery(stocked):
    only = [{"name": "color", "values": ["red"]}]
    given = stocked.grant("partner", "books", only=only)
    assert given["surfaces"] == ["mcp", "rest"]
    assert not access(stocked).grants["books"].holds("bigquery", 0)
    with pytest.raises(Problem, match="bigquery"):
        stocked.grant("partner", "books", only=only, surfaces=["mcp", "bigquery"])
    assert stocked.grant("partner", "books")["surfaces"] is None
    assert access(stocked).grants["books"].holds("bigquery", 0)


@pytest.mark.parametrize("surface", ["mcp", "rest", "bigquery"])
def test_a_grant_may_count_on_one_surface_and_not_on_none(stocked, surface):
    assert stocked.grant("partner", "books", surfaces=[surface])["surfaces"] == [surface]
    with pytest.raises(Problem) as refused:
        stocked.grant("partner", "books", surfaces=[])
    assert refused.value.code == "invalid"
    assert access(stocked).grants["books"].surfaces == {surface}


def test_restrictions_take_at_most_1_kib(stocked):
    def only(letters):
        values = ["v" * 200] * 4 + ["v" * letters]
        return [{"name": "color", "values": values}]

    size = len(b'[["mcp","rest"],[{"name":"color","values":["","","","",""]}]]') + 800
    stocked.grant("partner", "books", only=only(1024 - size))
    with pytest.raises(Problem, match="1024 bytes"):
        stocked.grant("partner", "books", only=only(1025 - size))


def test_the_501st_grant_is_one_too_many_and_a_withdrawal_makes_room(stocked):
    before = access(stocked)
    full = [Held(f"c{n:03}", frozenset(), None, None, None) for n in range(MOST_GRANTS - 1)]
    documents = stocked.app.documents
    data = documents.get("access/partner").data
    books = before.grants["books"]
    documents.commit([Put("access/partner", {**data, "grants": pack([books, *full])})])
    stocked.catalog("toys", [product("1", url="https://toys.example/1")])
    with pytest.raises(Problem) as refused:
        stocked.grant("partner", "toys")
    assert refused.value.code == "too_many_grants"
    assert documents.get("grants/partner:toys") is None
    stocked.grant("partner", "books", surfaces=["mcp"])  # new terms are not a new grant
    stocked.do("withdraw_grant", org="partner", catalog="books")
    stocked.grant("partner", "toys")
    assert len(access(stocked).grants) == MOST_GRANTS


def test_eight_threads_of_changes_to_one_organization_lose_nothing(platform):
    keys = catalogs(platform, 16)
    other = platform.again()

    def work(number):
        mine = keys[number * 2 : number * 2 + 2]
        on = (platform, other)[number % 2]
        for key in mine:
            on.grant("partner", key)
        on.do("withdraw_grant", org="partner", catalog=mine[0])
        on.grant("partner", mine[0], surfaces=["rest"])
        on.do("withdraw_grant", org="partner", catalog=mine[1])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert set(active(platform)) == set(access(platform).grants) == set(keys[::2])
    assert all(grant.surfaces == {"rest"} for grant in access(platform).grants.values())
    assert access(platform).revision == 1 + 8 * 5


def test_rate_and_state_changed_at_once_both_hold(platform):
    other = platform.again()
    with ThreadPoolExecutor(2) as threads:
        disabled = threads.submit(
            platform.do, "change_organization", id="partner", state="disabled"
        )
        limited = threads.submit(other.do, "change_organization", id="partner", rate_limit=77)
        disabled.result(), limited.result()
    (found,) = platform.do("list_organizations")["items"]
    assert (found["state"], found["rateLimit"]) == ("disabled", 77)
    assert (access(platform).state, access(platform).rate) == ("disabled", 77)


def test_a_grant_given_while_the_catalog_gets_new_hosts_knows_them(stocked):
    """The catalog's hosts and the grant's are compared in the grant's own commit."""
    stocked.organization("other")
    documents = stocked.app.documents
    catalog = documents.get("catalogs/books")
    real = documents.commit

    class Widening:
        """Lets the hosts grow between the grant's read and its commit, once."""

        def __getattr__(self, name):
            return getattr(documents, name)

        def commit(self, writes):
            nonlocal catalog
            if catalog is not None:
                grown = [*catalog.data["hosts"], "new.example"]
                real([Put(catalog.path, {**catalog.data, "hosts": grown})])
                catalog = None
            real(writes)

    made = stocked.app._made
    name = next(key for key, value in made.items() if value is documents)
    made[name] = Widening()
    stocked.grant("other", "books")
    assert "new.example" in access(stocked, "other").grants["books"].hosts


def test_a_grant_without_terms_says_none_in_its_audit_record(stocked):
    found = stocked.do("list_audit_events", org="partner")["items"]
    (given,) = [each for each in found if each["event"] == "grant.given"]
    assert given["details"] == {"terms": {}}
