"""Settings: one variable a field, misspelt ones found at start, impossible ones refused."""

import pytest

from shared.servers import ExternalIssuer
from shared.settings import Settings


def issuer(**changed):
    given = {
        "id": "elsewhere",
        "issuer": "https://issuer.example/",
        "jwks_url": "https://issuer.example/jwks",
        "audiences": ("a",),
        "organizations": ("partner",),
        **changed,
    }
    return ExternalIssuer(**given)


UNBOUND = {
    "ISSUERS": '[{"id":"a","issuer":"x","jwks_url":"https://a.example/j","audiences":["a"]}]',
    "UPSTREAMS": '[{"id":"a","name":"A","issuer":"x","client_id":"c","secret":"s"}]',
}


@pytest.mark.parametrize(("name", "add"), [("ISSUERS", "organizations"), ("UPSTREAMS", "domains")])
def test_who_is_not_bound_to_what_they_speak_for_is_refused_with_what_to_add(name, add):
    with pytest.raises(ValueError, match=f'add "{add}"'):
        Settings.read({f"CATALOG_MCP_{name}": UNBOUND[name]})


def test_settings_survive_the_environment():
    given = Settings(
        api_key_prefix="acme",
        hosts=("a.example",),
        issuers=(issuer(),),
        max_body=123,
        sign_in=False,
        bucket="12345",
        fetch_networks=("127.0.0.0/8",),
    )
    assert Settings.read(given.environment()) == given


def test_text_that_looks_like_a_number_stays_text():
    read = Settings.read({"CATALOG_MCP_BUCKET": "12345", "CATALOG_MCP_MAX_BODY": "5"})
    assert (read.bucket, read.max_body) == ("12345", 5)


def test_an_unknown_variable_is_refused_by_name():
    with pytest.raises(ValueError, match="CATALOG_MCP_MAXBODY"):
        Settings.read({"CATALOG_MCP_MAXBODY": "5"})


@pytest.mark.parametrize("text", ["{", "[1", "{}", "[]]"])
def test_json_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="CATALOG_MCP_ISSUERS"):
        Settings.read({"CATALOG_MCP_ISSUERS": text})


@pytest.mark.parametrize(
    "issuers",
    [
        (issuer(id="own"),),
        (issuer(), issuer(issuer="https://other.example/")),
        (issuer(), issuer(id="other")),
        (issuer(issuer="http://localhost:8080/auth"),),
    ],
    ids=["our id", "one id twice", "one address twice", "our address"],
)
def test_an_issuer_cannot_be_taken_for_another_or_for_us(issuers):
    with pytest.raises(ValueError, match="two issuers share"):
        Settings(issuers=issuers)


@pytest.mark.parametrize(
    "url", ["mcp.example/mcp", "https://x/mcp/", "https://x/mcp?a=1", "https://x/mcp#a", "ftp://x"]
)
def test_a_public_address_that_clients_would_misread_is_refused(url):
    with pytest.raises(ValueError, match="mcp_url"):
        Settings(mcp_url=url)
