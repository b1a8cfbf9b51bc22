"""The gate: one batched read a call, and only what it found decides."""

import orjson
import pytest

from shared.auth.access import Access, Grant, pack
from shared.auth.caller import ApiKey, Token
from shared.auth.gate import Gate
from shared.errors import Problem
from shared.ports.documents import Put
from shared.servers import ExternalIssuer
from tests.counting import CountedApp
from tests.platform import Platform, call, product, value

pytestmark = pytest.mark.anyio
TOYS = [product("1", url="https://toys.example/1")]
THEIR = "their-session"


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data", app=CountedApp)
    platform.organization("partner")
    platform.catalog("books", [product(str(n)) for n in range(1, 6)])
    platform.grant("partner", "books")
    yield platform
    platform.close()


@pytest.fixture
def federated(tmp_path):
    """Another issuer's tokens; `decides` makes its tokens create memberships."""
    made = []

    def federated(*, decides=False):
        issuer = ExternalIssuer(
            id="elsewhere",
            issuer="https://issuer.example/",
            jwks_url="https://issuer.example/jwks",
            audiences=("x",),
            organizations=("partner",),
            create_memberships=decides,
        )
        made.append(Platform(tmp_path / "federated", app=CountedApp, issuers=(issuer,)))
        made[-1].organization("partner")
        return made[-1]

    yield federated
    for each in made:
        each.close()


def token(platform, *, issuer="elsewhere", org="partner", **changed):
    fields = {
        "issuer": issuer,
        "subject": "ada",
        "principal": "elsewhere-ada",
        "org": org,
        "client": "c",
        "session": THEIR,
        "authorization": None,
        "scopes": frozenset({"catalog:read"}),
        "expires_at": platform.clock.time() + 600,
        **changed,
    }
    return Token(**fields)


def head(_access):
    return [f"heads/{catalog}" for catalog in _access.grants]


@pytest.mark.parametrize("face", ["partner", "api"])
async def test_a_call_is_one_batched_read_and_two_when_the_grants_changed(platform, face):
    bearer = platform.token() if face == "partner" else platform.key()
    documents = platform.app.documents
    platform.catalog("toys", TOYS)
    async with platform.http(bearer, face=face) as client:

        async def reads():
            documents.forget()
            if face == "partner":
                found = await value(client, "list_catalogs")
            else:
                found = (await client.get("/v1/catalogs")).json()
            return len(found), len(documents.gate_reads)

        await reads()
        assert await reads() == (1, 1)
        assert await reads() == (1, 1)
        platform.grant("partner", "toys")
        assert await reads() == (2, 2)
        assert await reads() == (2, 1)
        platform.do("withdraw_grant", org="partner", catalog="books")
        assert await reads() == (1, 1)
        platform.do(
            "create_catalog",
            catalog="unpublished",
            tenant="shop",
            display_name="x",
            source_base_url="https://x.example",
        )
        platform.grant("partner", "unpublished")
        assert await reads() == (1, 2)
        assert await reads() == (1, 1)  # what is not there is not asked for twice


async def test_a_first_contact_costs_a_read_for_each_thing_learned(platform):
    key = platform.key()
    for credential, most in ((platform.token(), 2), (key, 3)):
        fresh = platform.again()
        face = "api" if credential is key else "partner"
        async with fresh.http(credential, face=face) as client:
            if face == "api":
                assert (await client.get("/v1/catalogs")).status_code == 200
            else:
                assert (await call(client, "list_catalogs")).status_code == 200
        assert len(fresh.app.documents.gate_reads) == most


async def test_a_search_reads_only_the_head_it_needs(platform):
    platform.catalog("toys", TOYS)
    platform.grant("partner", "toys")
    async with platform.http(platform.token()) as client:
        await value(client, "search_products", {"catalog": "books"})
        platform.app.documents.forget()
        await value(client, "search_products", {"catalog": "books"})
        (asked,) = platform.app.documents.gate_reads
    assert [path for path in asked if path.startswith("heads/")] == ["heads/books"]
    assert len(asked) == 4


