"""Who changed something, with which client: in the changelog, in jobs, on the portal's pages."""

import pytest

from shared.auth.faces import PARTNER
from shared.studio.tools import entries, history, sources
from tests.browser import App, Browser, allowed
from tests.functions.auth.test_service_accounts import Program
from tests.functions.connection import Connection
from tests.functions.portal_owner import owners, run, run_by_assistant
from tests.functions.studio_shop import ADDRESS, Studio, given
from tests.functions.test_access_tokens import SUBJECT, Issuer
from tests.functions.test_studio_files import csv, served
from tests.platform import Platform
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def web(tmp_path):
    with WebServer(tmp_path / "web", "files.example") as web:
        yield web


@pytest.fixture
def studio(tmp_path, web):
    studio = Studio(tmp_path / "data", **web.settings).fill()
    yield studio
    studio.close()


@pytest.fixture
async def claude(studio):
    claude = studio.connected(client_name="Claude Code")
    await claude.call("create_data_source", id="products", name="Products")
    await claude.call("import_data", source_id="products", entries=[given("by-claude", brand="HP")])
    yield claude
    await claude.close()


async def changed(assistant, **asked):
    """Which entries changed and with which client, newest first."""
    found = await assistant.call("query_changelog", source_id="products", **asked)
    return [(each["entry_id"], each["client"]) for each in found["items"]]


async def test_two_assistants_of_one_person_are_told_apart(studio, claude):
    cursor = studio.connected(client_name="Cursor")
    await cursor.call("import_data", source_id="products", entries=[given("by-cursor", brand="HP")])
    assert await changed(claude) == [("by-cursor", "Cursor"), ("by-claude", "Claude Code")]
    assert await changed(claude, client="Claude Code") == [("by-claude", "Claude Code")]
    assert await changed(claude, client="Nobody") == []
    past = await claude.call("get_entry_history", source_id="products", entry_id="by-cursor")
    assert [(each["author"], each["client"]) for each in past["items"]] == [("olga", "Cursor")]
    await cursor.close()


async def test_what_a_job_changes_is_by_the_client_that_asked_for_it(studio, claude, web):
    url = served(web, "/list.csv", csv("from-file;Lamp;12.50;yes"))
    await claude.call("import_feed", source_id="products", url=url, key_column="sku")
    studio.work()
    past = await claude.call("get_entry_history", source_id="products", entry_id="from-file")
    told = [(each["author"], each["channel"], each["client"]) for each in past["items"]]
    assert told == [("olga", "studio", "Claude Code")]


async def test_a_client_is_named_as_it_called_itself_where_the_person_allowed_it(studio):
    auth = studio.http(face="auth")
    app = await App(auth, client_name="Claude Code").register()
    browser = Browser(auth, studio.settings.data / "mail.txt")
    tokens = await allowed(app, browser, email="olga@example.com", resource=ADDRESS)
    again = (await app.refresh(tokens["refresh_token"])).json()
    first, second = (
        Connection(studio, "studio", "north", each["access_token"]) for each in (tokens, again)
    )
    await first.call("create_data_source", id="products", name="Products")
    await first.call("import_data", source_id="products", entries=[given("p1", brand="HP")])
    await second.call("import_data", source_id="products", entries=[given("p2", brand="HP")])
    assert await changed(second) == [("p2", "Claude Code"), ("p1", "Claude Code")]
    await first.close()
    await second.close()


async def test_a_program_that_signs_in_with_a_key_is_named_as_its_owners_called_it(with_sign_in):
    program = Program(with_sign_in)
    tokens = (await program.token()).json()
    token = with_sign_in.app.tokens.verify(tokens["access_token"], PARTNER)
    assert token.client_name == "Nightly"


@pytest.mark.parametrize("claimed", [{}, {"client_name": "Portal"}])
def test_of_another_issuers_token_the_clients_id_is_kept_whatever_it_calls_itself(
    tmp_path, claimed
):
    with WebServer(tmp_path / "tls", "issuer.test") as web:
        issuer = Issuer(web, None)
        platform = Platform(tmp_path / "data", issuers=(issuer.settings,), **web.settings)
        issuer.clock = platform.clock
        platform.organization("partner")
        platform.member(subject=SUBJECT, issuer="keycloak")
        token = platform.app.tokens.verify(issuer.token(**claimed), PARTNER)
        assert token.client_name == "their-client"
        platform.close()


def test_the_portal_lists_changes_by_assistant(tmp_path):
    import_data = entries.family["import_data"]
    with owners(tmp_path / "data") as site:
        run(site, sources.family["create_data_source"], id="goods", name="Goods")
        for client, id_ in (("<b>Claude</b>", "by-claude"), ("Cursor", "by-cursor")):
            run_by_assistant(
                site, client, import_data, source_id="goods", entries=[given(id_, brand="HP")]
            )
        page = site.olga.open("/changes", tenant="north", source="goods")
        assert "through <b>Claude</b>, studio" in page.text
        assert "<b>Claude</b>" not in page.response.text
        page = site.olga.open("/changes", tenant="north", source="goods", client="Cursor")
        assert "by-cursor" in page.text
        assert "by-claude" not in page.text
        page = site.olga.open("/entry", tenant="north", source="goods", id="by-cursor")
        assert "through Cursor, studio" in page.text
        newest = run(site, history.family["query_changelog"], source_id="goods", limit=1)
        assert newest["items"][0]["client"] == "Cursor"
