"""Keys of versions: each opens one version of one destination to a program, and nothing else."""

from typing import Annotated

from pydantic import Field

from shared.auth.tenancy import TENANT_PATTERN
from shared.identity import keys
from shared.identity.names import PLAIN
from shared.identity.records import kept_tenant
from shared.identity.times import Moment
from shared.pipeline.destinations import VERSIONS
from shared.pipeline.sources import SOURCE_ID
from shared.pipeline.workspace import Workspace
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("destination_keys", org_types=frozenset({"operator"}))


class CreateDestinationKey(Args):
    """A new key of a version."""

    tenant: Annotated[str, Field(pattern=TENANT_PATTERN, description="Whose destination.")]
    destination: Annotated[str, Field(pattern=SOURCE_ID, description="The destination's id.")]
    version: Annotated[str, Field(pattern=SOURCE_ID, description="The version's name: v1.")]
    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for."), PLAIN]
    expires_at: Moment | None = None


class CreatedDestinationKey(Result):
    """A new key. `secret` is the whole key and is shown this once."""

    id: str
    opens: str
    secret: str


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Create a key of a destination's version",
)
def create_destination_key(call: Call, args: CreateDestinationKey) -> CreatedDestinationKey:
    """Create a key that reads one version of a destination. Its secret is shown only now.

    deactivate_api_key ends it.
    """
    tenant = kept_tenant(call.app.documents, args.tenant).value
    version = f"{args.destination}.{args.version}"
    Workspace(call._replace(tenant=args.tenant)).configuration.get(VERSIONS, version)
    made = keys.make(
        call, tenant.org, args.name, args.expires_at, tenant=args.tenant, audience=version
    )
    return CreatedDestinationKey(id=made.id, opens=f"{args.tenant}/{version}", secret=made.secret)