async def test_a_prediction_never_widens_what_is_judged(platform):
    """The instance remembers grants that are gone: their heads are read, and count for nothing."""
    platform.catalog("toys", TOYS)
    platform.grant("partner", "toys")
    bearer = platform.token()
    async with platform.http(bearer) as client:
        assert len(await value(client, "list_catalogs")) == 2
        other = platform.again()
        other.do("withdraw_grant", org="partner", catalog="toys")
        platform.app.documents.forget()
        for tool, arguments in (
            ("search_products", {"catalog": "toys"}),
            ("lookup_product", {"canonical_url": TOYS[0]["url"], "catalogs": ["toys"]}),
        ):
            assert (await value(client, tool, arguments))["error"] == "catalog_not_granted"
        assert any("heads/toys" in paths for paths in platform.app.documents.gate_reads)


def test_another_issuers_session_is_good_until_it_is_denied(federated):
    platform = federated()
    gate = Gate(platform.app.documents, platform.clock)
    platform.do("set_member", org="partner", subject="ada", issuer="elsewhere")
    principal = platform.do("list_members", org="partner")["items"][0]["principal"]
    caller = token(platform, principal=principal)
    assert gate.admit(caller, "mcp", head).caller.role == "member"
    platform.do("end_session", issuer="elsewhere", session=THEIR)
    with pytest.raises(Problem) as refused:
        gate.admit(caller, "mcp", head)
    assert refused.value.code == "unauthenticated"
    platform.clock.advance(91 * 86_400)  # longer than the denial was to last: still denied
    with pytest.raises(Problem):
        gate.admit(caller, "mcp", head)


def test_our_session_is_refused_when_absent_expired_anothers_or_its_authorization_ended(platform):
    platform.member()
    gate = Gate(platform.app.documents, platform.clock)

    def outcome(**changed):
        given = {"issuer": "own", "principal": "ada", "session": "a-session-1", **changed}
        try:
            return gate.admit(token(platform, **given), "mcp", head).caller.subject
        except Problem as problem:
            return problem.code

    assert outcome() == "unauthenticated"
    platform.do("start_session", subject="ada", session="a-session-1", days=1)
    platform.member(subject="eve")
    assert outcome() == "ada"
    assert outcome(principal="eve") == "unauthenticated"
    path = "sessions/own:a-session-1"
    session = platform.app.documents.get(path)
    ended = {**session.data, "ended": {"family-1": platform.clock.now()}}
    platform.app.documents.commit([Put(path, ended)])
    assert outcome(authorization="family-1") == "unauthenticated"
    assert outcome(authorization="family-2") == "ada"
    platform.clock.advance(86_400)
    assert outcome() == "unauthenticated"


def test_a_key_of_an_unknown_id_or_another_secret_is_refused(platform):
    gate = Gate(platform.app.documents, platform.clock)
    for key in (ApiKey("0" * 32, b"\0" * 32), ApiKey(platform.key().split("_")[2], b"\0" * 32)):
        with pytest.raises(Problem) as refused:
            gate.admit(key, "rest", head)
        assert refused.value.code == "unauthenticated"


async def join(platform, **changed):
    from shared.catalog.tools.agents import family
    from shared.invoke import Request
    from shared.serve.run import attempt

    request = Request(token(platform, **changed), "mcp", "request-1")
    return attempt(family["list_catalogs"], platform.app, request, {})


def joined(platform):
    return [
        (paths, platform.app.documents.inner.get(paths[-1]).data["event"])
        for paths in platform.app.documents.commits
        if any(path.startswith("memberships/") for path in paths)
    ]


async def test_a_first_sign_in_makes_a_membership_where_the_issuer_decides(federated):
    platform = federated(decides=True)
    platform.app.documents.forget()
    assert (await join(platform)).problem is None
    assert (await join(platform)).problem is None
    ((paths, event),) = joined(platform)
    assert paths[0] == "memberships/partner:elsewhere-ada"
    assert event == "membership.joined"
    (member,) = platform.do("list_members", org="partner")["items"]
    assert (member["role"], member["state"]) == ("member", "active")


async def test_a_first_sign_in_makes_none_where_it_does_not_nor_of_our_own(federated, platform):
    undecided = federated()
    assert (await join(undecided)).problem.code == "forbidden"
    assert joined(undecided) == []
    platform.do("start_session", subject="eve", session="eves-session")
    mine = {"issuer": "own", "principal": "eve", "session": "eves-session"}
    assert (await join(platform, **mine)).problem.code == "forbidden"


