"""A client signs in over HTTP from an address and nothing else, one step after the other."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser import App, Browser, Device, allowed
from tests.platform import LEGACY, message

CALL = message("tools/call", {"name": "list_catalogs"})


class Client:
    """A client, and the person at its browser.

    Args:
        site: `mcp_url`, the file `mail` comes to, and the person's `email`.
        connect: makes an HTTP client; the browser and the program have one each.
    """

    def __init__(self, site, connect):
        self.site = site
        self.http = connect()
        self.surfer = connect()
        self.auth = None

    async def call(self, token=None):
        headers = {**LEGACY, **({"authorization": f"Bearer {token}"} if token else {})}
        return await self.http.post(self.site["mcp_url"], json=CALL, headers=headers)

    async def discover(self):
        """From the refusal by way of the resource's metadata to the authorization server's."""
        refused = await self.call()
        assert refused.status_code == 401
        place = re.search(r'resource_metadata="([^"]+)"', refused.headers["www-authenticate"])[1]
        resource = (await self.http.get(place)).json()
        assert resource["resource"] == self.site["mcp_url"]
        (issuer,) = resource["authorization_servers"]
        parts = urlsplit(issuer)
        place = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server"
        metadata = (await self.http.get(f"{place}{parts.path}")).json()
        assert metadata["issuer"] == issuer
        self.auth = issuer
        self.browser = Browser(self.surfer, Path(self.site["mail"]), issuer)
        return metadata

    async def sign_in(self):
        """By the browser: the app and its tokens."""
        app = await App(self.http, self.auth).register()
        resource = self.site["mcp_url"]
        tokens = await allowed(app, self.browser, email=self.site["email"], resource=resource)
        return app, tokens

    async def connect_device(self):
        """By a code that is typed in the browser: the device and its tokens."""
        device = await Device(self.http, self.auth).register()
        asked = await device.ask(resource=self.site["mcp_url"])
        assert await device.error() == "authorization_pending"
        page = await self.browser.open(asked["verification_uri"])
        if any(where.endswith("/sign-in") for where, _ in page.forms):
            page = await self.browser.sign_in(page, self.site["email"])
        page = await self.browser.send(page, "/device", user_code=asked["user_code"])
        done = await self.browser.send(page, "/consent", decision="allow")
        assert "Your device is connected" in done.text
        return device, await device.poll()

    async def use(self, app, tokens):
        """Call, refresh, call again, and end it: the next call and the next refresh are refused."""
        assert (await self.call(tokens["access_token"])).status_code == 200
        response = await app.refresh(tokens["refresh_token"])
        assert response.status_code == 200, response.text
        fresh = response.json()
        assert (await self.call(fresh["access_token"])).status_code == 200
        assert (await app.revoke(fresh["refresh_token"])).status_code == 200
        assert (await self.call(fresh["access_token"])).status_code == 401
        assert (await app.refresh(fresh["refresh_token"])).json()["error"] == "invalid_grant"

    async def close(self):
        await self.http.aclose()
        await self.surfer.aclose()
