"""Clients named by the URL of a metadata document, fetched from a real server over real TLS."""

import threading

import anyio
import pytest

from shared.serve.outgoing import MOST_EACH_CALLER, MOST_EACH_HOST, SECONDS_EACH_CALLER
from tests.browser import App, Browser, allowed, signed_in
from tests.platform import Platform
from tests.web_server import WebServer

pytestmark = pytest.mark.anyio
PATH = "/oauth/client.json"


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with WebServer(tmp_path_factory.mktemp("tls"), "client.test") as server:
        yield server


@pytest.fixture
def platform(tmp_path, web):
    web.seen.clear()
    platform = Platform(tmp_path / "data", sign_in=True, client_documents=True, **web.settings)
    platform.organization("partner")
    platform.member(email="ada@example.com")
    yield platform
    platform.close()


def document(web, path=PATH, **fields):
    """What Claude Code publishes: loopback addresses without a port."""
    given = {
        "client_id": f"{web.origin}{path}",
        "client_name": "Claude Code",
        "client_uri": "https://claude.ai",
        "logo_uri": f"{web.origin}/logo.png",
        "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        **fields,
    }
    return {name: value for name, value in given.items() if value is not None}


async def asked(platform, id_, **params):
    """The page a person sees when a client with this id asks."""
    app = App(platform.http(face="auth"))
    app.id = id_
    browser = Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")
    return app, browser, await browser.open(app.request(**params))


async def test_a_client_signs_in_with_a_document_and_any_loopback_port(platform, web):
    web.answers[PATH] = document(web)
    app, browser, page = await asked(platform, f"{web.origin}{PATH}")
    page = await browser.sign_in(page)
    assert "client.test publishes" in page.text
    assert "Unverified" not in page.text
    tokens = await allowed(app, browser)
    assert (await app.refresh(tokens["refresh_token"])).status_code == 200
    assert set(web.seen) == {PATH}  # a logo is never fetched


async def test_what_callers_sent_us_is_never_sent_on(platform, web):
    web.answers[PATH] = document(web)
    app, browser, _ = await asked(platform, f"{web.origin}{PATH}")
    platform.clock.advance(601)
    web.headers.clear()
    browser.client.headers["authorization"] = "Bearer somebody's"
    assert browser.client.cookies
    await browser.open(app.request())
    (sent,) = web.headers
    assert not {"authorization", "cookie"} & sent


async def test_a_document_is_kept_for_ten_minutes_and_a_failure_for_one(platform, web):
    web.answers[PATH] = document(web)
    for _ in range(3):
        await asked(platform, f"{web.origin}{PATH}")
    assert web.seen == [PATH]
    platform.clock.advance(600)
    web.answers[PATH] = (500, b"", {})
    for _ in range(3):
        assert (await asked(platform, f"{web.origin}{PATH}"))[2].status == 400
    assert web.seen == [PATH] * 2
    platform.clock.advance(60)
    web.answers[PATH] = document(web)
    assert (await asked(platform, f"{web.origin}{PATH}"))[2].status == 200


async def test_a_host_that_does_not_answer_stalls_nobody_else(platform, web):
    """Somebody asks for more of its documents than there are threads. Who refreshes is answered
    while all of them wait, and what is past the bound is refused at once."""
    app, tokens, _ = await signed_in(platform)
    released = threading.Event()

    def slow(_):
        released.wait(30)
        return {}

    answers = []

    async def ask(client, number):
        path = f"/slow/{number}.json"
        web.answers[path] = slow
        asking = App(client)
        asking.id = f"{web.origin}{path}"
        answers.append((await client.get(asking.request())).status_code)

    client = platform.http(face="auth")
    async with anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(ask, client, number)
        while len(answers) < 40 - MOST_EACH_CALLER or len(web.seen) < MOST_EACH_HOST:
            await anyio.lowlevel.checkpoint()
        app.client = client
        assert (await app.refresh(tokens["refresh_token"])).status_code == 200
        assert len(web.seen) == MOST_EACH_HOST
        released.set()
    assert answers == [503] * (40 - MOST_EACH_CALLER) + [400] * MOST_EACH_CALLER


