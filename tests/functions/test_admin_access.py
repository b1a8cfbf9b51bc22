"""Access to another organization's tenant, added to a connection by somebody there."""

import pytest

from shared.auth.faces import ADMIN
from tests.browser import AUTH, App, Browser
from tests.functions.connection import Connection
from tests.functions.operators import ADDRESS, Operators

pytestmark = pytest.mark.anyio
BOTH_STORES = True


@pytest.fixture
def operators(tmp_path, stores):
    operators = Operators(tmp_path / "data", **stores).fill()
    operators.do("create_tenant", id="south", name="South", org="shop")
    operators.member("shop", "eddi", email="eddi@example.com")
    yield operators
    operators.close()


def browser_of(operators):
    return Browser(operators.http(face="auth"), operators.settings.data / "mail.txt")


@pytest.fixture
async def signed_in(operators):
    """A client that ops signed in with: its tokens, and the app that can refresh them."""
    app = await App(operators.http(face="auth")).register()
    browser = browser_of(operators)
    page = await browser.sign_in(
        await browser.open(app.request(resource=ADDRESS)), "ops@example.com"
    )
    arrived = await browser.send(page, "/consent", decision="allow")
    tokens = (await app.exchange(arrived.answer["code"], resource=ADDRESS)).json()
    assert tokens["scope"].split() == sorted(ADMIN.scopes)
    return app, tokens


@pytest.fixture
async def client(operators, signed_in):
    client = Connection(operators, "admin", "", signed_in[1]["access_token"])
    yield client
    await client.close()


async def typed(operators, asked, email):
    """From the address of a request to the page that asks, in a browser of its own."""
    browser = browser_of(operators)
    page = await browser.sign_in(await browser.open(asked["verificationUriComplete"]), email)
    return browser, await browser.send(page, "/device")


async def let_in(operators, client, email="olga@example.com", tenant="north", decision="allow"):
    asked = await client.call("authenticate", tenantId=tenant)
    browser, page = await typed(operators, asked, email)
    return await browser.send(page, "/consent", decision=decision)


async def test_somebody_of_the_organization_lets_a_connection_in_and_its_token_stays(
    operators, client
):
    refused = await client.refused("switch_tenant", tenantId="north")
    assert "authenticate asks somebody of its organization" in refused["errorMessage"]
    refused = await client.refused("check_auth_status")
    assert refused["errorMessage"] == "No pending authentication. Call 'authenticate' first."
    asked = await client.call("authenticate", tenantId="North")
    assert asked["isAlreadyAuthenticated"] is False
    assert asked["verificationUri"] == f"{AUTH}/device"
    waiting = await client.call("check_auth_status")
    assert (waiting["isPending"], waiting["retryAfterSeconds"]) == (True, 5)
    browser, page = await typed(operators, asked, "olga@example.com")
    for said in ("ops@example.com", "Operators", "north", "Shop", asked["userCode"]):
        assert said in page.text
    assert "Change entities of tenants" in page.text
    await browser.send(page, "/consent", decision="allow")
    done = await client.call("check_auth_status")
    assert (done["isAuthenticated"], done["isPending"]) == (True, False)
    switched = await client.call("switch_tenant", tenantId="north")
    assert switched["roles"] == ["owner"]
    assert (await client.call("list_tenants"))["allowedTenants"] == ["group", "north", "plant"]
    again = await client.call("authenticate", tenantId="north")
    assert again["isAlreadyAuthenticated"] is True
    added = {"org": "shop", "event": "authorization.tenant_added"}
    (event,) = operators.do("list_audit_events", **added)["items"]
    assert event["details"] == {"client": "Test app", "tenant": "north"}


async def test_access_to_one_tenant_is_no_access_to_another(operators, client):
    """The reference says "already authenticated" whatever tenant is asked for."""
    await let_in(operators, client)
    asked = await client.call("authenticate", tenantId="south")
    assert asked["isAlreadyAuthenticated"] is False
    assert (await client.refused("switch_tenant", tenantId="south"))["errorCode"] == (
        "tenant_not_found"
    )
    own = await client.call("authenticate", tenantId="plant")
    assert own["isAlreadyAuthenticated"] is True


