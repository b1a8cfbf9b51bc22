"""A face whose tenants have addresses of their own: whose data, who may do what there."""

from dataclasses import replace

import pytest

from shared.auth.faces import PARTNER, PORTAL, STUDIO
from shared.errors import Problem
from shared.ports.documents import Put
from shared.spelling import Case, Spelling
from tests.functions.trial import ADDRESS, bearer, connect, owned, trial
from tests.platform import LEGACY, Platform, message

pytestmark = pytest.mark.anyio
BOTH_STORES = True
METADATA = "/.well-known/oauth-protected-resource"


@pytest.fixture
def platform(tmp_path, stores):
    platform = owned(tmp_path / "data", **stores)
    yield platform
    platform.close()


@pytest.fixture
async def client(platform):
    async with connect(trial(platform.app), bearer(platform)) as client:
        yield client


async def post(client, place, method="tools/list", params=None):
    return await client.post(place, json=message(method, params), headers=LEGACY)


async def call(client, place, tool, arguments=None):
    """What a tool came to, and whether that was a failure."""
    response = await post(client, place, "tools/call", {"name": tool, "arguments": arguments or {}})
    assert response.status_code == 200, response.text
    result = response.json()["result"]
    return result["structuredContent"], result["isError"]


async def test_a_tenant_is_named_by_the_address_and_results_are_spelled_as_the_face_spells(client):
    value, failed = await call(client, "/studio/north/mcp", "list_things")
    assert (value, failed) == ({"tenant_name": "north", "role": "owner"}, False)
    assert await call(client, "/studio/south/mcp/", "list_things") == (
        {"tenant_name": "south", "role": "owner"},
        False,
    )


async def test_another_organizations_tenant_is_not_told_apart_from_one_that_is_not_there(client):
    answers = []
    for tenant in ("east", "nowhere"):
        value, failed = await call(client, f"/studio/{tenant}/mcp", "list_things")
        assert failed
        assert (value.pop("tenant"), value["code"]) == (tenant, "tenant_not_found")
        listed = await post(client, f"/studio/{tenant}/mcp")
        noted = await client.post(
            f"/studio/{tenant}/mcp",
            json={"jsonrpc": "2.0", "method": "notifications/initialized"},
            headers=LEGACY,
        )
        assert (listed.status_code, noted.status_code) == (404, 404)
        assert "www-authenticate" not in listed.headers
        texts = (value["message"], listed.text)
        answers.append([text.replace(tenant, "…") for text in texts])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["North", "-north", "n" * 41, "nörth", "a/b", "..", ""])
async def test_what_cannot_be_a_tenants_name_is_no_endpoint(client, name):
    assert (await post(client, f"/studio/{name}/mcp")).status_code == 404


async def test_without_a_tenant_only_what_is_about_none_can_be_called(client):
    assert await call(client, "/studio/mcp", "whoami") == (
        {"tenant_name": "", "role": "owner"},
        False,
    )
    value, failed = await call(client, "/studio/mcp", "list_things")
    assert (value["code"], failed) == ("tenant_required", True)
    assert "whoami" in value["message"]


async def test_a_call_about_a_wrong_tenant_draws_from_the_budget(platform, client):
    """Trying out names is not for free."""
    platform.do("change_organization", id="shop", rate_limit=3)
    codes = [(await call(client, "/studio/east/mcp", "list_things"))[0]["code"] for _ in range(4)]
    assert codes == ["tenant_not_found"] * 3 + ["rate_limited"]


