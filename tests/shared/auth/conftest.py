"""What tests here share: a real key set over HTTP, a clock, documents that count."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from shared.local.documents import SqliteDocuments
from tests.counting import CountingDocuments
from tests.platform import MovedClock

LOOPBACK = ("127.0.0.0/8",)


class Issuer(ThreadingHTTPServer):
    """Publishes `keys`. `failing` makes it answer 500; `gate` holds answers back while cleared."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.keys = []
        self.raw = None
        self.failing = False
        self.fetched = 0
        self.asked = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """A client that gave up is no error of ours."""


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Stay quiet."""

    def do_GET(self):
        issuer = self.server
        issuer.fetched += 1
        issuer.asked.set()
        issuer.gate.wait()
        body = issuer.raw if issuer.raw is not None else orjson.dumps({"keys": issuer.keys})
        self.send_response(500 if issuer.failing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def issuer():
    issuer = Issuer()
    thread = threading.Thread(target=issuer.serve_forever, args=(0.01,))
    thread.start()
    yield issuer
    issuer.gate.set()
    issuer.shutdown()
    thread.join()
    issuer.server_close()


@pytest.fixture
def clock():
    return MovedClock()


@pytest.fixture
def documents(tmp_path):
    documents = CountingDocuments(SqliteDocuments(tmp_path / "documents.sqlite"))
    yield documents
    documents.close()
