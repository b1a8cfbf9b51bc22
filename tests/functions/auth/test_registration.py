"""Registration stores nothing, and refuses what could be abused."""

import pytest

from functions.auth.clients import Client, client_id
from functions.auth.server import AuthServer
from tests.browser import AUTH, CALLBACK, App, Browser, allowed
from tests.hostile import INVISIBLE, REDIRECTS

pytestmark = pytest.mark.anyio
GOOD = {"redirect_uris": ["http://127.0.0.1/callback"], "client_name": "An app"}


@pytest.fixture
async def register(with_sign_in):
    async with with_sign_in.http(face="auth") as client:

        async def send(body, **more):
            return await client.post(f"{AUTH}/oauth2/register", json=body, **more)

        yield send


async def test_a_client_is_registered_as_public_and_nothing_is_stored(register, with_sign_in):
    response = await register({**GOOD, "scope": "catalog:read", "application_type": "native"})
    assert response.status_code == 201
    client = response.json()
    assert client["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in client
    assert client["redirect_uris"] == GOOD["redirect_uris"]
    assert client["response_types"] == ["code"]
    assert response.headers["access-control-allow-origin"] == "*"


async def test_an_id_works_where_no_data_was_ever_kept(with_sign_in):
    """Two instances, the second with none of the documents: the id describes itself."""
    app = await App(with_sign_in.http(face="auth")).register()
    other = with_sign_in.again()
    browser = Browser(other.http(face="auth"), with_sign_in.settings.data / "mail.txt")
    assert "access_token" in await allowed(app, browser)


async def test_the_same_metadata_gives_the_same_id(register):
    one, two = await register(GOOD), await register(GOOD)
    assert one.json()["client_id"] == two.json()["client_id"]


async def test_methods_with_secrets_are_replaced_by_none(register):
    response = await register({**GOOD, "token_endpoint_auth_method": "client_secret_basic"})
    assert response.json()["token_endpoint_auth_method"] == "none"


@pytest.mark.parametrize("name", INVISIBLE, ids=ascii)
async def test_a_name_with_a_character_nobody_sees_is_refused(register, name):
    response = await register({**GOOD, "client_name": name})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    "uri",
    [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "http://localhost:1234/callback",
        "http://[::1]:1/callback",
        "https://claude.ai/api/mcp/auth_callback",
        "com.example.app:/callback",
    ],
)
async def test_a_redirect_address_that_clients_use_is_taken(register, uri):
    assert (await register({"redirect_uris": [uri]})).status_code == 201


@pytest.mark.parametrize("uri", REDIRECTS)
async def test_a_dangerous_redirect_address_is_refused(register, uri):
    response = await register({"redirect_uris": ["http://127.0.0.1/good", uri]})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_redirect_uri"


@pytest.mark.parametrize("uri", [uri for uri in REDIRECTS if uri])
async def test_an_address_that_was_registered_before_it_was_refused_leads_nowhere(
    with_sign_in, uri
):
    """The client is known, and its other addresses go on working."""
    app = App(with_sign_in.http(face="auth"))
    before = Client(redirect_uris=(uri, CALLBACK))
    app.id = client_id(AuthServer(with_sign_in.app), before)
    browser = Browser(with_sign_in.http(face="auth"), with_sign_in.settings.data / "mail.txt")
    page = await browser.open(app.request(redirect_uri=uri))
    assert page.status == 400
    assert "redirect address" in page.text
    assert (await browser.open(app.request(redirect_uri=CALLBACK))).status == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_redirect_uri"),
        ({"redirect_uris": "http://127.0.0.1/"}, "invalid_client_metadata"),
        ({"redirect_uris": [1]}, "invalid_client_metadata"),
        ({"redirect_uris": [f"http://127.0.0.1/{n}" for n in range(21)]}, "invalid_redirect_uri"),
        ({**GOOD, "grant_types": ["password"]}, "invalid_client_metadata"),
        ({**GOOD, "response_types": ["token"]}, "invalid_client_metadata"),
        ({**GOOD, "token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({**GOOD, "client_name": 5}, "invalid_client_metadata"),
        ({**GOOD, "application_type": "toaster"}, "invalid_client_metadata"),
        ([], "invalid_client_metadata"),
    ],
)
async def test_metadata_that_is_not_good_is_refused(register, body, error):
    response = await register(body)
    assert (response.status_code, response.json()["error"]) == (400, error)


async def test_metadata_too_long_for_an_id_is_refused(register):
    import secrets

    uris = [f"https://app.example/{secrets.token_hex(200)}" for _ in range(20)]
    response = await register({"redirect_uris": uris})
    assert response.json()["error"] == "invalid_client_metadata"


async def test_a_body_that_is_too_large_is_413(register):
    response = await register({**GOOD, "x": "y" * 70_000})
    assert response.status_code == 413


async def test_an_address_registers_only_so_often(register):
    answers = [(await register(GOOD)).status_code for _ in range(61)]
    assert answers == [201] * 60 + [429]
    assert int((await register(GOOD)).headers["retry-after"]) <= 60


async def test_an_id_that_was_changed_is_unknown(with_sign_in):
    app = await App(with_sign_in.http(face="auth")).register()
    head, seal = app.id.rsplit(".", 1)
    other = "B" if head[-1] == "A" else "A"
    for forged in (
        f"{head}.{'A' * len(seal)}",
        f"{head[:-1]}{other}.{seal}",
        "c1.e30.AAAA",
        "unknown",
    ):
        response = await app.token(client_id=forged, grant_type="refresh_token", refresh_token="x")
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_an_unknown_id_gets_a_page_that_says_how_to_heal(with_sign_in):
    async with with_sign_in.http(face="auth") as client:
        response = await client.get(
            f"{AUTH}/oauth2/authorize",
            params={"client_id": "dead", "redirect_uri": "http://127.0.0.1/x"},
        )
    assert response.status_code == 400
    assert "claude mcp logout NAME" in response.text
