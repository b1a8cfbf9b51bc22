"""Access that ends, ends on the very next request, on both surfaces and on every instance."""

import secrets

import pytest

from shared.auth.faces import PORTAL
from shared.errors import Problem
from shared.identity import own_members
from shared.ports.documents import Put
from tests.browser import App, Browser, allowed, signed_in
from tests.counting import CountedApp
from tests.platform import Platform, call, value
from tests.portal import acting, token_of

pytestmark = pytest.mark.anyio
BOTH_STORES = True
CHANGE = own_members.family["change_own_member"]
PROGRAM = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


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
    stocked.clock.advance(1)
    stocked.do("change_organization", id="partner", state="disabled")
    assert await statuses(stocked, token, key) == (403, 401)
    stocked.do("change_organization", id="partner", state="active")
    assert await statuses(stocked, token, key) == (401, 401)
    stocked.clock.advance(1)
    assert await statuses(stocked, stocked.token(), stocked.key()) == (200, 200)


async def test_a_change_of_how_much_an_organization_may_call_ends_nobodys_access(stocked):
    token, key = stocked.token(), stocked.key()
    stocked.clock.advance(1)
    stocked.do("change_organization", id="partner", rate_limit=500)
    assert await statuses(stocked, token, key) == (200, 200)


async def test_nothing_of_a_disabled_organization_is_listed_as_good(with_sign_in):
    """Neither is it once the organization is enabled again: what ended has ended."""
    do = with_sign_in.do
    await signed_in(with_sign_in)
    key = with_sign_in.key().split("_")[2]
    account = do("create_service_account", org="partner", name="Nightly", keys=[PROGRAM])
    with_sign_in.clock.advance(1)
    for state in ("disabled", "active"):
        do("change_organization", id="partner", state=state)
        (kept,) = (each for each in do("list_api_keys", org="partner")["items"])
        assert (kept["id"], kept["state"]) == (key, "inactive")
        (program,) = do("list_service_accounts", org="partner")["items"]
        assert (program["id"], program["state"]) == (account["id"], "ended")
        assert do("list_authorizations", person="ada")["items"] == []


async def test_a_key_is_refused_from_the_commit_on_that_disables(stocked):
    """The records follow one by one: whoever enables before they did revives nothing either."""
    key = stocked.key()
    documents = stocked.app.documents
    access = documents.get("access/partner").data
    documents.commit([Put("access/partner", {**access, "validAfter": stocked.clock.time()})])
    assert stocked.do("list_api_keys", org="partner")["items"][0]["state"] == "active"
    assert (await statuses(stocked, stocked.token(), key))[1] == 401


async def test_an_expired_token_is_401_even_when_it_also_lacks_the_scope(stocked):
    token = stocked.token(scopes=["subscriptions:read"])
    stocked.clock.advance(601)
    async with stocked.http(token) as client:
        assert (await call(client, "list_catalogs")).status_code == 401


def ended_and_back(platform, how):
    """End somebody's access, and give it back."""
    before, after = {
        "removed": ({"state": "removed"}, {"state": "active", "role": "owner"}),
        "no owner": ({"role": "member"}, {"role": "owner"}),
    }.get(how, (None, None))
    platform.clock.advance(5)
    if before is None:
        platform.do("change_organization", id="partner", state="disabled")
        platform.clock.advance(5)
        platform.do("change_organization", id="partner", state="active")
    else:
        platform.member(**before)
        platform.clock.advance(5)
        platform.member(**after)
    platform.clock.advance(5)


@pytest.mark.parametrize("how", ["removed", "no owner", "disabled"])
async def test_what_ended_stays_ended_when_its_person_is_let_in_again(with_sign_in, how):
    with_sign_in.member(email="ada@example.com", role="owner")
    app, tokens, browser = await signed_in(with_sign_in)
    portal = token_of(with_sign_in)
    ended_and_back(with_sign_in, how)
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        assert (await call(mcp, "list_catalogs")).status_code == 401
    refused = await app.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    with pytest.raises(Problem) as raised:
        with_sign_in.app.gate.admit(
            with_sign_in.app.tokens.verify(portal, PORTAL), "portal", lambda _: ()
        )
    assert raised.value.code == "unauthenticated"
    fresh = await allowed(app, browser)
    async with with_sign_in.http(fresh["access_token"]) as mcp:
        assert (await call(mcp, "list_catalogs")).status_code == 200


async def test_a_code_from_before_a_removal_gives_nothing_after_it(with_sign_in):
    app = await App(with_sign_in.http(face="auth")).register()
    browser = Browser(with_sign_in.http(face="auth"), with_sign_in.folder / "mail.txt")
    page = await browser.sign_in(await browser.open(app.request()))
    arrived = await browser.send(page, "/consent", decision="allow")
    ended_and_back(with_sign_in, "removed")
    assert (await app.exchange(arrived.answer["code"])).json()["error"] == "invalid_grant"


async def test_removing_somebody_ends_what_they_let_clients_do(with_sign_in):
    await signed_in(with_sign_in)
    assert with_sign_in.do("list_authorizations", person="ada")["items"]
    with_sign_in.member(state="removed")
    assert with_sign_in.do("list_authorizations", person="ada")["items"] == []


class Restless(CountedApp):
    """An app in which somebody else changes a session between every read and write of it."""

    def __init__(self, settings, clock=None):
        super().__init__(settings, clock)
        query = self.counting.query

        def read(asked):
            page = query(asked)
            for each in page.items:
                if each.path.startswith("sessions/"):
                    changed = {**each.data, "ended": {secrets.token_hex(8): self.clock.now()}}
                    self.counting.inner.commit([Put(each.path, changed)])
            return page

        self.counting.query = read


async def test_signing_out_everywhere_succeeds_while_others_change_the_person(tmp_path):
    platform = Platform(tmp_path, app=Restless)
    platform.organization()
    tokens = [platform.token() for _ in range(3)]
    assert platform.do("end_all_sessions", principal="ada") == {"ended": 3}
    for token in tokens:
        async with platform.http(token) as mcp:
            assert (await call(mcp, "list_catalogs")).status_code == 401
    platform.close()


def test_a_service_account_is_no_owner(platform):
    owner = acting(platform)
    program = f"sa-{'0' * 16}"
    put = {"org": "partner", "principal": program, "state": "active", "role": "owner"}
    platform.app.documents.commit(
        [Put(f"memberships/partner:{program}", {**put, "createdAt": platform.clock.now()})]
    )
    for refused in (
        lambda: owner(CHANGE, principal="ada", role="member"),
        lambda: owner(CHANGE, principal=program, role="owner"),
        lambda: platform.member(subject=program, role="owner"),
    ):
        with pytest.raises(Problem) as raised:
            refused()
        assert raised.value.details["field"] == "role"
