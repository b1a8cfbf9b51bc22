"""What people do about their own organization: roles, the last owner, keys, clients, usage."""

import threading

import pytest

from shared.auth.faces import PARTNER
from shared.catalog.tools import agents
from shared.errors import Conflict, Problem
from shared.identity import account, audit, own_keys, own_members, own_sessions, own_usage
from shared.identity.limits import counted
from shared.invoke import Request, invoke
from tests.interfered import InterferedApp
from tests.platform import Platform, value
from tests.portal import acting, events
from tests.raced import RacedApp

KEYS, MEMBERS, SESSIONS = own_keys.family, own_members.family, own_sessions.family


@pytest.fixture
def owner(platform):
    return acting(platform)


@pytest.fixture
def member(platform):
    return acting(platform, subject="ben", role="member")


def refusal(run, tool, **arguments):
    with pytest.raises(Problem) as raised:
        run(tool, **arguments)
    return raised.value


def test_people_learn_who_they_are(owner):
    assert owner(account.family["get_account"]) == {
        "principal": "ada",
        "email": "ada@example.com",
        "role": "owner",
        "organization": "partner",
        "organizationName": "Partner",
        "organizationType": "catalog_partner",
    }


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (KEYS["create_own_api_key"], {"name": "x"}),
        (KEYS["deactivate_own_api_key"], {"id": "0" * 32}),
        (MEMBERS["invite_member"], {"email": "eve@example.com"}),
        (MEMBERS["change_own_member"], {"principal": "ben", "role": "owner"}),
        (audit.own_family["list_own_audit_events"], {}),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_members_may_not_do_what_is_for_owners(member, tool, arguments):
    problem = refusal(member, tool, **arguments)
    assert (problem.code, problem.details["reason"]) == ("forbidden", "role")


def test_a_token_of_a_partners_client_manages_nothing(platform):
    token = platform.app.tokens.verify(platform.token(scopes=PARTNER.scopes), PARTNER)
    assert not {"organization:read", "identity:read"} & token.scopes


def test_another_organizations_key_cannot_be_found(platform, owner):
    platform.organization("other")
    theirs = platform.do("create_api_key", org="other", name="theirs")["key"]["id"]
    assert refusal(owner, KEYS["deactivate_own_api_key"], id=theirs).code == "not_found"
    assert owner(KEYS["list_own_api_keys"])["items"] == []


@pytest.mark.anyio
async def test_a_key_shows_who_made_it_and_when_it_was_used_last(stocked):
    owner = acting(stocked)
    made = owner(KEYS["create_own_api_key"], name="backend")
    async with stocked.http(made["secret"], face="api") as client:
        for _ in range(2):
            stocked.clock.advance(11)
            await client.get("/v1/catalogs")
            await client.get("/v1/products/nowhere")
    (key,) = owner(KEYS["list_own_api_keys"])["items"]
    assert key["createdByEmail"] == "ada@example.com"
    assert key["lastUsedAt"].startswith("2026-11-21T12:00:1")
    (seen,) = owner(own_usage.family["get_own_activity"])
    assert (seen["kind"], seen["name"]) == ("key", "backend")
    assert seen["lastSeenAt"] == key["lastUsedAt"]
    assert made["secret"].startswith(key["prefix"])
    assert "secret" not in key
    assert "digest" not in key


def test_an_operators_key_and_an_owners_leave_the_same_but_for_who_made_it(platform, owner):
    platform.do("create_api_key", org="partner", name="same")
    owner(KEYS["create_own_api_key"], name="same")
    one, other = [each for each in events(platform) if each["event"] == "api_key.created"]
    changed = {"by", "surface", "target"}
    assert {k: v for k, v in one.items() if k not in changed} == {
        k: v for k, v in other.items() if k not in changed
    }


def test_whoever_is_invited_is_told_and_waits(platform, owner):
    owner(MEMBERS["invite_member"], email="New.Person@example.com", role="owner")
    mail = (platform.folder / "mail.txt").read_text()
    assert "To: new.person@example.com" in mail
    assert platform.settings.portal_url in mail
    people = {each["email"]: each for each in owner(MEMBERS["list_own_members"])["items"]}
    invited = people["new.person@example.com"]
    assert (invited["role"], invited["state"]) == ("owner", "invited")
    again = refusal(owner, MEMBERS["invite_member"], email="ada@example.com")
    assert (again.code, again.details["field"]) == ("conflict", "email")


def test_invitations_are_limited(platform, owner):
    for _ in range(own_members.INVITATIONS):
        now = platform.clock.now()
        counted(platform.app.documents, now, "invitations", "partner", most=50, seconds=86_400)
    problem = refusal(owner, MEMBERS["invite_member"], email="one.more@example.com")
    assert problem.code == "rate_limited"
    platform.clock.advance(86_400)
    owner(MEMBERS["invite_member"], email="one.more@example.com")


