"""Signing in to the portal, staying signed in, and signing out, as a browser does it."""

import httpx
import pytest

from shared.auth.faces import PORTAL
from tests.browser import App
from tests.platform import product
from tests.portal import Person, Served, cookie_of


@pytest.fixture
def site(tmp_path):
    with Served(tmp_path / "data") as site:
        site.platform.organization("partner")
        site.platform.catalog("books", [product(str(n)) for n in range(1, 6)])
        site.platform.grant("partner", "books")
        yield site


@pytest.fixture
def ada(site):
    site.platform.member(email="ada@example.com", role="owner")
    return Person(site)


def test_a_person_signs_in_and_sees_where_they_wanted_to_go(ada):
    page = ada.sign_in("ada@example.com")
    assert str(page.response.url) == f"{ada.portal}/"
    assert "5 products in 1 catalog" in page.text


def test_where_they_wanted_to_go_may_have_parameters(ada):
    page = ada.sign_in("ada@example.com", "/preview?catalog=books&q=product+1%26")
    assert page.form("/preview")["q"] == "product 1&"


def test_somebody_of_two_organizations_chooses_and_switches(ada, site):
    site.platform.organization("second")
    site.platform.member("second", email="ada@example.com")
    choice = ada.sign_in("ada@example.com")
    assert "Choose an organization" in choice.text
    page = ada.send(choice, "/consent", org="second", decision="allow")
    assert "Member of Second" in page.text
    again = ada.send(ada.open("/sign-in"), "/consent", org="partner", decision="allow")
    assert "Owner of Partner" in again.text


def test_the_tokens_are_kept_where_only_we_can_read_them(ada, site):
    ada.sign_in("ada@example.com")
    cookie = ada.http.cookies["catalog_mcp_portal"]
    assert site.platform.token().split(".")[0] not in cookie
    assert len(cookie) < 3900


def test_another_instance_serves_the_next_request(ada, site):
    ada.sign_in("ada@example.com")
    with Served(
        site.platform.folder,
        site.platform.clock,
        **{name: getattr(site.platform.settings, name) for name in ("auth_url", "portal_url")},
        hosts=["127.0.0.1:1"],
    ) as other:
        cookies = {"catalog_mcp_portal": ada.http.cookies["catalog_mcp_portal"]}
        host = httpx.URL(site.origin).netloc.decode()
        page = httpx.get(f"{other.origin}/portal/", cookies=cookies, headers={"host": host})
        assert page.status_code == 200


def test_an_access_token_that_ended_is_replaced(ada, site):
    ada.sign_in("ada@example.com")
    before = ada.http.cookies["catalog_mcp_portal"]
    site.platform.clock.advance(599)
    assert ada.open("/").status == 200
    assert ada.http.cookies["catalog_mcp_portal"] != before


def test_signing_out_ends_the_session_everywhere(ada, site):
    page = ada.sign_in("ada@example.com")
    copied = {"catalog_mcp_portal": ada.http.cookies["catalog_mcp_portal"]}
    left = ada.send(page, "/sign-out")
    assert "You are signed out" in left.text
    answer = httpx.get(f"{ada.portal}/", cookies=copied)
    assert answer.headers["location"].startswith(f"{ada.portal}/sign-in")
    assert "Sign in" in ada.open("/").text


def test_a_session_that_an_operator_ends_is_over_on_the_next_request(ada, site):
    ada.sign_in("ada@example.com")
    site.platform.do("end_all_sessions", principal="ada")
    assert "E-mail address" in ada.open("/").text


def test_who_is_refused_is_refused_once_however_much_a_page_shows(ada, site, logged):
    ada.sign_in("ada@example.com")
    site.platform.member(email="ada@example.com", state="removed")
    logged()
    assert ada.open("/sessions").status == 403
    assert [line["outcome"] for line in logged()[1]] == ["forbidden"]


def test_a_removed_member_is_told_so(ada, site):
    ada.sign_in("ada@example.com")
    site.platform.member(email="ada@example.com", state="removed")
    page = ada.open("/")
    assert page.status == 403
    assert "not a member of this organization any more" in page.text


@pytest.mark.parametrize("byte", [b"\xa0", b"\x85"])
def test_a_cookie_whose_name_only_looks_like_ours_is_another_cookie(ada, site, byte):
    ada.sign_in("ada@example.com")
    site.platform.organization("evil")
    site.platform.member("evil", "eve", email="eve@example.com")
    name, theirs = cookie_of(site.platform, "evil", "eve")
    cookie = f"{name}={ada.http.cookies[name]}; ".encode() + byte + f"{name}={theirs}".encode()
    page = httpx.get(f"{ada.portal}/keys", headers=[(b"cookie", cookie)], trust_env=False)
    assert "Owner of Partner" in page.text


def test_a_form_that_is_not_ours_changes_nothing(ada):
    page = ada.sign_in("ada@example.com")
    refused = ada.send(page, "/sign-out", csrf="forged")
    assert refused.status == 403
    foreign = ada.http.post(
        f"{ada.portal}/sign-out",
        data=page.form("/sign-out"),
        headers={"origin": "https://evil.example"},
    )
    assert foreign.status_code == 403
    assert ada.open("/").status == 200


def test_a_form_of_another_session_changes_nothing(ada, site):
    page = ada.sign_in("ada@example.com")
    eve = site.person(subject="eve")
    assert eve.send(page, "/sign-out").status == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(ada, to):
    page = ada.send(ada.open("/sign-in", to=to), "/sign-in", email="ada@example.com")
    page = ada.send(page, "/sign-in/code", code=ada.code())
    assert str(page.response.url) == f"{ada.portal}/"


def test_an_answer_to_another_browsers_sign_in_is_refused(ada, site):
    ada.open("/sign-in")
    answer = ada.open("/signed-in", code="x", state="y")
    assert answer.status == 400
    assert "began in another browser" in answer.text


@pytest.mark.anyio
async def test_the_portals_token_opens_the_portal_only(site):
    app = site.platform
    token = app.token(scopes=PORTAL.scopes, audience=app.settings.portal_url)
    async with app.http(token) as client:
        answer = await client.post(
            f"{site.origin}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}
        )
    assert answer.status_code == 401


@pytest.mark.anyio
async def test_no_other_client_gets_a_token_for_the_portal(site, ada):
    async with httpx.AsyncClient(trust_env=False) as client:
        app = await App(client, f"{site.origin}/auth").register()
        answer = await client.get(app.request(resource=site.platform.settings.portal_url))
        assert "invalid_target" in answer.headers["location"]


def test_pages_may_load_nothing_from_elsewhere_and_hold_no_code(ada):
    response = ada.sign_in("ada@example.com").response
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "form-action" not in policy
    assert response.headers["cache-control"] == "no-store"
    for inline in ("<style", "style=", "onclick", "javascript:"):
        assert inline not in response.text


def test_files_are_kept_for_a_year_under_an_address_of_their_content(ada):
    text = ada.sign_in("ada@example.com").response.text
    address = next(part for part in text.split('"') if "/style-" in part)
    file = ada.http.get(f"{ada.site.origin}{address}")
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "--accent" in file.text


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/sign-out", 405)])
def test_what_is_not_there_is_a_page_too(ada, path, status):
    page = ada.open(path)
    assert page.status == status
    assert "That did not work" in page.text