async def test_it_is_of_the_connection_alone_and_survives_its_refresh(operators, client, signed_in):
    await let_in(operators, client)
    app, tokens = signed_in
    refreshed = (await app.refresh(tokens["refresh_token"])).json()
    same = Connection(operators, "admin", "north", refreshed["access_token"])
    assert (await same.call("get_available_models"))["models"] == ["System-1.0.0"]
    assert (await same.post("tools/list")).status_code == 200
    await same.close()
    other = operators.connected("")
    assert (await other.refused("switch_tenant", tenantId="north"))["errorCode"] == (
        "tenant_not_found"
    )
    await app.revoke(refreshed["refresh_token"])
    ended = Connection(operators, "admin", "", refreshed["access_token"])
    assert (await ended.post("tools/list")).status_code == 401
    await ended.close()
    await other.close()


async def test_it_has_the_role_of_who_allowed_it_as_long_as_they_have_it(operators, client):
    await let_in(operators, client, "eddi@example.com")

    async def roles():
        return (await client.call("switch_tenant", tenantId="north"))["roles"]

    assert await roles() == ["editor"]
    operators.do("set_tenant_role", tenant="north", principal="eddi", role="publisher")
    assert await roles() == ["publisher"]
    operators.clock.advance(1)
    operators.do("set_tenant_role", tenant="north", principal="eddi", role="viewer")
    refused = await client.refused("switch_tenant", tenantId="north")
    assert refused["errorCode"] == "tenant_not_found"


@pytest.mark.parametrize(
    "end",
    [
        lambda p: p.member("shop", "olga", state="removed"),
        lambda p: p.do("change_organization", id="shop", state="disabled"),
    ],
    ids=["removed", "disabled"],
)
async def test_it_ends_with_the_membership_and_the_organization_and_does_not_come_back(
    operators, client, end
):
    await let_in(operators, client)
    assert (await client.call("switch_tenant", tenantId="north"))["roles"] == ["owner"]
    operators.clock.advance(1)
    end(operators)
    refused = await client.refused("switch_tenant", tenantId="north")
    assert refused["errorCode"] == "tenant_not_found"
    operators.clock.advance(1)
    operators.do("change_organization", id="shop", state="active", rate_limit=7)
    operators.member("shop", "olga", role="owner")
    refused = await client.refused("switch_tenant", tenantId="north")
    assert refused["errorCode"] == "tenant_not_found"


async def test_nobody_else_can_let_a_connection_in(operators, client):
    asked = await client.call("authenticate", tenantId="north")
    _, page = await typed(operators, asked, "ops@example.com")
    assert page.status == 403
    assert "does not belong to an organization" in page.text
    assert (await client.call("check_auth_status"))["isPending"] is True


async def test_whether_there_is_such_a_tenant_is_not_told(operators, client):
    answers = []
    for tenant in ("north", "nowhere"):
        asked = await client.call("authenticate", tenantId=tenant)
        asked["userCode"] = asked["verificationUriComplete"] = ""
        asked["message"] = asked["message"][:40]
        answers.append(asked)
    assert answers[0] == answers[1]


async def test_who_says_no_is_told_to_the_client(operators, client):
    done = await let_in(operators, client, decision="deny")
    assert "Nothing was allowed" in done.text
    refused = await client.refused("check_auth_status")
    assert refused["errorMessage"] == "The person said no."
    assert (await client.refused("switch_tenant", tenantId="north"))["errorCode"] == (
        "tenant_not_found"
    )


async def test_a_code_is_good_for_a_while_and_for_the_newest_request(operators, client, signed_in):
    first = await client.call("authenticate", tenantId="north")
    await client.call("authenticate", tenantId="south")
    browser = browser_of(operators)
    page = await browser.sign_in(
        await browser.open(first["verificationUriComplete"]), "olga@example.com"
    )
    old = await browser.send(page, "/device")
    assert old.status == 400
    operators.clock.advance(901)
    app, tokens = signed_in
    refreshed = (await app.refresh(tokens["refresh_token"])).json()
    later = Connection(operators, "admin", "", refreshed["access_token"])
    refused = await later.refused("check_auth_status")
    assert "has expired" in refused["errorMessage"]
    await later.close()


async def test_what_waits_for_access_is_no_device_that_gets_tokens(operators, client, signed_in):
    await let_in(operators, client)
    app, tokens = signed_in
    authorization = tokens["refresh_token"].split("_")[1]
    for code in (f"adds-{authorization}", authorization):
        refused = await app.token(
            grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=code
        )
        assert refused.json()["error"] == "invalid_grant"


async def test_a_connection_that_nobody_authorized_in_a_browser_is_told_so(operators):
    program = operators.connected("")
    refused = await program.refused("authenticate", tenantId="north")
    assert "not authorized in a browser" in refused["errorMessage"]
    await program.close()
