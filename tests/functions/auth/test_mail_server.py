"""Nobody learns from our mail server whose e-mail address we know."""

import asyncio

import pytest

from shared.servers import Smtp
from tests.browser import App, Browser
from tests.mail_server import MailServer
from tests.platform import Platform

pytestmark = pytest.mark.anyio
KNOWN, STRANGER = "ada@example.com", "eve@example.com"


@pytest.fixture
def server():
    with MailServer() as server:
        yield server


@pytest.fixture
def mailing(tmp_path, server):
    """A platform Ada signs in to, whose mail leaves by that server."""
    smtp = Smtp(host="127.0.0.1", port=server.port, sender="sign-in@example.com")
    platform = Platform(tmp_path / "data", sign_in=True, smtp=smtp)
    platform.organization("partner")
    platform.member(email=KNOWN)
    yield platform
    platform.close()


async def asked(platform):
    """What somebody sees who typed an address, for one we know and one we do not, at once."""
    app = await App(platform.http(face="auth")).register()

    async def typed(email):
        browser = Browser(platform.http(face="auth"), None)
        page = await browser.send(await browser.open(app.request()), "/sign-in", email=email)
        return page.status, page.text.replace(email, "")

    return await asyncio.gather(typed(KNOWN), typed(STRANGER))


async def test_the_answer_does_not_wait_for_the_mail_server(mailing, server):
    server.patience.clear()
    known, stranger = await asked(mailing)
    assert known == stranger
    assert known[0] == 200
    assert server.messages.empty()
    server.patience.set()
    message = await asyncio.to_thread(server.messages.get, timeout=10)
    assert message["To"] == KNOWN
    assert [line for line in server.heard if STRANGER in line] == []


async def test_a_mail_server_that_refuses_is_seen_in_our_log_alone(mailing, server, logged):
    server.shutdown()
    server.server_close()
    known, stranger = await asked(mailing)
    assert known == stranger
    assert known[0] == 200
    lines = [line for line in logged()[1] if line["message"] == "mail not sent"]
    assert [(line["severity"], line["error"]) for line in lines] == [
        ("ERROR", "ConnectionRefusedError")
    ]
