"""Clients too heavy for every run: `make more-clients` installs them and runs this."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.programs import SECONDS, surroundings

INSTALLED = Path(__file__).parents[2] / "build" / "more-clients" / "node_modules" / ".bin"


@pytest.fixture
def command(home, browsing):
    """How one of them is started in a fresh home."""

    def command(name, *arguments):
        given = {"cwd": home, "env": surroundings(home, **browsing), "text": True}
        return [INSTALLED / name, *arguments], given

    return command


@pytest.fixture
def run(command):
    """Runs one of them to its end; what it printed."""

    def run(name, *arguments):
        program, given = command(name, *arguments)
        done = subprocess.run(
            program,
            **given,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * SECONDS,
            check=True,
        )
        return done.stdout + done.stderr

    return run


class AppServer:
    """`codex app-server`: Codex without its terminal, and without a model, over JSON lines."""

    def __init__(self, program, given):
        self.process = subprocess.Popen(
            program,
            **given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.asked = 0

    def __enter__(self):
        information = {"name": "tests", "title": "tests", "version": "1"}
        self("initialize", clientInfo=information, capabilities={"experimentalApi": True})
        self.say({"method": "initialized"})
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=SECONDS)

    def __call__(self, method, **params):
        """The result of a request."""
        self.asked += 1
        self.say({"id": self.asked, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.asked and "method" not in answer:
                return answer["result"]
        raise AssertionError(f"Codex ended before it answered {method}")

    def say(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()


def test_codex_signs_in_and_calls_a_tool(site, run, command, home):
    added = run("codex", "mcp", "add", "octo", "--url", site["mcp_url"])
    assert "Detected OAuth support" in added
    assert "Successfully logged in" in added
    listed = run("codex", "mcp", "list", "--json")
    (server,) = json.loads(listed[listed.index("[\n") : listed.rindex("]") + 1])
    assert server["auth_status"] == "o_auth"
    with AppServer(*command("codex", "app-server")) as codex:
        thread = codex("thread/start", cwd=str(home))["thread"]["id"]
        called = {"server": "octo", "tool": "list_catalogs", "arguments": {}}
        result = codex("mcpServer/tool/call", threadId=thread, **called)
    assert result["structuredContent"]["result"][0]["catalog"] == "demo_shop"


def test_opencode_signs_in_and_connects(site, run, home):
    servers = {"octo": {"type": "remote", "url": site["mcp_url"]}}
    (home / "opencode.json").write_text(json.dumps({"mcp": servers}))
    assert "Authentication successful" in run("opencode", "mcp", "auth", "octo")
    assert "connected" in run("opencode", "mcp", "list")
