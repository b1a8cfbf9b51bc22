"""The studio as its tests use it: an owner's tenant, and calls of its tools over MCP."""

from shared.auth.faces import STUDIO
from tests.functions.connection import Connection
from tests.platform import ORIGIN, Platform

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
        return Connection(self, "studio", tenant, self.bearer(subject, **options))


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
