"""The admin face: who calls, which tenants, one envelope, and no way around the tenant."""

import pytest

from shared.auth.faces import ADMIN
from tests.functions.operators import ADDRESS, Operators
from tests.functions.trial import connect
from tests.platform import LEGACY, message

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
def operators(tmp_path, stores):
    operators = Operators(tmp_path / "data", **stores).fill()
    yield operators
    operators.close()


@pytest.fixture
async def anywhere(operators):
    client = operators.connected("")
    yield client
    await client.close()


@pytest.mark.parametrize("place", ["/admin/mcp", "/admin/plant/mcp", "/admin/nowhere/mcp"])
async def test_without_a_bearer_every_address_says_where_to_sign_in(operators, place):
    async with operators.http(face="admin") as client:
        refused = await client.post(place, json=message("tools/list"), headers=LEGACY)
    assert refused.status_code == 401
    metadata = f"http://localhost:8080/.well-known/oauth-protected-resource{place}"
    assert f'resource_metadata="{metadata}"' in refused.headers["www-authenticate"]


async def test_whoami_says_who_calls_and_which_tenants_they_may_use(operators, anywhere):
    found = await anywhere.call("whoami")
    expires = found.pop("tokenExpiresAtUtc")
    assert found == {
        "isSuccess": True,
        "isAuthenticated": True,
        "userId": "ops",
        "userName": "ops@example.com",
        "email": "ops@example.com",
        "tenantId": "",
        "allowedTenants": ["group", "plant"],
        "roles": ["owner"],
        "scopes": sorted(ADMIN.scopes),
    }
    status = await anywhere.call("auth_status")
    assert (status["isAuthenticated"], status["wasRefreshed"]) == (True, False)
    assert status["expiresAtUtc"] == expires
    member = operators.connected("plant", "mia")
    found = await member.call("whoami")
    assert (found["tenantId"], found["roles"]) == ("plant", ["editor"])
    await member.close()


async def test_tenants_are_listed_whole_in_parts_and_as_a_tree(operators, anywhere):
    listed = await anywhere.call("list_tenants")
    assert (listed["allowedTenants"], listed["totalCount"]) == (["group", "plant"], 2)
    part = await anywhere.call("list_tenants", skip=1, take=1)
    assert (part["allowedTenants"], part["totalCount"]) == (["plant"], 2)
    below = await anywhere.call("get_tenants", tenantId="group")
    assert (below["tenantId"], below["parentTenantId"], below["totalCount"]) == (
        "group", "group", 1,
    )  # fmt: skip
    assert below["tenants"] == [
        {"tenantId": "plant", "database": "plant", "name": "Plant", "state": "active"}
    ]


async def test_switching_says_whether_a_tenant_may_be_used_and_remembers_nothing(anywhere):
    switched = await anywhere.call("switch_tenant", tenantId="plant")
    assert (switched["tenantId"], switched["roles"]) == ("plant", ["owner"])
    assert (await anywhere.call("whoami"))["tenantId"] == ""
    refused = await anywhere.refused("switch_tenant", tenantId="north")
    assert "no access to the tenant 'north'" in refused["errorMessage"]


async def test_without_a_tenant_the_answer_says_where_to_name_one(anywhere):
    refused = await anywhere.refused("get_tenants")
    assert (refused["isSuccess"], refused["errorCode"]) == (False, "tenant_required")
    assert refused["errorMessage"].startswith("No tenant ID specified. Provide a 'tenantId'")


@pytest.mark.parametrize("name", ["tenantId", "tenant_id"])
async def test_an_argument_wins_over_the_address_in_both_spellings(operators, name):
    plant = operators.connected("plant")
    for given, tenant in (("group", "group"), ("GROUP", "group"), ("  ", "plant"), ("", "plant")):
        found = await plant.call("get_tenants", **{name: given})
        assert found["parentTenantId"] == tenant
    refused = await plant.refused("get_tenants", **{name: "north"})
    assert refused["errorCode"] == "tenant_not_found"
    await plant.close()


@pytest.mark.parametrize("name", ["Demo/Machine", "../x", "a:b", "n" * 41, "é", "_"])
async def test_what_cannot_be_a_tenants_name_is_not_found(anywhere, name):
    for tool, more in (("get_tenants", {}), ("query_entities", {"ckTypeId": "Demo/Plant"})):
        refused = await anywhere.refused(tool, tenantId=name, **more)
        assert refused["errorCode"] == "tenant_not_found"


async def test_a_tenant_that_is_named_twice_is_refused(anywhere):
    refused = await anywhere.refused("get_tenants", tenantId="group", tenant_id="plant")
    assert refused["errorCode"] == "invalid"


async def test_every_tool_about_a_tenant_refuses_anothers_and_does_not_say_that_it_exists(
    operators, anywhere
):
    """The reference looks at the address's tenant alone: an argument reached any tenant."""
    tools = (await anywhere.post("tools/list")).json()["result"]["tools"]
    about = [tool for tool in tools if "tenantId" in tool["inputSchema"]["properties"]]
    assert len(about) > 1
    for tool in about:
        said = set()
        for tenant in ("north", "nowhere"):
            arguments = {**example(tool["inputSchema"]), "tenantId": tenant}
            if tool["name"] == "authenticate":
                continue
            refused = await anywhere.refused(tool["name"], **arguments)
            assert refused["errorCode"] == "tenant_not_found", tool["name"]
            said.add(refused["errorMessage"].replace(tenant, "…"))
        assert len(said) <= 1


def example(schema):
    """Arguments that could be meant: of each that is needed, some value of its type."""
    values = {"string": "x", "integer": 1, "array": [], "boolean": True, "object": {}}
    properties = schema["properties"]
    return {
        name: properties[name].get("enum", [values.get(properties[name].get("type"), "x")])[0]
        for name in schema.get("required", [])
    }


async def test_a_failure_names_the_fields_in_the_spelling_of_the_face(anywhere):
    refused = await anywhere.refused("list_tenants", take="many")
    assert refused["isSuccess"] is False
    assert [each["path"] for each in refused["details"]] == ["take"]
    near = await anywhere.refused("get_tenants", tenantID="plant")
    assert "did you mean tenantId?" in near["errorMessage"]


async def test_people_of_other_organizations_do_not_get_in(operators):
    token = operators.token("shop", "olga", scopes=ADMIN.scopes, audience=ADDRESS)
    async with connect(operators.http(face="admin")._transport.app, token) as client:
        params = {"name": "whoami", "arguments": {}}
        refused = await client.post(
            "/admin/mcp", json=message("tools/call", params), headers=LEGACY
        )
    assert refused.status_code == 403
