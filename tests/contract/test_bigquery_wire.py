"""What BigQueryWarehouse makes of failures on the wire, over a server that answers with them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from shared.errors import Problem
from shared.gcp.warehouse import BigQueryWarehouse

REASONS = {403: "accessDenied", 429: "rateLimitExceeded", 503: "backendError"}


class Handler(BaseHTTPRequestHandler):
    """Deletes any dataset, once the planned failures have happened."""

    def log_message(self, *_):
        """Stay quiet."""

    def do_DELETE(self):
        self.server.asked.append(self.path)
        status = self.server.planned.pop(0) if self.server.planned else 204
        if status == "dropped":
            self.close_connection = True
            self.connection.close()
            return
        reason = {"reason": REASONS.get(status, "other"), "message": "injected"}
        error = {"code": status, "message": "injected", "errors": [reason]}
        body = b"" if status == 204 else json.dumps({"error": error}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A connection that we dropped is no error of the server's."""


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as server:
        server.planned, server.asked = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def warehouse(server):
    def connect():
        return bigquery.Client(
            "acme",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"},
        )

    adapter = BigQueryWarehouse("acme", "us", None, "bucket", connect)
    yield adapter
    adapter.close()


@pytest.mark.slow
@pytest.mark.parametrize("fault", [429, 503, "dropped"])
def test_what_passes_is_waited_out(warehouse, server, fault):
    server.planned[:] = [fault]
    warehouse.drop("books")
    assert len(server.asked) == 2


@pytest.mark.parametrize(("status", "code"), [(400, "invalid"), (403, "forbidden")])
def test_what_is_refused_is_one_of_ours_and_not_repeated(warehouse, server, status, code):
    server.planned[:] = [status]
    with pytest.raises(Problem, match=code) as raised:
        warehouse.drop("books")
    assert "injected" not in raised.value.message
    assert len(server.asked) == 1


def test_a_dataset_that_is_gone_is_fine(warehouse, server):
    server.planned[:] = [404]
    warehouse.drop("books")
