"""Two instances of a function behind a front that takes them in turn, and clients that never stop.

Every instance is a process under functions-framework as deployed; all share one data folder.
"""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from shared.cli.front import Front
from shared.cli.processes import Function, free_port, start
from shared.clock import SystemClock
from shared.settings import machine_environment
from tests.platform import LEGACY, Platform, message

PREFIXES = {"partner": "/mcp", "api": "/v1"}
MCP_CALL = message("tools/call", {"name": "list_catalogs"})


class Deployment:
    """The running instances, and the platform to act on what they serve."""

    def __init__(self, platform):
        self.platform = platform
        self.instances = [self._start(name) for name in PREFIXES for _ in range(2)]

    def routes(self):
        for instance in self.instances:
            instance.wait()
            yield PREFIXES[instance.name], instance.address

    def restart(self, number):
        """Kill an instance in the middle of its work; start another in its place."""
        killed = self.instances[number]
        killed.kill()
        self.instances[number] = self._start(killed.name, killed.port)
        self.instances[number].wait()

    def stop(self):
        for instance in self.instances:
            instance.kill()
        self.platform.close()

    def _start(self, name, port=None) -> Function:
        environment = {**machine_environment(), **self.platform.settings.environment()}
        return start(name, environment, self.platform.folder / "functions.log", port=port)


@contextmanager
def deployment(folder):
    """Two instances of the partner and the API function, while entered."""
    port = free_port()
    origin = f"http://localhost:{port}"
    urls = {"mcp_url": f"{origin}/mcp", "api_url": f"{origin}/v1", "auth_url": f"{origin}/auth"}
    deployed = Deployment(Platform(folder, SystemClock(), **urls))
    try:
        with Front(deployed.routes(), port):
            yield deployed
    finally:
        deployed.stop()


@dataclass(frozen=True)
class Answer:
    """When a call started, and what it came to: a status (0: no answer) and the catalogs shown.

    `text` is the body of what is not a 200, for whoever reads a failed test.
    """

    started: float
    status: int
    catalogs: tuple[str, ...] = ()
    text: str = field(default="", compare=False)


class Client:
    """Calls list_catalogs over one surface without a pause, in a thread of its own."""

    def __init__(self, surface, url, credential, heard):
        self.surface = surface
        self.answers = []
        self._heard = heard
        self._headers = {"authorization": f"Bearer {credential}"}
        self._url = url
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def since(self, moment):
        """The answers to calls that started after a moment."""
        return [answer for answer in self.answers if answer.started > moment]

    def _run(self):
        with httpx.Client(headers=self._headers, timeout=30) as http:
            while not self.stopping.is_set():
                answer = self._ask(http)
                with self._heard:
                    self.answers.append(answer)
                    self._heard.notify_all()

    def _ask(self, http):
        started = time.perf_counter()
        try:
            if self.surface == "mcp":
                response = http.post(self._url, json=MCP_CALL, headers=LEGACY)
            else:
                response = http.get(f"{self._url}/catalogs")
        except httpx.TransportError:
            return Answer(started, 0)
        if response.status_code != 200:
            return Answer(started, response.status_code, text=response.text)
        value = response.json()
        if self.surface == "mcp":
            value = value["result"]["structuredContent"]["result"]
        return Answer(started, 200, tuple(each["catalog"] for each in value))


class Load:
    """Clients that call at the same time."""

    def __init__(self, platform, token, key, *, each=3):
        self._heard = threading.Condition()
        mcp = ("mcp", platform.settings.mcp_url, token)
        rest = ("rest", platform.settings.api_url, key)
        self.clients = [Client(*way, self._heard) for way in (mcp, rest) for _ in range(each)]

    def wait(self, number):
        """The present moment, once every client has heard that many answers more."""
        since = time.perf_counter()
        with self._heard:
            enough = self._heard.wait_for(
                lambda: all(len(client.since(since)) >= number for client in self.clients), 60
            )
        assert enough, "the clients hear no answers"
        return time.perf_counter()

    def __enter__(self):
        for client in self.clients:
            client.thread.start()
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.stopping.set()
        for client in self.clients:
            client.thread.join()
