"""GuardedFetch against a real server, over real TLS, and a name server that changes its mind."""

import gzip
import ipaddress
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.errors import Problem
from shared.fetch import GuardedFetch
from tests.tls import write_certificates

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
NAME = "files.test"
PATIENCE = 30.0
"""Seconds that a server would wait which a call is not to wait for."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Stay quiet."""

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers.items())))
        getattr(self, self.path.partition("?")[0].strip("/") or "plain")()

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers.items()), sent))
        self.answer(b"posted")

    def answer(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def plain(self):
        self.answer(b"hello", headers=[("X-Two", "a"), ("x-two", "b"), ("Content-Type", "a/b")])

    def missing(self):
        self.answer(b"no", 404)

    def redirect(self):
        self.answer(b"", 302, [("Location", "/plain")])

    def compressed(self):
        self.answer(gzip.compress(b"x" * 1000), headers=[("Content-Encoding", "gzip")])

    def large(self):
        self.answer(b"x" * 100_000)

    def endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not self.server.stopped.is_set():
            self.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    def drip(self):
        """A good answer, a byte at a time: no single wait is long, all of them are."""
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + b"x" * 50:
            self.server.stopped.wait(0.02)
            self.wfile.write(bytes([byte]))
        self.server.ended.append("drip")

    def silent(self):
        """A good answer, late."""
        self.server.stopped.wait(PATIENCE)
        self.answer(b"late")
        self.server.ended.append("silent")

    def cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"x")
        self.close_connection = True

    def nonsense(self):
        self.wfile.write(b"\x00\x01 what\r\n\r\n")
        self.close_connection = True


class Server(ThreadingHTTPServer):
    """Serves on loopback until the test ends; a client that goes away is no error of its."""

    daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.names, self.ended = [], [], []
        self.stopped = threading.Event()
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_):
        """Stay quiet."""

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A certificate authority's file, and a certificate of it for NAME."""
    folder = tmp_path_factory.mktemp("tls")
    write_certificates(folder, NAME)
    return folder


@pytest.fixture
def plain_server():
    with Server() as server:
        yield server


@pytest.fixture
def tls_server(certificates):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem")
    with Server(context) as server:
        yield server


@pytest.fixture
def trust(certificates):
    return ssl.create_default_context(cafile=certificates / "ca.pem")


def get(fetch, url, timeout=5.0, max_bytes=10_000):
    return fetch.get(url, timeout=timeout, max_bytes=max_bytes)


def refused(code, fetch, url, **limits):
    with pytest.raises(Problem) as raised:
        get(fetch, url, **limits)
    assert raised.value.code == code
    assert not url or url not in f"{raised.value} {raised.value.details}"


@pytest.fixture
def local(plain_server):
    """A function that fetches a path of the plain server."""
    fetch = GuardedFetch(LOOPBACK, {NAME: "127.0.0.1"})

    def path(path, **limits):
        return get(fetch, f"http://{NAME}:{plain_server.server_port}{path}", **limits)

    return path


def test_what_comes_back_is_answered_whole(local):
    answer = local("/plain?a=b&c=%20")
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.headers["x-two"] == "a, b"
    assert answer.headers["content-type"] == "a/b"


def test_a_path_is_sent_as_it_was_written(local, plain_server):
    local("?q=%2F..%2f/../x")
    local("/plain?x=a//b/./c;d")
    assert [path for path, _ in plain_server.seen] == ["/?q=%2F..%2f/../x", "/plain?x=a//b/./c;d"]


def test_any_status_is_an_answer_and_a_redirect_is_not_followed(local, plain_server):
    assert local("/missing").status == 404
    answer = local("/redirect")
    assert (answer.status, answer.headers["location"]) == (302, "/plain")
    assert [path for path, _ in plain_server.seen] == ["/missing", "/redirect"]


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_a_body_past_the_limit_is_too_large(local, path):
    with pytest.raises(Problem, match="too_large"):
        local(path)


def test_a_body_of_exactly_the_limit_is_taken(local):
    assert len(local("/large", max_bytes=100_000).body) == 100_000
    with pytest.raises(Problem, match="too_large"):
        local("/large", max_bytes=99_999)


@pytest.mark.parametrize("path", ["/drip", "/silent", "/endless"])
def test_the_timeout_is_for_the_whole_call(local, plain_server, path):
    with pytest.raises(Problem, match="unavailable"):
        local(path, timeout=0.3, max_bytes=10**12)
    assert plain_server.ended == [], "the call waited until the server had said all"


def test_an_answer_that_drips_is_taken_when_it_is_whole_in_time(local, plain_server):
    assert local("/drip", timeout=PATIENCE).body == b"x" * 50


