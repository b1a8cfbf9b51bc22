"""Clients too heavy for every run: `make more-clients` installs them and runs this."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.programs import SECONDS, surroundings

INSTALLED = Path(__file__).parents[2] / "build" / "more-clients" / "node_modules" / ".bin"


@pytest.fixture
def run(home, browsing):
    """Runs one of them in a fresh home; what it printed."""

    def run(name, *arguments):
        done = subprocess.run(
            [INSTALLED / name, *arguments],
            cwd=home,
            env=surroundings(home, **browsing),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            check=True,
        )
        return done.stdout + done.stderr

    return run


def test_codex_signs_in(site, run):
    added = run("codex", "mcp", "add", "octo", "--url", site["mcp_url"])
    assert "Detected OAuth support" in added
    assert "Successfully logged in" in added
    listed = run("codex", "mcp", "list", "--json")
    (server,) = json.loads(listed[listed.index("[\n") : listed.rindex("]") + 1])
    assert server["auth_status"] == "o_auth"


def test_opencode_signs_in_and_connects(site, run, home):
    servers = {"octo": {"type": "remote", "url": site["mcp_url"]}}
    (home / "opencode.json").write_text(json.dumps({"mcp": servers}))
    assert "Authentication successful" in run("opencode", "mcp", "auth", "octo")
    assert "connected" in run("opencode", "mcp", "list")
