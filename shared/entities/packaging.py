"""Operators' operations on the schema packages of tenants."""

from typing import Annotated

from pydantic import Field

from shared.auth.tenancy import TENANT_PATTERN
from shared.entities.installed import install
from shared.identity.records import kept_tenant
from shared.pipeline.workspace import Workspace
from shared.tool import Args, Call, Effect, Family, Result, Risk, audit

family = Family("packaging", org_types=frozenset({"operator"}), free=True)


class InstallPackage(Args):
    """Which package, and for whom."""

    tenant: Annotated[str, Field(pattern=TENANT_PATTERN, description="The tenant.")]
    package: Annotated[str, Field(max_length=200, description="The package's id: Demo-1.0.0.")]


class Packages(Result):
    """The packages of a tenant."""

    tenant: str
    packages: list[str]


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Install a schema package",
    idempotent=True,
)
def install_package(call: Call, args: InstallPackage) -> Packages:
    """Give a tenant a schema package that comes with the product, and all that it needs."""
    org = kept_tenant(call.app.documents, args.tenant).value.org
    record = audit(
        call,
        event="package.installed",
        target=f"tenants/{args.tenant}",
        org=org,
        package=args.package,
    )
    space = Workspace(call._replace(tenant=args.tenant))
    return Packages(tenant=args.tenant, packages=list(install(space, args.package, record)))
