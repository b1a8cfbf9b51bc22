"""The local front of dev is many browsers' server, and nobody's browser."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from shared.cli.front import front

pytestmark = pytest.mark.anyio


class Echo(BaseHTTPRequestHandler):
    """Says which cookies it got, or its header `said`.

    The second request of a connection finds it closed.
    """

    protocol_version = "HTTP/1.1"
    answered = False

    def log_message(self, *_):
        """Stay quiet."""

    def do_GET(self):
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        body = self.headers.get("said", self.headers.get("cookie", "none")).encode()
        self.send_response(200)
        self.send_header("set-cookie", "session=ada; Path=/; HttpOnly")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def behind_a_front():
    """What passes requests on to `Echo`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield httpx.ASGITransport(front([("/auth", f"http://127.0.0.1:{server.server_port}")]))
        server.shutdown()


def browser(transport):
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_one_persons_cookies_are_never_sent_for_another():
    with behind_a_front() as transport:
        async with browser(transport) as ada:
            assert (await ada.get("/auth")).headers["set-cookie"].startswith("session=ada")
            assert (await ada.get("/auth")).text == "session=ada"
        async with browser(transport) as eve:
            assert (await eve.get("/auth")).text == "none"


async def test_a_function_that_closes_its_idle_connections_loses_no_request():
    with behind_a_front() as transport:
        async with browser(transport) as ada:
            assert [(await ada.get("/auth")).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("blanks", [b" ", b"\t", b" \t  "])
async def test_blanks_around_a_header_are_not_handed_on(blanks):
    with behind_a_front() as transport:
        async with browser(transport) as ada:
            sent = [(b"said", blanks + b"a b" + blanks)]
            assert (await ada.get("/auth", headers=sent)).text == "a b"
