"""Instances of functions behind a front that takes them in turn, and clients that never stop.

Every instance is a process under functions-framework as deployed; all share one data folder.
"""

import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from shared.cli.deployment import ROUTES
from shared.cli.front import Front
from shared.cli.front_files import file_routes
from shared.cli.processes import Function, free_port, start
from shared.clock import SystemClock
from shared.settings import machine_environment
from tests.platform import LEGACY, Platform, message

MCP_CALL = message("tools/call", {"name": "list_catalogs"})


class Deployment:
    """The running instances, and the platform to act on what they serve."""

    def __init__(self, platform, names, each):
        self.platform = platform
        self.names = [name for name in names for _ in range(each)]
        self.instances = [self._start(number) for number in range(len(self.names))]

    def routes(self):
        for instance in self.instances:
            instance.wait()
        for prefix, name in ROUTES:
            for instance in self.instances:
                if instance.name == name:
                    yield prefix, instance.address

    def suspend(self, number):
        """Let an instance answer nothing any more: what it is asked waits until it is killed."""
        os.killpg(self.instances[number].process.pid, signal.SIGSTOP)

    def restart(self, *numbers):
        """Kill instances in the middle of their work; start others in their place."""
        for number in numbers:
            self.instances[number].kill()
        for number in numbers:
            self.instances[number] = self._start(number, self.instances[number].port)
        for number in numbers:
            self.instances[number].wait()

    def restart_all(self):
        self.restart(*range(len(self.instances)))

    def log(self, number):
        """Where an instance, and whoever took its place, wrote to."""
        return self.platform.folder / f"{self.names[number]}-{number}.log"

    def stop(self):
        for instance in self.instances:
            instance.kill()
        self.platform.close()

    def _start(self, number, port=None) -> Function:
        environment = {**machine_environment(), **self.platform.settings.environment()}
        return start(self.names[number], environment, self.log(number), port=port)


@contextmanager
def deployment(folder, names=("partner", "api"), each=2, **settings):
    """Some instances of some functions behind a front that takes them in turn, while entered."""
    port = free_port()
    origin = f"http://localhost:{port}"
    urls = {"mcp_url": f"{origin}/mcp", "api_url": f"{origin}/v1", "auth_url": f"{origin}/auth"}
    urls |= {"files_url": f"{origin}/files", "tasks_url": origin, "engine_url": origin}
    urls["faces"] = {"studio": f"{origin}/studio/mcp"}
    deployed = Deployment(Platform(folder, SystemClock(), **urls, **settings), names, each)
    try:
        with Front(deployed.routes(), port, file_routes(deployed.platform.app)):
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

    def wait(self, number, surfaces=("mcp", "rest")):
        """The present moment, once every client of those surfaces heard that many answers more."""
        since = time.perf_counter()
        clients = [client for client in self.clients if client.surface in surfaces]
        with self._heard:
            enough = self._heard.wait_for(
                lambda: all(len(client.since(since)) >= number for client in clients), 60
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