@pytest.mark.parametrize(
    ("spelling", "argument"),
    [(Spelling(), "tenant_id"), (Spelling(arguments=Case.CAMEL, results=Case.CAMEL), "tenantId")],
)
async def test_where_a_face_has_it_an_argument_wins_over_the_address(platform, spelling, argument):
    face = replace(STUDIO, spelling=spelling, tenant_argument=argument)
    async with connect(trial(platform.app, face), bearer(platform)) as client:
        for place in ("/studio/mcp", "/studio/north/mcp"):
            value, failed = await call(client, place, "list_things", {argument: "south"})
            assert (value["tenantName"], failed) == ("south", False)
            for wrong in ("east", "nowhere", "../x", "N" * 9):
                value, _ = await call(client, place, "list_things", {argument: wrong})
                assert value["code"] == "tenant_not_found"
        listed = await post(client, "/studio/mcp")
        (things,) = (t for t in listed.json()["result"]["tools"] if t["name"] == "list_things")
        assert argument in things["inputSchema"]["properties"]
        assert "tenantName" in things["outputSchema"]["properties"]


async def test_a_face_of_camel_case_takes_both_spellings_and_names_the_one_it_shows(platform):
    face = replace(STUDIO, spelling=Spelling(arguments=Case.CAMEL))
    async with connect(trial(platform.app, face), bearer(platform)) as client:
        for name in ("namePrefix", "name_prefix"):
            value, failed = await call(client, "/studio/north/mcp", "list_things", {name: "a"})
            assert not failed, value
        value, _ = await call(client, "/studio/north/mcp", "list_things", {"nameprefix": "a"})
        assert "did you mean namePrefix?" in value["message"]


async def test_a_suspended_tenant_is_refused_and_says_so(platform, client):
    documents = platform.app.documents
    found = documents.get("tenants/north")
    documents.commit([Put(found.path, {**found.data, "state": "suspended"})])
    response = await post(client, "/studio/north/mcp", "tools/call", {"name": "list_things"})
    assert response.status_code == 403
    assert "suspended" in response.json()["detail"]


ALLOWED = {
    "viewer": {"list_things"},
    "editor": {"list_things", "change_things"},
    "publisher": {"list_things", "change_things"},
    "owner": {"list_things", "change_things", "delete_thing"},
}


@pytest.mark.parametrize("role", ALLOWED)
async def test_a_role_may_do_what_it_includes_and_counts_from_the_next_call(platform, role):
    arguments = {"delete_thing": {"thing": "x", "confirm": True}}
    async with connect(trial(platform.app), bearer(platform, "eddi")) as client:

        async def may():
            done = set()
            for tool in ALLOWED["owner"]:
                params = {"name": tool, "arguments": arguments.get(tool, {})}
                response = await post(client, "/studio/north/mcp", "tools/call", params)
                if response.status_code == 200:
                    done.add(tool)
                else:
                    assert response.status_code == 403
                    assert "needs the role" in response.json()["detail"]
            return done

        assert await may() == ALLOWED["editor"]
        platform.do("set_tenant_role", tenant="north", principal="eddi", role=role)
        assert await may() == ALLOWED[role]
        value, _ = await call(client, "/studio/south/mcp", "list_things")
        assert value["role"] == "editor"
        platform.do("set_tenant_role", tenant="north", principal="eddi")
        assert await may() == ALLOWED["editor"]


@pytest.mark.parametrize(
    ("had", "gets", "lost"),
    [
        ("owner", "viewer", True),
        ("publisher", None, True),
        (None, "viewer", True),
        ("viewer", None, False),
        ("editor", "publisher", False),
        (None, "editor", False),
    ],
)
async def test_whoever_gets_a_lower_role_signs_in_anew(platform, had, gets, lost):
    """What they let clients do was allowed by somebody with the higher one."""
    if had is not None:
        platform.do("set_tenant_role", tenant="north", principal="eddi", role=had)
    platform.clock.advance(1)
    token = bearer(platform, "eddi")
    platform.clock.advance(1)
    platform.do("set_tenant_role", tenant="north", principal="eddi", role=gets)
    async with connect(trial(platform.app), token) as client:
        assert (await post(client, "/studio/north/mcp")).status_code == (401 if lost else 200)
    platform.clock.advance(1)
    async with connect(trial(platform.app), bearer(platform, "eddi")) as client:
        assert (await post(client, "/studio/north/mcp")).status_code == 200


