"""Keys of versions: each opens one version of one destination to a program, and nothing else."""

from typing import Annotated

from pydantic import Field

from shared.auth import api_keys
from shared.auth.tenancy import TENANT_PATTERN
from shared.errors import Problem
from shared.identity.names import PLAIN
from shared.identity.records import API_KEYS, KeyRecord, kept_tenant
from shared.identity.times import Moment
from shared.pipeline.destinations import VERSIONS
from shared.pipeline.sources import SOURCE_ID
from shared.pipeline.workspace import Workspace
from shared.ports.documents import ABSENT
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
    if args.expires_at is not None and args.expires_at <= call.now:
        raise Problem("invalid", "This time has passed. Name one to come.", field="expires_at")
    tenant = kept_tenant(call.app.documents, args.tenant).value
    version = f"{args.destination}.{args.version}"
    Workspace(call._replace(tenant=args.tenant)).configuration.get(VERSIONS, version)
    text, key = api_keys.mint(call.app.settings.api_key_prefix)
    record = KeyRecord(
        org=tenant.org,
        name=args.name,
        tenant=args.tenant,
        audience=version,
        digest=key.digest,
        created_at=call.now,
        created_by=call.caller.subject,
        expires_at=args.expires_at,
    )
    call.commit(
        [API_KEYS.put(key.id, record, if_version=ABSENT)],
        event="api_key.created",
        target=key.id,
        org=tenant.org,
        name=args.name,
        opens=version,
    )
    return CreatedDestinationKey(id=key.id, opens=f"{args.tenant}/{version}", secret=text)
