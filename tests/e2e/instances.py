"""Instances of functions behind a front that takes them in turn, and clients that never stop.

Every instance is a process under functions-framework as deployed; all share one data folder.
"""

import os
import signal
from contextlib import contextmanager
from functools import partial

import httpx

from shared.cli.deployment import ROUTES
from shared.cli.front import Front
from shared.cli.front_files import file_routes
from shared.cli.processes import Function, free_port, start
from shared.clock import SystemClock
from shared.settings import machine_environment
from tests import unceasing
from tests.platform import LEGACY, Platform, message
from tests.unceasing import Answer, Client

MCP_CALL = message("tools/call", {"name": "list_catalogs"})


class Deployment:
    """The running instances, and the platform to act on what they serve."""

    def __init__(self, platform, names, each, environment):
        self.platform = platform
        self.environment = environment
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
        environment = {
            **machine_environment(),
            **self.platform.settings.environment(),
            **self.environment,
        }
        return start(self.names[number], environment, self.log(number), port=port)


@contextmanager
def deployment(folder, names=("partner", "api"), each=2, *, environment=None, **settings):
    """Some instances of some functions behind a front that takes them in turn, while entered.

    `environment`: variables they get beside their settings.
    """
    port = free_port()
    origin = f"http://localhost:{port}"
    urls = {"mcp_url": f"{origin}/mcp", "api_url": f"{origin}/v1", "auth_url": f"{origin}/auth"}
    urls |= {"files_url": f"{origin}/files", "tasks_url": origin, "engine_url": origin}
    urls["faces"] = {"studio": f"{origin}/studio/mcp"}
    platform = Platform(folder, SystemClock(), **urls, **settings)
    deployed = Deployment(platform, names, each, environment or {})
    try:
        with Front(deployed.routes(), port, file_routes(deployed.platform.app)):
            yield deployed
    finally:
        deployed.stop()


class Load(unceasing.Load):
    """Clients of both faces that list catalogs without a pause, at the same time."""

    def __init__(self, platform, token, key, *, each=3):
        ways = (
            ("mcp", partial(_listing, token, _over_mcp, platform.settings.mcp_url)),
            ("rest", partial(_listing, key, _over_rest, f"{platform.settings.api_url}/catalogs")),
        )
        super().__init__([Client(*way) for way in ways for _ in range(each)])


@contextmanager
def _listing(credential, way, url):
    headers = {"authorization": f"Bearer {credential}"}
    with httpx.Client(headers=headers, timeout=30) as http:
        yield partial(_listed, way, http, url)


def _listed(way, http, url, started):
    try:
        response, catalogs = way(http, url)
    except httpx.TransportError:
        return Answer(started, 0)
    if response.status_code != 200:
        return Answer(started, response.status_code, text=response.text)
    return Answer(started, 200, tuple(each["catalog"] for each in catalogs(response.json())))


def _over_mcp(http, url):
    response = http.post(url, json=MCP_CALL, headers=LEGACY)
    return response, lambda body: body["result"]["structuredContent"]["result"]


def _over_rest(http, url):
    return http.get(url), lambda body: body
