"""What identity keeps: organizations, tenants, memberships, API keys, grants, sessions.

The collections are described key by key in docs/data.md.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.facets import Facet
from shared.records import Record, Records

ORG_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"
CATALOG_PATTERN: Final = r"^[a-z][a-z0-9_]{0,47}$"
TENANT_PATTERN: Final = r"^[a-z][a-z0-9-]{0,39}$"

OrgType = Literal["catalog_partner", "catalog_owner", "operator"]
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


class Tenant(Record):
    """Who owns data; belongs to exactly one organization."""

    name: str
    org: str
    parent: str | None = None
    created_at: datetime


class Membership(Record):
    """That a principal belongs to an organization. Removed ones stay, and refuse."""

    org: str
    principal: str
    role: Literal["owner", "member"]
    state: Literal["active", "removed"] = "active"
    email: str | None = None
    created_at: datetime


class KeyRecord(Record):
    """What is kept of an API key: never its secret."""

    org: str
    name: str
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
    """A sign-in. `ended` names refresh families that were revoked within it, and when."""

    issuer: str
    principal: str
    state: Literal["active", "ended"] = "active"
    created_at: datetime
    expires_at: datetime
    ended: dict[str, Any] = Field(default_factory=dict)


ORGANIZATIONS: Final = Records("organizations", Organization, "organization")
TENANTS: Final = Records("tenants", Tenant, "tenant")
MEMBERSHIPS: Final = Records("memberships", Membership, "membership")
API_KEYS: Final = Records("api_keys", KeyRecord, "API key")
GRANTS: Final = Records("grants", GrantRecord, "grant")
SESSIONS: Final = Records("sessions", Session, "session")
