"""A small web server on loopback that tests fill with answers, over TLS with its own authority."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.tls import write_certificates


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Stay quiet."""

    def do_GET(self):
        self.reply({})

    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        text = self.rfile.read(length).decode()
        self.reply({name: values[0] for name, values in parse_qs(text).items()})

    def reply(self, form):
        path = urlsplit(self.path).path
        self.server.seen.append(path)
        self.server.headers.append({name.lower() for name in self.headers})
        answer = self.server.answers.get(path, (404, b"", {}))
        if callable(answer):
            answer = answer(form)
        if isinstance(answer, dict):
            answer = (200, orjson.dumps(answer), {})
        status, body, headers = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class WebServer(ThreadingHTTPServer):
    """Serves `answers`, by path: a dict is JSON, a tuple is status, body and headers.

    `settings` are what lets a deployment reach it by its name and by nothing else.
    """

    daemon_threads = True

    def __init__(self, folder, name):
        super().__init__(("127.0.0.1", 0), Handler)
        folder.mkdir(parents=True, exist_ok=True)
        write_certificates(folder, name)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "server.pem")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.answers, self.seen, self.headers = {}, [], []
        self.origin = f"https://{name}:{self.server_port}"
        self.settings = {
            "fetch_networks": ("127.0.0.1/32",),
            "fetch_hosts": {name: "127.0.0.1"},
            "fetch_ca": folder / "ca.pem",
        }

    def handle_error(self, *_):
        """A client that goes away is no error of the server's."""

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()
