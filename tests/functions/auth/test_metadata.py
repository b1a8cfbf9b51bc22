"""What clients discover before they do anything else, at every address they try."""

import pytest

from tests.browser import AUTH
from tests.platform import Platform

pytestmark = pytest.mark.anyio
NAMES = ("oauth-authorization-server", "openid-configuration")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "form", ["/.well-known/{}/auth", "/auth/.well-known/{}", "/.well-known/{}"]
)
async def test_the_issuer_publishes_its_metadata_at_every_form_of_the_path(
    with_sign_in, name, form
):
    async with with_sign_in.http(face="auth") as client:
        response = await client.get(form.format(name))
    document = response.json()
    assert document["issuer"] == AUTH
    assert response.headers["access-control-allow-origin"] == "*"
    assert "none" in document["token_endpoint_auth_methods_supported"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert "offline_access" in document["scopes_supported"]
    assert all(
        document[end].startswith(f"{AUTH}/")
        for end in document
        if end.endswith(("_endpoint", "_uri"))
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["/.well-known/{}/mcp", "/mcp/.well-known/{}", "/.well-known/{}"])
async def test_the_resource_host_serves_the_same_document_for_older_codex(with_sign_in, name, form):
    async with with_sign_in.http(face="auth") as auth, with_sign_in.http() as mcp:
        theirs = await auth.get("/auth/.well-known/oauth-authorization-server")
        response = await mcp.get(form.format(name))
    assert response.json() == theirs.json()
    assert response.headers["access-control-allow-origin"] == "*"


async def test_a_loopback_issuer_does_not_advertise_documents_it_could_not_fetch(with_sign_in):
    flag = "client_id_metadata_document_supported"
    async with with_sign_in.http(face="auth") as client:
        assert flag not in (await client.get("/.well-known/oauth-authorization-server")).json()


@pytest.mark.parametrize(
    ("auth_url", "given", "advertised"),
    [
        ("https://auth.example.com", None, True),
        ("https://auth.example.com", False, False),
        ("http://localhost:8080/auth", True, True),
    ],
)
async def test_client_documents_are_advertised_where_they_can_be_fetched(
    tmp_path, auth_url, given, advertised
):
    platform = Platform(
        tmp_path, sign_in=True, auth_url=auth_url, client_documents=given, hosts=("localhost:8080",)
    )
    async with platform.http(face="auth") as client:
        document = (await client.get("/.well-known/oauth-authorization-server")).json()
    assert document.get("client_id_metadata_document_supported", False) is advertised
    assert document["issuer"] == auth_url
    platform.close()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080"])
@pytest.mark.parametrize("path", ["", "/mcp"])
async def test_the_resource_metadata_names_the_spelling_the_client_used(tmp_path, host, path):
    platform = Platform(tmp_path, sign_in=True, hosts=("127.0.0.1:8080",))
    async with platform.http(host=host) as client:
        response = await client.get(f"/.well-known/oauth-protected-resource{path}")
        challenge = (await client.post("/mcp")).headers["www-authenticate"]
    assert response.json()["resource"] == f"http://{host}/mcp"
    assert response.json()["authorization_servers"] == [AUTH]
    assert "offline_access" not in response.json()["scopes_supported"]
    assert (
        f'resource_metadata="http://{host}/.well-known/oauth-protected-resource/mcp"' in challenge
    )
    platform.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_method_without_a_token_is_challenged(with_sign_in, method):
    async with with_sign_in.http() as client:
        response = await client.request(
            method, "/mcp", headers={"mcp-protocol-version": "2024-11-05"}
        )
    assert response.status_code == 401
    assert "resource_metadata=" in response.headers["www-authenticate"]
    assert "error=" not in response.headers["www-authenticate"]


async def test_the_key_set_verifies_what_is_signed(with_sign_in):
    async with with_sign_in.http(face="auth") as client:
        response = await client.get("/auth/oauth2/jwks")
    (key,) = response.json()["keys"]
    assert key["kid"] == with_sign_in.app.keys.signing().current.kid
    assert (key["kty"], key["alg"], "d" in key) == ("EC", "ES256", False)
    assert response.headers["cache-control"] == "public, max-age=300"


async def test_other_hosts_are_not_answered(with_sign_in):
    async with with_sign_in.http(face="auth", host="evil.example") as client:
        assert (await client.get("/auth/oauth2/jwks")).status_code == 421
