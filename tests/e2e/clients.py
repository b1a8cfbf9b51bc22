"""Real clients, each with a person at its browser."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata

from tests.browser import Browser
from tests.e2e.octogen import opened
from tests.e2e.programs import SECONDS, program, run, surroundings
from tests.e2e.terminal import Terminal


class Claude:
    """Claude Code in a home of its own, with one server added by its address alone."""

    def __init__(self, home, variables, url):
        self.home = home
        self.variables = variables
        self("add", "--transport", "http", "octo", url)

    def __call__(self, *arguments):
        done = run(self.home, "claude", "mcp", *arguments, **self.variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log_in(self):
        """It wants a terminal; what it shows at the end."""
        command = [program("claude"), "mcp", "login", "octo"]
        terminal = Terminal(command, self.home, surroundings(self.home, **self.variables))
        terminal.ended()
        return terminal.before


def approve(site, said):
    """Wait for the address a program prints, and open it."""
    pattern = re.compile(r"http://localhost:\d+/auth/(?:oauth2/authorize|device)\?\S+")
    deadline = time.monotonic() + SECONDS
    while not (found := pattern.search(said.read_text())):
        assert time.monotonic() < deadline, said.read_text()
    opened(site, found[0])


class Kept:
    """The Python SDK's storage, in memory."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


def sdk(site, kept, url):
    """The SDK's own OAuth, with a person for its browser."""
    answer = {}

    async def redirect(address):
        parts = urlsplit(address)
        async with httpx2.AsyncClient() as client:
            browser = Browser(client, Path(site["mail"]), f"{parts.scheme}://{parts.netloc}/auth")
            page = await browser.sign_in(await browser.open(address), site["email"])
            answer.update((await browser.send(page, "/consent", decision="allow")).answer)

    async def callback():
        return AuthorizationCodeResult(
            code=answer["code"], state=answer["state"], iss=answer["iss"]
        )

    metadata = OAuthClientMetadata(
        redirect_uris=["http://localhost:3030/callback"], client_name="Python SDK"
    )
    return OAuthClientProvider(url, metadata, kept, redirect, callback)