async def test_who_is_removed_and_comes_back_has_no_role_of_before(platform):
    platform.do("set_tenant_role", tenant="north", principal="eddi", role="owner")
    async with connect(trial(platform.app), bearer(platform, "eddi")) as client:
        assert (await call(client, "/studio/north/mcp", "list_things"))[0]["role"] == "owner"
        platform.member("shop", "eddi", state="removed")
        gone = await post(client, "/studio/north/mcp")
        assert gone.status_code == 403
        platform.member("shop", "eddi")
        assert (await call(client, "/studio/north/mcp", "list_things"))[0]["role"] == "editor"


async def test_roles_in_tenants_go_with_who_is_removed_and_stay_with_who_becomes_an_owner(platform):
    def listed():
        return [each["role"] for each in platform.do("list_tenant_roles", tenant="north")["items"]]

    platform.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    platform.member("shop", "eddi", role="owner")
    assert listed() == ["viewer"]
    platform.member("shop", "eddi", state="removed")
    assert listed() == []


async def test_roles_are_for_members_of_the_owning_organization(platform):
    for principal, why in (("nobody", "no such member"), ("x/../y", "principal: ")):
        with pytest.raises(Problem, match=why):
            platform.do("set_tenant_role", tenant="north", principal=principal, role="viewer")
    platform.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    listed = platform.do("list_tenant_roles", tenant="north")
    assert listed["items"] == [{"tenant": "north", "principal": "eddi", "role": "viewer"}]


@pytest.mark.parametrize("face", [PARTNER, PORTAL], ids=lambda face: face.name)
async def test_a_token_of_another_face_does_not_open_this_one(platform, face):
    token = platform.token(
        "shop", "olga", scopes=face.scopes, audience=platform.settings.addresses[face.name]
    )
    async with connect(trial(platform.app), token) as client:
        assert (await post(client, "/studio/north/mcp")).status_code == 401


async def test_a_token_of_this_face_does_not_open_another(platform):
    token = bearer(platform)
    async with platform.http(token) as partner:
        refused = await partner.post("/mcp", json=message("tools/list"), headers=LEGACY)
    assert refused.status_code == 401


@pytest.mark.parametrize("place", ["/studio/mcp", "/studio/north/mcp", "/studio/nowhere/mcp"])
async def test_metadata_and_challenge_name_the_address_that_was_used(platform, place):
    async with connect(trial(platform.app), "nonsense") as client:
        for path in (f"{METADATA}{place}", f"{place}{METADATA}"):
            document = (await client.get(path)).json()
            assert document["resource"] == f"http://localhost:8080{place}"
            assert document["scopes_supported"] == list(STUDIO.scopes)
        refused = await post(client, place)
    assert refused.status_code == 401
    assert (
        f'resource_metadata="http://localhost:8080{METADATA}{place}"'
        in (refused.headers["www-authenticate"])
    )


async def test_beside_a_tenants_address_clients_find_the_authorization_server(platform):
    async with connect(trial(platform.app), "nonsense") as client:
        for name in ("oauth-authorization-server", "openid-configuration"):
            for path in (
                f"/.well-known/{name}/studio/north/mcp",
                f"/studio/north/mcp/.well-known/{name}",
                f"/.well-known/{name}",
            ):
                document = (await client.get(path)).json()
                assert document["issuer"] == platform.settings.auth_url
                assert {*STUDIO.scopes, *PARTNER.scopes} <= {*document["scopes_supported"]}


async def test_metadata_of_what_cannot_be_a_tenant_is_not_there(client):
    assert (await client.get(f"{METADATA}/studio/NORTH/mcp")).status_code == 404


@pytest.mark.parametrize(
    ("faces", "said"),
    [
        ({"studio": "http://localhost:8080/studio"}, "the address of studio ends in /mcp"),
        ({"stodio": ADDRESS}, "there is no face 'stodio'"),
    ],
)
def test_an_address_that_is_wrong_or_of_no_face_is_refused_at_start(tmp_path, faces, said):
    with pytest.raises(ValueError, match=said):
        Platform(tmp_path, faces=faces).app.tokens  # noqa: B018  made when it is first asked for