async def test_a_removed_member_is_never_brought_back_by_signing_in(federated):
    platform = federated(decides=True)
    await join(platform)
    path = "memberships/partner:elsewhere-ada"
    member = platform.app.documents.get(path)
    platform.app.documents.commit([Put(path, {**member.data, "state": "removed"})])
    platform.app.documents.forget()
    refused = (await join(platform)).problem
    assert (refused.code, refused.details["reason"]) == ("forbidden", "removed")
    assert platform.app.documents.commits == []


async def test_nobody_joins_a_disabled_an_unknown_or_an_operators_organization(federated):
    platform = federated(decides=True)
    platform.organization("ops", type="operator")
    platform.organization("gone")
    platform.do("change_organization", id="gone", state="disabled")
    platform.app.documents.forget()
    for org in ("ops", "gone", "nowhere"):
        assert (await join(platform, org=org)).problem.code == "forbidden"
    assert platform.app.documents.commits == []


@pytest.mark.parametrize("org", ["partner", "ops", "nowhere"])
async def test_who_cannot_join_is_judged_once(federated, org):
    """Nobody is asked about again who is the same stranger as before."""
    platform = federated(decides=org != "partner")
    platform.organization("ops", type="operator")
    platform.app.documents.forget()
    assert (await join(platform, org=org)).problem.code == "forbidden"
    asked = [paths for paths in platform.app.documents.gate_reads if len(paths) > 1]
    assert len(asked) == 1


async def test_another_refusal_is_no_first_sign_in(federated):
    platform = federated(decides=True)
    await join(platform)
    platform.app.documents.forget()
    refused = (await join(platform, scopes=frozenset())).problem
    assert refused.code == "insufficient_scope"
    assert len(platform.app.documents.gate_reads) == 1


def test_500_grants_are_parsed_once_for_as_long_as_they_stay_the_same(platform):
    documents, gate = platform.app.documents, Gate(platform.app.documents, platform.clock)
    many = [Grant(f"c{n:03}", frozenset({f"h{n}.example"}), None, None, None) for n in range(500)]
    before = documents.get("access/partner").data
    documents.commit([Put("access/partner", {**before, "grants": pack(many)})])
    key = ApiKey("0" * 32, b"\1" * 32)
    record = {"org": "partner", "digest": key.digest, "state": "active"}
    record["createdAt"] = platform.clock.now()
    documents.commit([Put(f"api_keys/{key.id}", record)])
    first = gate.admit(key, "rest", lambda _: ()).access
    assert len(first.grants) == len(first.by_host) == 500
    assert gate.admit(key, "rest", lambda _: ()).access is first
    documents.commit([Put("access/partner", {**before, "grants": pack(many[:-1])})])
    assert len(gate.admit(key, "rest", lambda _: ()).access.grants) == 499


def test_packing_keeps_every_term_and_orders_by_catalog():
    only = ({"name": "color", "values": ["red"]},)
    given = [
        Grant("b", frozenset({"b.example", "a.example"}), frozenset({"rest", "mcp"}), only, 5.0),
        Grant("a", frozenset(), None, None, None),
    ]
    access = Access("o", "active", "catalog_partner", 1, 1, "v", pack(given))
    assert list(access.grants.values()) == [given[1], given[0]]
    assert set(orjson.loads(access.packed)[0]) == {"catalog", "hosts"}
    assert pack(access.grants.values()) == access.packed


@pytest.mark.slow
async def test_ten_thousand_organizations_cost_a_call_what_one_costs(platform):
    documents = platform.app.documents
    access = documents.get("access/partner").data
    organization = documents.get("organizations/partner").data
    for start in range(0, 10_000, 250):
        documents.inner.commit(
            [
                Put(path.format(n), data)
                for n in range(start, start + 250)
                for path, data in (("access/o{}", access), ("organizations/o{}", organization))
            ]
        )
    bearers = []
    for n in (0, 5_000, 9_999):
        platform.member(f"o{n}")
        bearers.append(platform.token(f"o{n}"))
    for bearer in bearers:
        async with platform.http(bearer) as client:
            assert len(await value(client, "list_catalogs")) == 1
            documents.forget()
            assert len(await value(client, "list_catalogs")) == 1
        (asked,) = documents.gate_reads
        assert len(asked) == 4
        assert documents.commits == []
    assert len(platform.do("list_organizations")["items"]) == 100
