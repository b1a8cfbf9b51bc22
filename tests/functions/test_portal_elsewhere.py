"""The portal where people sign in at an external authorization server."""

import json
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.portal import Person, Served
from tests.web_server import WebServer

SUBJECT = "auth0|ada"


class Issuer:
    """A server that gives a token for any code, until its refresh token is used up."""

    def __init__(self, web):
        self.web = web
        self.key = rsa.generate_private_key(65537, 2048)
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.claims = {"aud": "portal-api"}
        self.refused = False
        web.answers["/jwks"] = {"keys": [{**public, "kid": "one", "use": "sig"}]}
        web.answers["/token"] = self.token

    def token(self, form):
        self.form = form
        if self.refused:
            return 400, json.dumps({"error": "invalid_grant"}).encode(), {}
        now = int(self.clock.time())
        claims = {
            "iss": self.web.origin,
            "sub": SUBJECT,
            "org_id": "partner",
            "sid": "their-session",
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        text = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})
        return {"access_token": text, "expires_in": 300, "refresh_token": "again"}


@pytest.fixture
def site(tmp_path):
    with WebServer(tmp_path / "tls", "issuer.test") as web:
        issuer = Issuer(web)
        trusted = {
            "id": "keycloak",
            "issuer": web.origin,
            "jwks_url": f"{web.origin}/jwks",
            "audiences": ["mcp-api"],
            "organizations": ["partner"],
        }
        client = {
            "issuer": "keycloak",
            "client_id": "our-portal",
            "audience": "portal-api",
            "authorize_url": f"{web.origin}/authorize",
            "token_url": f"{web.origin}/token",
        }
        with Served(
            tmp_path / "data", issuers=[trusted], portal_client=client, **web.settings
        ) as site:
            issuer.clock = site.platform.clock
            site.issuer = issuer
            site.platform.organization("partner")
            site.platform.member(subject=SUBJECT, issuer="keycloak", role="owner")
            yield site


def arrive(person):
    """Where somebody lands whom the other server sent back with a code."""
    person.http.follow_redirects = False
    sent = person.http.get(f"{person.portal}/sign-in?to=/members").headers["location"]
    person.http.follow_redirects = True
    asked = {name: each[0] for name, each in parse_qs(urlsplit(sent).query).items()}
    assert asked["client_id"] == "our-portal"
    assert asked["code_challenge_method"] == "S256"
    return person.open("/signed-in", code="a-code", state=asked["state"])


def test_people_sign_in_stay_signed_in_and_sign_out(site):
    ada = Person(site)
    page = arrive(ada)
    assert "People of Partner" in page.text
    assert "Invite" not in page.text
    site.platform.clock.advance(290)
    assert ada.open("/keys").status == 200
    assert site.issuer.form["refresh_token"] == "again"
    copied = ada.http.cookies["catalog_mcp_portal"]
    assert "You are signed out" in ada.send(ada.open("/keys"), "/sign-out").text
    ada.http.cookies.set("catalog_mcp_portal", copied)
    ada.http.follow_redirects = False
    assert ada.http.get(f"{ada.portal}/keys").headers["location"].startswith(f"{ada.portal}/sign")


@pytest.mark.parametrize("audience", ["mcp-api", "something-else"])
def test_a_token_for_anything_else_opens_no_portal(site, audience):
    site.issuer.claims = {"aud": audience}
    page = arrive(Person(site))
    assert page.status == 401
    assert "another resource" in page.text


def test_a_server_that_refuses_signs_nobody_in(site):
    site.issuer.refused = True
    page = arrive(Person(site))
    assert page.status == 401
    assert "Sign in again" in page.text


STUDIO_ADDRESS = "http://studio.example:8080/mcp"


@pytest.mark.parametrize(
    ("org_type", "faces", "address", "backend"),
    [
        ("catalog_partner", {"studio": STUDIO_ADDRESS}, "/mcp", True),
        ("catalog_owner", {"studio": STUDIO_ADDRESS}, STUDIO_ADDRESS, False),
        ("catalog_owner", {}, "/mcp", True),
    ],
)
def test_connect_names_the_address_of_the_organizations_own_face(
    tmp_path, org_type, faces, address, backend
):
    with Served(tmp_path / "data", faces=faces) as site:
        site.platform.organization("shop", type=org_type)
        page = site.person("shop", "olga").open("/connect")
        name = "studio" if address == STUDIO_ADDRESS else "catalogs"
        url = address if address == STUDIO_ADDRESS else f"{site.origin}{address}"
        assert f"claude mcp add --transport http {name} {url}" in page.response.text
        assert ("CATALOG_API_KEY" in page.response.text) is backend