async def test_whoever_had_others_wait_long_enough_waits_until_the_next_minute(platform, web):
    def slow(_):
        platform.clock.advance(SECONDS_EACH_CALLER / 2)
        return 404, b"", {}

    web.answers.update({f"/slow/{number}.json": slow for number in range(3)})
    web.answers[PATH] = document(web)
    app = App(platform.http(face="auth"))

    async def status(path):
        app.id = f"{web.origin}{path}"
        return (await app.client.get(app.request())).status_code

    assert [await status(f"/slow/{number}.json") for number in range(3)] == [400, 400, 503]
    platform.clock.advance(60)
    assert await status(PATH) == 200


async def test_a_document_that_was_good_serves_while_its_host_does_not_answer(platform, web):
    web.answers[PATH] = document(web)
    assert (await asked(platform, f"{web.origin}{PATH}"))[2].status == 200
    platform.clock.advance(601)
    web.answers[PATH] = lambda _: (200, b"x" * 5, {"content-length": "1000000"})
    assert (await asked(platform, f"{web.origin}{PATH}"))[2].status == 200
    other = f"{web.origin}/other.json"
    web.answers["/other.json"] = document(web, "/other.json")
    assert (await asked(platform, other))[2].status == 503
    platform.clock.advance(11)
    assert (await asked(platform, other))[2].status == 200


BAD = {
    "another client's id": {"client_id": "https://client.test/other"},
    "no id": {"client_id": None},
    "a shared secret": {"client_secret": "hunter2"},
    "a method with a secret": {"token_endpoint_auth_method": "client_secret_post"},
    "a dangerous address": {"redirect_uris": ["http://127.0.0.1/callback", "javascript:alert(1)"]},
    "no address": {"redirect_uris": []},
    "more than ten kilobytes": {"software_statement": "x" * 10_240},
}


@pytest.mark.parametrize("what", list(BAD))
async def test_a_document_is_refused_with(platform, web, what):
    web.answers[PATH] = document(web, **BAD[what])
    app, _, page = await asked(platform, f"{web.origin}{PATH}")
    assert page.status == 400
    response = await app.refresh("ort_x")
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_an_answer_that_is_no_document_is_refused(platform, web):
    for path, answer in {
        "/redirect": (302, b"", {"location": f"{web.origin}{PATH}"}),
        "/list": (200, b"[]", {}),
        "/html": (200, b"<html>", {}),
        "/missing": (404, b"{}", {}),
    }.items():
        web.answers[path] = answer
        assert (await asked(platform, f"{web.origin}{path}"))[2].status == 400


@pytest.mark.parametrize(
    "id_",
    [
        "http://client.test/oauth/client.json",
        "https://client.test",
        "https://client.test/",
        "https://user@client.test/oauth/client.json",
        "https://client.test/oauth/client.json#x",
        "https://client.test/a/../client.json",
        "https://client.test/a/%2e%2E/client.json",
        "https://127.0.0.1/client.json",
        "https://10.0.0.1/client.json",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://[::ffff:10.0.0.1]/client.json",
        "https://2130706433/client.json",
        "https://0x7f000001/client.json",
        "https://localhost/client.json",
    ],
)
async def test_a_url_that_is_no_public_document_is_never_fetched(tmp_path, web, id_):
    settings = {**web.settings, "fetch_networks": (), "fetch_hosts": {"client.test": "10.0.0.1"}}
    settings["fetch_hosts"]["localhost"] = "127.0.0.1"
    platform = Platform(tmp_path / "data", sign_in=True, client_documents=True, **settings)
    web.seen.clear()
    app, _, page = await asked(platform, id_)
    assert page.status == 400
    assert web.seen == []
    assert (await app.refresh("ort_x")).json()["error"] == "invalid_client"
    platform.close()


async def test_documents_are_not_taken_where_they_are_not_advertised(tmp_path, web):
    platform = Platform(tmp_path / "data", sign_in=True, **web.settings)
    web.answers[PATH] = document(web)
    web.seen.clear()
    assert (await asked(platform, f"{web.origin}{PATH}"))[2].status == 400
    assert web.seen == []
    platform.close()


@pytest.mark.parametrize("name", ["fetch_networks", "fetch_hosts", "fetch_ca"])
def test_what_opens_private_addresses_is_refused_in_the_cloud(web, name):
    from shared.settings import Settings

    with pytest.raises(ValueError, match="never set in the cloud"):
        Settings(
            backend="gcp", project="p", bucket="b", service="auth", **{name: web.settings[name]}
        )
