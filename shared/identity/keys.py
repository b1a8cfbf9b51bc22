"""Operations on API keys."""

from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from shared.auth import api_keys
from shared.auth.tenancy import TENANT_PATTERN
from shared.errors import Problem
from shared.identity.names import PLAIN
from shared.identity.of_organization import OfOrganization
from shared.identity.records import API_KEYS, ORGANIZATIONS, TENANTS, KeyRecord, OrgId
from shared.identity.times import Moment
from shared.paging import PageOf
from shared.ports.documents import ABSENT
from shared.queries import API_KEYS_OF_ORGANIZATION
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("keys", org_types=frozenset({"operator"}))


class KeyView(Result):
    """An API key without its secret."""

    id: str
    org: str
    name: str
    tenant: str
    audience: str
    state: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None


class CreatedKey(Result):
    """A new key. `secret` is the whole key and is shown this once."""

    key: KeyView
    secret: str


OfTenant = Annotated[
    str,
    Field(
        pattern=rf"{TENANT_PATTERN}|^$",
        description="Whose data it imports: one tenant of an owner's organization.",
    ),
]


class CreateApiKey(Args):
    """A new key of an organization."""

    org: OrgId
    name: Annotated[str, Field(min_length=1, max_length=100, description="What it is for."), PLAIN]
    tenant: OfTenant = ""
    expires_at: Moment | None = None


@family.tool(scope="identity:write", effect=Effect.WRITE, risk=Risk.HIGH, title="Create an API key")
def create_api_key(call: Call, args: CreateApiKey) -> CreatedKey:
    """Create an API key for an organization's backends. Its secret is shown only now."""
    organization = ORGANIZATIONS.get(call.app.documents, args.org).value
    _check_tenant(call, organization.type == "catalog_owner", args)
    made = make(call, args.org, args.name, args.expires_at, tenant=args.tenant)
    return CreatedKey(key=_view(made.id, made.record), secret=made.secret)


class Made(NamedTuple):
    """A new key, and all of it, which nobody is told again."""

    id: str
    record: KeyRecord
    secret: str


def make(
    call: Call,
    org: str,
    name: str,
    expires_at: datetime | None,
    *,
    tenant: str = "",
    audience: str = "",
) -> Made:
    """Make a key; `tenant` and `audience` say what it is for. Raises `invalid` for a time gone."""
    if expires_at is not None and expires_at <= call.now:
        raise Problem("invalid", "This time has passed. Name one to come.", field="expires_at")
    text, key = api_keys.mint(call.app.settings.api_key_prefix)
    record = KeyRecord(
        org=org,
        name=name,
        tenant=tenant,
        audience=audience,
        digest=key.digest,
        created_at=call.now,
        created_by=call.caller.subject,
        expires_at=expires_at,
    )
    call.commit(
        [API_KEYS.put(key.id, record, if_version=ABSENT)],
        event="api_key.created",
        target=key.id,
        org=org,
        name=name,
        **({"opens": audience} if audience else {}),
    )
    return Made(key.id, record, text)


def _check_tenant(call: Call, owns: bool, args: CreateApiKey) -> None:  # noqa: FBT001
    """An owner's key is for one of its tenants, a partner's for none."""
    if not owns:
        if args.tenant:
            raise Problem("invalid", "Only owners of data have tenants.", field="tenant")
        return
    found = TENANTS.find(call.app.documents, args.tenant) if args.tenant else None
    if found is None or found.value.is_deleted or found.value.org != args.org:
        raise Problem("invalid", "Name the tenant that the key is for.", field="tenant")


class DeactivateApiKey(Args):
    """Which key."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="The key's public id.")]


@family.tool(
    scope="identity:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Deactivate an API key",
    idempotent=True,
)
def deactivate_api_key(call: Call, args: DeactivateApiKey) -> KeyView:
    """Deactivate an API key for good. It is refused on the next request."""
    return _view(args.id, deactivate(call, args.id))


def deactivate(call: Call, id_: str) -> KeyRecord:
    """Deactivate a key, or leave one that is inactive. Raises `not_found`, Conflict."""
    found = API_KEYS.get(call.app.documents, id_)
    if found.value.state == "inactive":
        return found.value
    changed = found.value.model_copy(update={"state": "inactive"})
    call.commit(
        [API_KEYS.put(id_, changed, if_version=found.version)],
        event="api_key.deactivated",
        target=id_,
        org=changed.org,
    )
    return changed


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="List API keys")
def list_api_keys(call: Call, args: OfOrganization) -> PageOf[KeyView]:
    """List an organization's API keys without their secrets, oldest first, 100 a page."""
    query = args.of(API_KEYS_OF_ORGANIZATION, org=args.org)
    found, cursor = API_KEYS.page(call.app.documents, query)
    return PageOf[KeyView](
        items=[_view(record.id, record.value) for record in found], next_cursor=cursor
    )


def _view(id_: str, record: KeyRecord) -> KeyView:
    return KeyView(id=id_, **record.model_dump(exclude={"digest"}))
