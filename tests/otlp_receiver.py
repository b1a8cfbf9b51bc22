"""An OTLP receiver: spans over HTTP as protobuf (OTLP specification 1.x, "OTLP/HTTP")."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Receiver:
    """Keeps every span it is sent. Used as a context manager.

    `status` is what it answers with; while `hold` is set it answers nobody.
    """

    def __init__(self, status=200):
        self.status = status
        self.hold = threading.Event()
        self.asked = threading.Event()
        self.released = threading.Event()
        self.raw = []
        self.spans = []
        self.resources = []
        self._arrived = threading.Condition()

    def __enter__(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.asked.set()
                if receiver.hold.is_set():
                    receiver.released.wait(30)
                receiver.take(body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(receiver.status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, body):
        request = ExportTraceServiceRequest.FromString(body)
        with self._arrived:
            self.raw.append(body)
            for each in request.resource_spans:
                self.resources.append(attributes(each.resource))
                self.spans += [span for scope in each.scope_spans for span in scope.spans]
            self._arrived.notify_all()

    def wait(self, spans, seconds=20):
        """Until that many spans have come; all of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.spans) >= spans, seconds), self.spans
            return self.spans[:]


def attributes(holder):
    """The attributes of a span or a resource, as a dict."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes
    }
