"""The page on which a person hands in a file that their assistant asked for."""

import re

import pytest
from orjson import loads
from starlette.applications import Starlette
from starlette.testclient import TestClient

from shared.auth.faces import STUDIO
from shared.cli.front_files import file_routes
from shared.invoke import Request, invoke
from shared.studio.tools import files
from tests.functions.studio_shop import ADDRESS
from tests.portal import Served, cookie_of

FILE = b"id,name\na1,Lamp\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portal") / "data"
    with Served(folder, faces={"studio": ADDRESS}) as site:
        site.platform.organization("shop", type="catalog_owner")
        site.platform.do("create_tenant", id="north", name="North", org="shop")
        yield site


@pytest.fixture
def olga(site):
    return site.person("shop", "olga")


def prepared(site, subject="olga"):
    """What the assistant of a person is told that prepares an upload."""
    platform = site.platform
    text = platform.token("shop", subject, scopes=STUDIO.scopes, audience=ADDRESS)
    token = platform.app.tokens.verify(text, STUDIO)
    request = Request(token, "studio", "test-request", tenant="north")
    tool = files.family["prepare_file_upload"]
    reply = invoke(tool, platform.app, request, {"filename": "<Räv>.csv"})
    assert reply.problem is None, reply.problem
    return loads(reply.body)


def page_of(site, prepared):
    """The page's path, whatever the portal's address is."""
    assert prepared["pageUrl"].startswith(f"{site.platform.settings.portal_url}/upload?")
    return prepared["pageUrl"].removeprefix(site.platform.settings.portal_url)


def test_the_page_says_what_is_waited_for_and_sends_nothing_elsewhere(site, olga):
    page = olga.open(page_of(site, prepared(site)))
    assert page.response.status_code == 200
    assert "<Räv>.csv" in page.text
    policy = page.response.headers.get_list("content-security-policy")
    assert [each.rpartition("; ")[2] for each in policy] == [
        "connect-src 'self' http://localhost:8080"
    ]
    assert policy[0].startswith("default-src 'none'; style-src 'self'; script-src 'self'; ")
    assert "connect-src" not in olga.open("/members").response.headers["content-security-policy"]


def test_a_file_goes_where_the_page_is_told_and_the_page_then_says_so(site, olga):
    upload = prepared(site)
    page = olga.open(page_of(site, upload))
    url = olga.send(page, "/upload/start").response.json()["url"]
    with TestClient(Starlette(routes=file_routes(site.platform.app))) as front:
        path = re.sub(r"^http://localhost:8080", "", url)
        assert front.put(path, content=FILE).status_code == 200
    again = olga.open(page_of(site, upload))
    assert "has arrived, 16 bytes" in again.text
    assert again.response.request.url.path == "/portal/upload"


def test_the_address_is_only_given_to_our_own_form(site, olga):
    page = olga.open(page_of(site, prepared(site)))
    refused = olga.send(page, "/upload/start", csrf="made up")
    assert refused.response.status_code == 403
    assert "localhost:8080/files" not in refused.text


def test_somebody_elses_upload_is_no_page(site, olga):
    upload = prepared(site, "eddi")
    page = olga.open(page_of(site, upload))
    assert page.response.status_code == 404
    assert "no upload" in page.text
    other = olga.open(page_of(site, upload).replace("north", "elsewhere"))
    assert other.response.status_code == 404


def test_a_viewer_is_told_that_they_may_not(site):
    vera = site.person("shop", "vera", role="member")
    upload = prepared(site, "vera")
    site.platform.do("set_tenant_role", tenant="north", principal="vera", role="viewer")
    site.platform.clock.advance(1)  # what was issued before the role was lost is refused
    vera.http.cookies.set(*cookie_of(site.platform, "shop", "vera"))
    assert vera.open(page_of(site, upload)).response.status_code == 403
