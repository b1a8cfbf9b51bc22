"""The published SDK's own sign-in, with a person at its browser."""

import subprocess
import sys
from pathlib import Path

from shared.cli.processes import free_port
from tests.e2e.person import PROGRAM
from tests.e2e.programs import SECONDS
from tests.e2e.terminal import Terminal

AUTHORIZE = r"http://localhost:\d+/auth/oauth2/authorize\?[^\s\x07\x1b\"]+"


def opened(site, url):
    """A person opens this address; what they are shown in the end."""
    command = [sys.executable, PROGRAM, url, site["mail"], site["email"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def log_in(site, home):
    """`octogen-mcp-login --verify`; the refresh token, which `token` in that folder holds too."""
    command = [
        Path(sys.executable).with_name("octogen-mcp-login"), "--authkit-domain", site["auth_url"],
        "--resource", site["mcp_url"].removesuffix("/mcp"), "--client-id-file", home / "client",
        "--redirect-uri-file", home / "redirect", "--refresh-token-file", home / "token",
        "--port", str(free_port()), "--no-open", "--verify",
    ]  # fmt: skip
    terminal = Terminal(command, home)
    terminal.expect(AUTHORIZE)
    opened(site, terminal.after)
    assert terminal.ended() == 0, terminal.before
    return (home / "token").read_text().strip()