@pytest.mark.parametrize("change", [{"role": "member"}, {"state": "removed"}])
def test_the_last_owner_stays(platform, owner, member, change):
    problem = refusal(owner, MEMBERS["change_own_member"], principal="ada", **change)
    assert problem.code == "conflict"
    owner(MEMBERS["change_own_member"], principal="ben", role="owner")
    owner(MEMBERS["change_own_member"], principal="ada", **change)
    roles = {
        each.data["principal"]: (each.data["role"], each.data["state"])
        for each in platform.app.documents.get_many(
            ["memberships/partner:ada", "memberships/partner:ben"]
        ).values()
    }
    assert roles["ben"] == ("owner", "active")
    assert roles["ada"] != ("owner", "active")


def test_of_owners_who_all_leave_at_once_one_stays(platform):
    names = [f"owner{number}" for number in range(6)]
    runs = [acting(platform.again() if n else platform, subject=n) for n in names]
    start = threading.Barrier(len(names))
    codes = set()

    def leave(run, name):
        start.wait()
        try:
            run(MEMBERS["change_own_member"], principal=name, role="member")
        except Problem as problem:
            codes.add(problem.code)

    threads = [threading.Thread(target=leave, args=pair) for pair in zip(runs, names, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert codes <= {"conflict", "forbidden"}
    found = platform.app.documents.get_many([f"memberships/partner:{name}" for name in names])
    assert [each.data["role"] for each in found.values()].count("owner") >= 1


def test_an_owner_cannot_go_while_the_only_other_one_is_made_a_member(tmp_path):
    """The other is an owner when this is looked at, and none any more when it is written."""
    platform = Platform(tmp_path, app=RacedApp)
    platform.organization("partner")
    olga, otto = acting(platform, subject="olga"), acting(platform.again(), subject="otto")

    def rival():
        otto(MEMBERS["change_own_member"], principal="otto", role="member")

    platform.app.raced.about, platform.app.raced.rival = "memberships/partner:olga", rival
    problem = refusal(olga, MEMBERS["change_own_member"], principal="olga", state="removed")
    assert (problem.code, problem.details["field"]) == ("conflict", "role")
    kept = platform.app.documents.get("memberships/partner:olga").data
    assert (kept["role"], kept["state"]) == ("owner", "active")
    platform.close()


def test_a_change_of_a_member_that_never_wins_is_no_success(tmp_path):
    platform = Platform(tmp_path, app=InterferedApp)
    platform.organization("partner")
    owner = acting(platform)
    platform.member(subject="ben")

    def lose(commit, writes):
        if any(each.path == "memberships/partner:ben" for each in writes):
            raise Conflict("memberships/partner:ben")
        return commit(writes)

    platform.app.documents.instead["commit"] = lose
    problem = refusal(owner, MEMBERS["change_own_member"], principal="ben", state="removed")
    assert problem.code == "conflict"
    assert platform.app.documents.get("memberships/partner:ben").data["state"] == "active"
    platform.close()


def test_people_end_their_own_sign_ins_and_nobody_elses(platform, owner, member):
    (mine,) = owner(SESSIONS["list_own_sessions"])
    assert mine["current"]
    (theirs,) = member(SESSIONS["list_own_sessions"])
    assert refusal(owner, SESSIONS["end_own_session"], session=theirs["session"]).code == (
        "not_found"
    )
    assert owner(SESSIONS["end_own_session"]) == {"ended": 1}
    assert refusal(owner, SESSIONS["list_own_sessions"]).code == "unauthenticated"
    assert member(SESSIONS["list_own_sessions"]) == [theirs]


def test_signing_out_everywhere_ends_every_sign_in(platform, owner):
    other = acting(platform)
    assert owner(SESSIONS["end_own_sessions"]) == {"ended": 2}
    assert refusal(other, SESSIONS["list_own_sessions"]).code == "unauthenticated"


@pytest.mark.anyio
async def test_usage_counts_calls_by_day_tool_and_surface_but_not_the_portals(stocked):
    owner = acting(stocked)
    async with stocked.http(stocked.token(lifetime=100_000)) as client:
        for _ in range(2):
            await value(client, "list_catalogs")
            await value(client, "search_products", {"catalog": "books", "limit": 0})
            owner(KEYS["list_own_api_keys"])
            stocked.clock.advance(11)
        await value(client, "list_catalogs")
        stocked.clock.advance(86_400)
        await value(client, "list_catalogs")
        stocked.clock.advance(11)
        await value(client, "list_catalogs")
    usage = owner(own_usage.family["get_own_usage"])
    calls = {(each["surface"], each["tool"]): each for each in usage["tools"]}
    assert len(usage["days"]) == 30
    assert calls["mcp", "list_catalogs"]["calls"][-2] == 2
    assert calls["mcp", "list_catalogs"]["calls"][-1] >= 1
    assert calls["mcp", "search_products"]["failed"] == 2
    assert usage["errors"] == [{"code": "invalid_limit", "calls": 2}]
    assert usage["budget"]["limit"] == 600
    assert usage["budget"]["fullAt"] > stocked.clock.now().isoformat()[:19]
    stocked.clock.advance(120)
    full = {"limit": 600, "remaining": 600, "fullAt": None}
    assert owner(own_usage.family["get_own_usage"])["budget"] == full
    assert not [surface for surface, _ in calls if surface == "portal"]


@pytest.mark.anyio
async def test_activity_says_who_called_last_and_what_went_wrong_when(stocked):
    owner = acting(stocked)
    assert owner(own_usage.family["get_own_activity"]) == []
    async with stocked.http(stocked.token()) as client:
        await value(client, "search_products", {"catalog": "books", "limit": 0})
        (seen,) = owner(own_usage.family["get_own_activity"])
        assert (seen["lastSeenAt"], seen["lastError"]) == ("2026-11-21T12:00:00Z", None)
        stocked.clock.advance(11)
        await value(client, "list_catalogs")
    (seen,) = owner(own_usage.family["get_own_activity"])
    assert (seen["kind"], seen["lastError"]) == ("client", "invalid_limit")
    assert seen["lastErrorAt"] == "2026-11-21T12:00:00Z"


@pytest.mark.parametrize(
    "tool",
    [
        KEYS["list_own_api_keys"],
        MEMBERS["list_own_members"],
        SESSIONS["list_own_sessions"],
        own_usage.family["get_own_usage"],
        account.family["get_account"],
        audit.own_family["list_own_audit_events"],
    ],
    ids=lambda tool: tool.name,
)
def test_managing_access_works_when_the_calls_are_used_up(platform, tool):
    platform.organization("small", rate_limit=1)
    owner = acting(platform, "small")
    for _ in range(3):
        owner(tool)


@pytest.mark.anyio
async def test_a_call_that_is_refused_for_who_calls_draws_nothing(platform):
    """Whoever may not call a tool leaves the calls to those who may."""
    platform.organization("shop", type="catalog_owner", rate_limit=5)
    token = platform.app.tokens.verify(platform.token("shop", scopes=PARTNER.scopes), PARTNER)
    request = Request(token, "mcp", "test-request")
    codes = set()
    for _ in range(8):
        reply = invoke(agents.family["list_catalogs"], platform.app, request, {})
        codes.add(reply.problem.code)
    assert codes == {"forbidden"}
    assert acting(platform, "shop")(own_usage.family["get_own_usage"])["budget"]["remaining"] == 5


def test_operators_find_events_by_organization_by_event_and_by_who(platform, owner):
    owner(KEYS["create_own_api_key"], name="x")
    find = lambda **asked: platform.do("list_audit_events", **asked)["items"]  # noqa: E731
    assert find(by="ada")[0]["event"] == "api_key.created"
    assert {each["event"] for each in find(event="organization.created")} == {
        "organization.created"
    }
    assert len(find(org="partner", event="api_key.created")) == 1
    assert len(find()) > 3
    with pytest.raises(Problem) as raised:
        find(org="partner", by="ada")
    assert raised.value.details["field"] == "by"


def test_owners_see_the_events_of_their_organization_only(platform, owner):
    platform.organization("other")
    owner(KEYS["create_own_api_key"], name="x")
    found = owner(audit.own_family["list_own_audit_events"])["items"]
    assert {each["org"] for each in found} == {"partner"}


@pytest.mark.parametrize("role", ["owner", "member"])
def test_only_owners_of_the_operating_organization_change_the_platform(platform, role):
    from shared.identity import organizations

    platform.organization("operators", type="operator")
    run = acting(platform, "operators", "opal", role=role)
    assert run(organizations.family["list_organizations"])["items"]
    if role == "owner":
        run(organizations.family["create_organization"], id="made", name="Made")
    else:
        problem = refusal(run, organizations.family["create_organization"], id="no", name="No")
        assert problem.details["reason"] == "role"


def test_people_of_partners_run_no_operators_operation(owner):
    from shared.identity import grants

    problem = refusal(owner, grants.family["grant_catalog"], org="partner", catalog="books")
    assert problem.details["reason"] == "organization_type"
