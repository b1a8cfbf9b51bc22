"""Every query shape the product asks.

Both document adapters refuse any other; the indexes in `infra/` are derived from this list.
"""

from typing import Final

from shared.ports import ID, Shape

API_KEYS_OF_ORGANIZATION: Final = Shape("api_keys", equal=("org",), order=("createdAt",))
AUDIT_OF_ORGANIZATION: Final = Shape("audit", equal=("org",), order=("-at",))
AUTHORIZATIONS_OF_PERSON: Final = Shape(
    "authorizations", equal=("person", "state"), order=("-createdAt",)
)
CATALOGS: Final = Shape("catalogs", order=(ID,))
CATALOGS_OF_TENANT: Final = Shape("catalogs", equal=("tenant",), order=(ID,))
GRANTS_OF_CATALOG: Final = Shape("grants", equal=("catalog", "state"), order=(ID,))
GRANTS_OF_ORGANIZATION: Final = Shape("grants", equal=("org", "state"), order=(ID,))
MEMBERSHIPS_OF_ORGANIZATION: Final = Shape("memberships", equal=("org",), order=(ID,))
MEMBERSHIPS_OF_PRINCIPAL: Final = Shape("memberships", equal=("principal",), order=(ID,))
ORGANIZATIONS: Final = Shape("organizations", order=(ID,))
SESSIONS_OF_PRINCIPAL: Final = Shape("sessions", equal=("principal",), order=("-createdAt",))
SERVICE_ACCOUNTS_OF_ORGANIZATION: Final = Shape(
    "service_accounts", equal=("org",), order=("createdAt",)
)
TENANTS: Final = Shape("tenants", order=(ID,))
USAGE: Final = Shape("usage", order=(ID,))
VERSIONS: Final = Shape("catalogs/*/versions", order=(ID,))

SHAPES: Final = frozenset(value for value in list(vars().values()) if isinstance(value, Shape))
