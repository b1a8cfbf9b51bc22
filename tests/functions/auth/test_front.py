"""The local front of dev is many browsers' server, and nobody's browser."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from shared.cli.front import front

pytestmark = pytest.mark.anyio


class Echo(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Stay quiet."""

    def do_GET(self):
        body = self.headers.get("cookie", "none").encode()
        self.send_response(200)
        self.send_header("set-cookie", "session=ada; Path=/; HttpOnly")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


async def test_one_persons_cookies_are_never_sent_for_another():
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app = front([("/auth", f"http://127.0.0.1:{server.server_port}")])
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as ada:
            assert (await ada.get("/auth")).headers["set-cookie"].startswith("session=ada")
            assert (await ada.get("/auth")).text == "session=ada"
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as eve:
            assert (await eve.get("/auth")).text == "none"
        server.shutdown()