@pytest.mark.parametrize("path", ["/cut", "/nonsense", "/compressed"])
def test_an_answer_that_is_not_whole_or_not_readable_is_unavailable(local, path):
    with pytest.raises(Problem, match="unavailable"):
        local(path)


def test_nobody_listening_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    refused("unavailable", GuardedFetch(LOOPBACK), f"http://127.0.0.1:{port}/")


def test_tls_is_checked_against_the_name_of_the_url(tls_server, trust):
    fetch = GuardedFetch(LOOPBACK, {NAME: "127.0.0.1", "other.test": "127.0.0.1"}, trust)
    port = tls_server.server_port
    assert get(fetch, f"https://{NAME}:{port}/").body == b"hello"
    assert tls_server.names == [NAME]
    ((_, headers),) = tls_server.seen
    assert headers["Host"] == f"{NAME}:{port}"
    assert headers["Accept-Encoding"] == "identity"
    refused("unavailable", fetch, f"https://other.test:{port}/")
    refused("unavailable", fetch, f"https://127.0.0.1:{port}/")


def test_an_authority_that_is_not_trusted_is_unavailable(tls_server):
    fetch = GuardedFetch(LOOPBACK, {NAME: "127.0.0.1"})
    refused("unavailable", fetch, f"https://{NAME}:{tls_server.server_port}/")


def test_a_server_that_stalls_in_the_handshake_meets_the_timeout(trust):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://{NAME}:{listener.getsockname()[1]}/"
        fetch = GuardedFetch(LOOPBACK, {NAME: "127.0.0.1"}, trust)
        refused("unavailable", fetch, url, timeout=0.2)


def test_the_environment_names_no_proxy(local, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert local("/").status == 200


@pytest.fixture
def resolver(monkeypatch):
    """A name server: give it a name's answers, one list of addresses for each question."""
    answers, real = {}, socket.getaddrinfo

    def getaddrinfo(host, port, *rest, **options):
        if host not in answers:
            return real(host, port, *rest, **options)
        found = answers[host].pop(0)
        return [entry for address in found for entry in real(address, port, *rest, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


def test_one_unsafe_address_among_public_ones_is_unsafe(resolver):
    resolver[NAME] = [["93.184.215.14", "10.0.0.1"], ["2606:4700::1111", "::1"]]
    refused("unsafe_url", GuardedFetch(), f"https://{NAME}/")
    refused("unsafe_url", GuardedFetch(), f"https://{NAME}/")


def test_a_name_is_resolved_once_and_the_checked_address_is_used(resolver, plain_server):
    resolver[NAME] = [["127.0.0.1"], ["127.0.0.66"]]
    fetch = GuardedFetch([ipaddress.ip_network("127.0.0.1/32")])
    url = f"http://{NAME}:{plain_server.server_port}/"
    assert get(fetch, url).body == b"hello"
    assert resolver[NAME] == [["127.0.0.66"]]
    refused("unsafe_url", fetch, url)


def test_the_next_address_is_tried_when_one_does_not_answer(resolver, plain_server):
    resolver[NAME] = [["127.0.0.66", "127.0.0.1"]]
    url = f"http://{NAME}:{plain_server.server_port}/"
    assert get(GuardedFetch(LOOPBACK), url).body == b"hello"


def test_a_name_server_that_is_slow_meets_the_timeout(monkeypatch):
    stopped, answered = threading.Event(), []

    def getaddrinfo(*_, **__):
        stopped.wait(PATIENCE)
        answered.append("slow.test")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    refused("unavailable", GuardedFetch(), "https://slow.test/", timeout=0.2)
    assert answered == [], "the call waited for the name server"
    stopped.set()


def test_a_name_nobody_knows_is_unavailable(monkeypatch):
    def getaddrinfo(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    refused("unavailable", GuardedFetch(), "https://nobody.test/")


def test_a_form_is_posted_whole_and_under_the_same_policy(plain_server):
    url = f"http://{NAME}:{plain_server.server_port}/token"
    fetch = GuardedFetch(LOOPBACK, {NAME: "127.0.0.1"})
    answer = fetch.post(url, {"code": "a b&c", "x": "é"}, timeout=5.0, max_bytes=100)
    assert (answer.status, answer.body) == (200, b"posted")
    (_, headers, sent) = plain_server.seen[-1]
    assert sent == b"code=a+b%26c&x=%C3%A9"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    with pytest.raises(Problem, match="unsafe_url"):
        GuardedFetch((), {NAME: "127.0.0.1"}).post(url, {}, timeout=5.0, max_bytes=100)
