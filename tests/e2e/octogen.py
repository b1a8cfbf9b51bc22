"""The published SDK's own sign-in, with a person at its browser."""

import subprocess
import sys
from pathlib import Path

import pexpect

from shared.cli.processes import free_port
from tests.e2e.person import PROGRAM
from tests.e2e.programs import SECONDS

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
    child = pexpect.spawn(
        str(command[0]), [str(part) for part in command[1:]], timeout=SECONDS,
        encoding="utf-8", dimensions=(50, 4000), cwd=str(home),
    )  # fmt: skip
    child.expect(AUTHORIZE)
    opened(site, child.after)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    return (home / "token").read_text().strip()
