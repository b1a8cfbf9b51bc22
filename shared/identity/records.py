"""What identity keeps: organizations, tenants, members, people, keys, grants, sign-ins.

The collections are described key by key in docs/data.md.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.auth.caller import OrgType
from shared.errors import Problem
from shared.facets import Facet
from shared.ports.documents import Documents
from shared.records import Found, Record, Records

ORG_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
CATALOG_PATTERN: Final = r"^[a-z][a-z0-9_]{0,47}$"

MembershipState = Literal["active", "removed", "invited", "declined"]
TenantState = Literal["active", "suspended", "deleting", "deleted"]
RoleWord = Literal["viewer", "editor", "publisher", "owner"]
OrgId = Annotated[
    str, Field(pattern=ORG_PATTERN, description="The organization's id: lower case, digits, -.")
]
CatalogKey = Annotated[str, Field(pattern=CATALOG_PATTERN, description="The catalog's key.")]
Surfaces = Annotated[
    tuple[Literal["mcp", "rest", "bigquery"], ...],
    Field(min_length=1, description="The surfaces the grant counts on; all when left out."),
]


class Organization(Record):
    """Who signs in, is limited, and is granted catalogs."""

    name: str
    type: OrgType
    state: Literal["active", "disabled"] = "active"
    rate: int
    created_at: datetime


class Quota(Record):
    """What a tenant may have at most; None where nothing but the platform's own limits holds."""

    entries: int | None = None
    sources: int | None = None
    calls: int | None = None
    destination_calls: int | None = None


class Tenant(Record):
    """Who owns data; belongs to exactly one organization.

    `default_role` is what the organization's members may do in it, `editor` where it is not set.
    `deleted_by` is the job that deletes it, of its parent's. A deleted one stays as a name that
    nobody gets again: tokens, caches and logs may still know it.
    """

    name: str
    org: str
    parent: str | None = None
    state: TenantState = "active"
    deleted_by: str | None = None
    default_role: RoleWord | None = None
    quota: Quota | None = None
    created_at: datetime

    @property
    def is_deleted(self) -> bool:
        """Whether it is, or is being: nothing new may belong to it."""
        return self.state in ("deleting", "deleted")


class TenantRole(Record):
    """What a person may do in a tenant, where their organization's role does not say it."""

    tenant: str
    principal: str
    role: RoleWord
    created_at: datetime
    created_by: str


class Membership(Record):
    """That a principal belongs to an organization, while it is active; others stay, and refuse.

    `invited_by` is the principal whose invitation it is, `accepted_at` when that was accepted: it
    is not active before. Neither is set where an operator added the person. What was issued before
    `valid_after`, when they were removed or lost a role last, stays refused.
    """

    org: str
    principal: str
    role: Literal["owner", "member"]
    state: MembershipState = "active"
    email: str | None = None
    invited_by: str | None = None
    accepted_at: datetime | None = None
    valid_after: datetime | None = None
    created_at: datetime


class KeyRecord(Record):
    """What is kept of an API key: never its secret.

    `tenant`: of an owner's organization, the one it is for; empty of a partner's.
    `audience`: the version of a destination, as `destination.version`, that it opens; nothing else
    is open to it then.
    """

    org: str
    name: str
    tenant: str = ""
    audience: str = ""
    digest: bytes
    state: Literal["active", "inactive"] = "active"
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None


class GrantRecord(Record):
    """That an organization may use a catalog; the source of truth behind `access/{org}`."""

    org: str
    catalog: str
    state: Literal["active", "withdrawn"] = "active"
    surfaces: Surfaces | None = None
    only: tuple[Facet, ...] | None = None
    expires_at: datetime | None = None
    created_at: datetime
    created_by: str
    withdrawn_at: datetime | None = None


class Session(Record):
    """A sign-in. `ended` names authorizations that were ended within it, and when.

    Without `expires_at` it never ends by itself: a service account's. `upstream` is the provider
    it was begun with, empty where it was by a mailed code.
    """

    issuer: str
    principal: str
    state: Literal["active", "ended"] = "active"
    created_at: datetime
    expires_at: datetime | None = None
    ended: dict[str, Any] = Field(default_factory=dict)
    upstream: str = ""


class Person(Record):
    """Who signs in at our own authorization server; their id is the `sub` of their tokens.

    `identities` holds the subject each upstream provider knows them by, once they came that way.
    """

    email: str
    identities: dict[str, str] = Field(default_factory=dict)
    created_at: datetime


class PersonLink(Record):
    """That an e-mail address, or an upstream provider's subject, is this person's."""

    person: str


class TenantAccess(Record):
    """That somebody of another organization lets a connection work in one of its tenants.

    It acts with the role that `by` has there, as long as they have it.
    """

    org: str
    by: str
    at: datetime


class Authorization(Record):
    """What a person let a client do: one family of refresh tokens (RFC 6749 1.5).

    `tenants` are those of other organizations that it was let in to, by id.
    A refresh token names its generation and is verified by recomputing it from `nonce`, so nothing
    secret is kept. `expires_at` moves with every refresh, up to `ends_at`.
    """

    person: str
    org: str
    client: str
    client_name: str
    audience: str
    scopes: tuple[str, ...]
    session: str
    generation: int
    nonce: str
    rotated_at: datetime
    created_at: datetime
    ends_at: datetime
    expires_at: datetime
    state: Literal["active", "ended"] = "active"
    ended_because: str | None = None
    tenants: dict[str, TenantAccess] = Field(default_factory=dict)


class ServiceAccount(Record):
    """A program of an organization that signs in with a key of its own (RFC 7523)."""

    org: str
    name: str
    keys: tuple[dict[str, str], ...]
    scopes: tuple[str, ...]
    session: str
    state: Literal["active", "ended"] = "active"
    created_at: datetime
    created_by: str


ORGANIZATIONS: Final = Records("organizations", Organization, "organization")
TENANTS: Final = Records("tenants", Tenant, "tenant")
TENANT_ROLES: Final = Records("tenant_roles", TenantRole, "role")
MEMBERSHIPS: Final = Records("memberships", Membership, "membership")
API_KEYS: Final = Records("api_keys", KeyRecord, "API key")
GRANTS: Final = Records("grants", GrantRecord, "grant")
SESSIONS: Final = Records("sessions", Session, "session")
PEOPLE: Final = Records("people", Person, "person")
EMAILS: Final = Records("emails", PersonLink, "e-mail address")
IDENTITIES: Final = Records("identities", PersonLink, "identity")
AUTHORIZATIONS: Final = Records("authorizations", Authorization, "authorization")
SERVICE_ACCOUNTS: Final = Records("service_accounts", ServiceAccount, "service account")


def kept_tenant(documents: Documents, id_: str) -> Found[Tenant]:
    """A tenant that something new may belong to. Raises `not_found`."""
    found = TENANTS.get(documents, id_)
    if found.value.is_deleted:
        raise Problem("not_found", f"The tenant {id_!r} is deleted.", kind="tenant")
    return found
