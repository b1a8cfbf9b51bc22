"""Every query shape the product asks.

Both document adapters refuse any other. One that compares and sorts needs an index of Firestore's,
which is written by hand in `infra/documents.tf`; `tests/infra/test_terraform.py` compares the two.
"""

from typing import Final

from shared.ports.documents import ID, Shape

ACTIVITY_OF_ORGANIZATION: Final = Shape("activity", equal=("org",), order=("-seenAt",))
API_KEYS_OF_ORGANIZATION: Final = Shape("api_keys", equal=("org",), order=("createdAt",))
AUDIT: Final = Shape("audit", order=("-at",))
AUDIT_BY: Final = Shape("audit", equal=("by",), order=("-at",))
AUDIT_OF_EVENT: Final = Shape("audit", equal=("event",), order=("-at",))
AUDIT_OF_EVENT_IN_ORGANIZATION: Final = Shape("audit", equal=("org", "event"), order=("-at",))
AUDIT_OF_ORGANIZATION: Final = Shape("audit", equal=("org",), order=("-at",))
AUTHORIZATIONS_OF_ORGANIZATION: Final = Shape(
    "authorizations", equal=("org", "state"), order=("-createdAt",)
)
AUTHORIZATIONS_OF_PERSON: Final = Shape(
    "authorizations", equal=("person", "state"), order=("-createdAt",)
)
CATALOGS: Final = Shape("catalogs", order=(ID,))
CATALOGS_OF_TENANT: Final = Shape("catalogs", equal=("tenant",), order=(ID,))
CELLS_OF_CATALOG: Final = Shape("cells", equal=("catalog",), order=(ID,))
CELLS_OF_ORGANIZATION: Final = Shape("cells", equal=("org",), order=(ID,))
CELLS_OF_PRINCIPAL: Final = Shape("cells", equal=("catalog", "principal"), order=(ID,))
CELLS_OF_PROJECT: Final = Shape("cells", equal=("catalog", "project"), order=(ID,))
COLLECTIONS: Final = Shape("tenants/*/collections", order=(ID,))
DUE_CELLS: Final = Shape("cells", order=("due",))
DUE_EXPORTS: Final = Shape("exports", order=("due",))
DUE_FEEDS: Final = Shape("feed_schedules", order=("due",))
DUE_FOLLOWINGS: Final = Shape("followings", order=("due",))
DUE_JOBS: Final = Shape("jobs", order=("due",))
DUE_LISTINGS: Final = Shape("listings", order=("due",))
DUE_PROJECTIONS: Final = Shape("projections", order=("due",))
DUE_PUBLICATIONS: Final = Shape("publications", order=("due",))
DUE_REBUILDS: Final = Shape("rebuilds", order=("due",))
DUE_SNAPSHOTS: Final = Shape("snapshot_work", order=("due",))
DUE_TIDYING: Final = Shape("tidying", order=("due",))
DUE_TRANSFERS: Final = Shape("transfers", order=("due",))
DUE_WIDENINGS: Final = Shape("widenings", order=("due",))
FAILURES: Final = Shape("tenants/*/collections/*/failures", order=(ID,))
GRANTS_OF_CATALOG: Final = Shape("grants", equal=("catalog", "state"), order=(ID,))
GRANTS_OF_ORGANIZATION: Final = Shape("grants", equal=("org", "state"), order=(ID,))
JOBS_OF_TENANT: Final = Shape("jobs", equal=("tenant",), order=("-createdAt",))
LOG: Final = Shape("tenants/*/collections/*/log", order=(ID,))
LOG_OF_IMPORT: Final = Shape("tenants/*/collections/*/log", equal=("importId",), order=(ID,))
MEMBERSHIPS_OF_ORGANIZATION: Final = Shape("memberships", equal=("org",), order=(ID,))
MEMBERSHIPS_OF_PRINCIPAL: Final = Shape("memberships", equal=("principal",), order=(ID,))
ORGANIZATIONS: Final = Shape("organizations", order=(ID,))
RECORDS: Final = Shape("tenants/*/collections/*/records", order=(ID,))
METRICS: Final = Shape("tenants/*/metrics", order=(ID,))
PEOPLE: Final = Shape("people", order=(ID,))
ROLES_OF_TENANT: Final = Shape("tenant_roles", equal=("tenant",), order=(ID,))
SESSIONS_OF_PRINCIPAL: Final = Shape("sessions", equal=("principal",), order=("-createdAt",))
SERVICE_ACCOUNTS_OF_ORGANIZATION: Final = Shape(
    "service_accounts", equal=("org",), order=("createdAt",)
)
SNAPSHOTS: Final = Shape("tenants/*/collections/*/snapshots", order=(ID,))
SUBSCRIBERS_OF_ORGANIZATION: Final = Shape("subscribers", equal=("org",), order=(ID,))
TENANTS: Final = Shape("tenants", order=(ID,))
TENANTS_OF_ORGANIZATION: Final = Shape("tenants", equal=("org",), order=(ID,))
TENANTS_OF_PARENT: Final = Shape("tenants", equal=("parent",), order=(ID,))
USAGE: Final = Shape("usage", order=(ID,))
VERSIONS: Final = Shape("catalogs/*/versions", order=(ID,))

SHAPES: Final = frozenset(value for value in list(vars().values()) if isinstance(value, Shape))
