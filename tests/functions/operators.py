"""The admin face as its tests use it: an operator's tenants, and calls of its tools over MCP."""

from shared.auth.faces import ADMIN
from tests.functions.connection import Connection
from tests.platform import ORIGIN, Platform

ADDRESS = f"{ORIGIN}/admin/mcp"


class Operators(Platform):
    """A platform with an operator's tenants: group, plant below it; and a shop's tenant north."""

    def __init__(self, folder, clock=None, **settings):
        given = {"faces": {"admin": ADDRESS}, "sign_in": True, **settings}
        super().__init__(folder, clock, **given)

    def fill(self):
        self.organization("operators", type="operator", rate_limit=1_000_000)
        self.do("create_tenant", id="group", name="Group", org="operators")
        self.do("create_tenant", id="plant", name="Plant", org="operators", parent="group")
        self.do("install_package", tenant="plant", package="Demo-1.0.0")
        self.organization("shop", type="catalog_owner")
        self.do("create_tenant", id="north", name="North", org="shop")
        self.member("operators", "ops", role="owner", email="ops@example.com")
        self.member("operators", "mia", email="mia@example.com")
        self.member("shop", "olga", role="owner", email="olga@example.com")
        return self

    def bearer(self, subject="ops", *, org="operators", **options):
        options = {"scopes": ADMIN.scopes, "audience": ADDRESS, **options}
        return self.token(org, subject, **options)

    def connected(self, tenant="plant", subject="ops", **options):
        return Connection(self, "admin", tenant, self.bearer(subject, **options))
