"""The studio as its tests use it: an owner's tenant, and calls of its tools over MCP."""

import httpx

from functions.studio.main import endpoint
from shared.auth.faces import STUDIO
from tests.platform import LEGACY, ORIGIN, Platform, message

ADDRESS = f"{ORIGIN}/studio/mcp"


class Studio(Platform):
    """A platform with the shop's tenants north and south, and a rival's east."""

    def __init__(self, folder, clock=None, **settings):
        given = {"faces": {"studio": ADDRESS}, "sign_in": True, **settings}
        super().__init__(folder, clock, **given)

    def fill(self):
        for org, tenants in (("shop", ("north", "south")), ("rival", ("east",))):
            self.organization(org, type="catalog_owner")
            for tenant in tenants:
                self.do("create_tenant", id=tenant, name=tenant.title(), org=org)
        self.member("shop", "olga", role="owner", email="olga@example.com")
        self.member("shop", "eddi", email="eddi@example.com")
        return self

    def bearer(self, subject="olga", *, org="shop", **options):
        options = {"scopes": STUDIO.scopes, "audience": ADDRESS, **options}
        return self.token(org, subject, **options)

    def connected(self, tenant="north", subject="olga", **options):
        return Connection(self, tenant, self.bearer(subject, **options))


class Connection:
    """A client of one tenant's address."""

    def __init__(self, studio, tenant, token):
        transport = httpx.ASGITransport(endpoint(studio.app), raise_app_exceptions=True)
        headers = {"authorization": f"Bearer {token}", **LEGACY}
        self._client = httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers=headers, timeout=60
        )
        self._path = f"/studio/{tenant}/mcp" if tenant else "/studio/mcp"

    async def post(self, method, params=None):
        return await self._client.post(self._path, json=message(method, params))

    async def call(self, tool, **arguments):
        """The value that a tool answers with; fails where it does not."""
        value, failed = await self.tried(tool, **arguments)
        assert not failed, value
        return value

    async def refused(self, tool, **arguments):
        """The failure that a tool answers with."""
        value, failed = await self.tried(tool, **arguments)
        assert failed, value
        return value

    async def forbidden(self, tool, **arguments):
        """What is said to somebody who may not call a tool."""
        answer = await self.post("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 403, answer.text
        return answer.json()["detail"]

    async def tried(self, tool, **arguments):
        answer = await self.post("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        return result["structuredContent"], result["isError"]

    async def close(self):
        await self._client.aclose()


def given(id_, **values):
    """An entry of plain values."""
    properties = [{"id": name, "value": value} for name, value in values.items()]
    return {"id": id_, "properties": properties}


def shown(entry):
    """An entry's values by property, localized ones by `property.language`."""
    return {
        f"{each['id']}.{each['language']}" if each["language"] else each["id"]: each["value"]
        for each in entry["properties"]
    }
