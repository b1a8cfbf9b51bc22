"""Access that ends, ends on the very next request, on both surfaces and on every instance."""

import pytest

from tests.platform import call, value

pytestmark = pytest.mark.anyio


async def statuses(platform, token, key):
    """What an MCP call and a REST call answer on two instances that have both served before."""
    found = []
    for instance in (platform, platform.again()):
        async with instance.http(token) as mcp, instance.http(key, face="api") as rest:
            found.append(
                (
                    (await call(mcp, "list_catalogs")).status_code,
                    (await rest.get("/v1/catalogs")).status_code,
                )
            )
    assert len(set(found)) == 1
    return found[0]


async def test_a_withdrawn_grant_is_gone(stocked):
    other = stocked.again()
    async with stocked.http(stocked.token()) as one, other.http(stocked.token()) as two:
        assert len(await value(one, "list_catalogs")) == len(await value(two, "list_catalogs")) == 1
        stocked.do("withdraw_grant", org="partner", catalog="books")
        assert await value(one, "list_catalogs") == await value(two, "list_catalogs") == []


async def test_a_grant_given_is_there(stocked):
    stocked.catalog("toys", [{"id": "1", "title": "Toy", "url": "https://toys.example/1"}])
    async with stocked.http(stocked.token()) as client:
        assert len(await value(client, "list_catalogs")) == 1
        stocked.grant("partner", "toys")
        assert len(await value(client, "list_catalogs")) == 2


async def test_a_grant_ends_by_itself_at_its_time(stocked):
    stocked.grant("partner", "books", expires_at="2026-11-21T13:00:00Z")
    async with stocked.http(stocked.token(lifetime=7200)) as client:
        assert len(await value(client, "list_catalogs")) == 1
        stocked.clock.advance(3600)
        assert await value(client, "list_catalogs") == []


async def test_a_grant_for_one_surface_does_not_count_on_another(stocked):
    stocked.grant("partner", "books", surfaces=["rest"])
    async with stocked.http(stocked.token()) as mcp, stocked.http(stocked.key(), face="api") as api:
        assert await value(mcp, "list_catalogs") == []
        assert len((await api.get("/v1/catalogs")).json()) == 1


async def test_a_deactivated_key_is_401(stocked):
    token, key = stocked.token(), stocked.key()
    assert await statuses(stocked, token, key) == (200, 200)
    stocked.do("deactivate_api_key", id=key.split("_")[2])
    assert await statuses(stocked, token, key) == (200, 401)


async def test_a_key_past_its_time_is_401(stocked):
    token, key = stocked.token(), stocked.key(expires_at="2026-11-21T12:05:00Z")
    assert await statuses(stocked, token, key) == (200, 200)
    stocked.clock.advance(300)
    assert await statuses(stocked, token, key) == (200, 401)


async def test_a_signed_out_session_is_401(stocked):
    token, key = stocked.token(session="a-session-1"), stocked.key()
    assert await statuses(stocked, token, key) == (401, 200)  # a session that never began
    stocked.do("start_session", subject="ada", session="a-session-1")
    assert await statuses(stocked, token, key) == (200, 200)
    stocked.do("end_session", session="a-session-1")
    assert await statuses(stocked, token, key) == (401, 200)


async def test_a_removed_member_is_403(stocked):
    token, key = stocked.token(), stocked.key()
    stocked.member(state="removed")
    assert await statuses(stocked, token, key) == (403, 200)


async def test_a_disabled_organization_is_403_on_both_surfaces(stocked):
    token, key = stocked.token(), stocked.key()
    stocked.do("change_organization", id="partner", state="disabled")
    assert await statuses(stocked, token, key) == (403, 403)
    stocked.do("change_organization", id="partner", state="active")
    assert await statuses(stocked, token, key) == (200, 200)


async def test_an_expired_token_is_401_even_when_it_also_lacks_the_scope(stocked):
    token = stocked.token(scopes=["subscriptions:read"])
    stocked.clock.advance(601)
    async with stocked.http(token) as client:
        assert (await call(client, "list_catalogs")).status_code == 401
