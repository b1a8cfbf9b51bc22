"""Built zips running as the buildpack runs them, behind a router that does what the load balancer
does, on emulators."""

import json
import socketserver
import subprocess
import sys
import threading
import time
import zipfile

import httpx

from shared.cli.processes import free_port
from tests.infra.programs import package


class Runtime:
    """A Python environment with the lock of a zip and nothing else: not this repository."""

    def __init__(self, folder):
        self.folder = folder
        requirements = folder / "requirements.txt"
        folder.mkdir()
        requirements.write_bytes(package.contents("partner")["requirements.txt"])
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        command = [folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check"]
        locked = ["--require-hashes", "--no-deps", "-r", requirements]
        subprocess.run([*command, "install", "--quiet", *locked], check=True)

    @property
    def bin(self):
        return self.folder / "venv" / "bin"


class Unpacked:
    """One function's zip in an empty folder, running while used as a context manager.

    The buildpack compiles the source and starts `functions-framework`, which is gunicorn there, in
    the folder, with the function's name in FUNCTION_TARGET. The other variables are those that the
    platform sets; what Terraform sets wins, as it does there.
    """

    def __init__(self, name, folder, runtime, environment):
        self.name = name
        self.runtime = runtime
        self.folder = folder / name
        with zipfile.ZipFile(package.pack(name, folder / "zips")) as file:
            file.extractall(self.folder)
        python = runtime.bin / "python"
        subprocess.run([python, "-m", "compileall", "-q", "."], cwd=self.folder, check=True)
        self.port = free_port()
        self.environment = {
            "FUNCTION_SIGNATURE_TYPE": "http",
            "K_CONFIGURATION": name,
            "K_REVISION": f"{name}-00001-abc",
            "K_SERVICE": name,
            "LOG_EXECUTION_ID": "true",
            **environment,
            "FUNCTION_TARGET": name,
            "PATH": f"{runtime.bin}:/usr/bin:/bin",
            "PORT": str(self.port),
        }
        self.log = folder / f"{name}.log"

    def __enter__(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.runtime.bin / "functions-framework", "--host=127.0.0.1"],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/", trust_env=False)
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
            else:
                return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(20)

    def lines(self, message):
        """The lines of JSON with this message that it has written so far."""
        lines = [each for each in self.log.read_text().splitlines() if each.startswith("{")]
        return [line for line in map(json.loads, lines) if line["message"] == message]


class LoadBalancer(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Sends https requests to running functions by the rules of a URL map, as Google's would:
    with the Host as it came, and the client's address and its own in X-Forwarded-For."""

    def __init__(self, deployment, running):
        (self.map,) = deployment.all("google_compute_url_map").values()
        backends = deployment.all("google_compute_backend_service")
        self.ports = {
            each["id"]: running[address.split('"')[1]].port for address, each in backends.items()
        }
        self.inner, self.waiting = httpx.AsyncHTTPTransport(), httpx.HTTPTransport()

    async def handle_async_request(self, request):
        return await self.inner.handle_async_request(self._passed(request))

    def handle_request(self, request):
        return self.waiting.handle_request(self._passed(request))

    async def aclose(self):
        await self.inner.aclose()

    def close(self):
        self.waiting.close()

    def _passed(self, request):
        port = self.ports[self._service(request.url.host, request.url.path)]
        headers = [*request.headers.raw, (b"x-forwarded-for", b"203.0.113.7, 203.0.113.1")]
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=port)
        return httpx.Request(request.method, url, headers=headers, stream=request.stream)

    def _service(self, host, path):
        (matcher,) = (
            rules
            for rule in self.map["host_rule"]
            for rules in self.map["path_matcher"]
            if host in rule["hosts"] and rules["name"] == rule["path_matcher"]
        )
        for rule in matcher["path_rule"]:
            if any(path == each or fits(each, path) for each in rule["paths"]):
                return rule["service"]
        return matcher["default_service"]


def fits(pattern, path):
    return pattern.endswith("/*") and path.startswith(pattern.removesuffix("*"))


class MailServer:
    """Takes mail over SMTP (RFC 5321) and writes it to a file, one message after the other."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._session())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def _session(self):
        target = self.file

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("220 test")
                for line in self.rfile:
                    command = line.split()[0].upper()
                    if command == b"DATA":
                        self.say("354 go on")
                        self.take()
                    self.say("221 bye" if command == b"QUIT" else "250 ok")

            def take(self):
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                text = "\n".join(lines)
                with target.open("a") as file:
                    file.write(f"{text}\n--\n")

            def say(self, line):
                self.wfile.write(f"{line}\r\n".encode())

        return Session
