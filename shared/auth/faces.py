"""The faces of the platform: one row each, read by everything that tells them apart.

A face is an address at which one kind of organization finds one set of tools. Token verification,
the authorization server, resource metadata, consent and the portal read this table; nothing else
lists audiences or scopes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from shared.auth.caller import EVERY_TYPE, Surface
from shared.settings import Settings
from shared.spelling import PLAIN, Case, Spelling

ENDPOINT: Final = "/mcp"
"""What the address of an MCP face ends in."""

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"
"""Where an endpoint's resource metadata stands, with its path behind (RFC 9728 3.1)."""
READS: Final = ":read"
"""A scope that ends so changes nothing. A person may let a client have only such scopes."""


@dataclass(frozen=True, eq=False)
class Face:
    """One row.

    Attributes:
        name: what settings, logs and `functions/` call it.
        title: what a consent page calls what it serves.
        scopes: what its tokens may carry, and what each allows, in the words of a consent page.
        surface: what its calls are logged, counted and granted as.
        org_types: whose people may sign in to it.
        spelling: the letter case of its arguments and results.
        tenants: whether each tenant has an address of its own below it, `/{tenant}/mcp`.
        tenant_argument: the argument of its tools that names a tenant, which wins over the address.
        takes_keys: whether API keys are good there as well as tokens, for what `KEYS_MAY` says.
        is_own_client: it is a client of ours; nobody is asked to consent, and no other client
            gets tokens for it.
    """

    name: str
    title: str
    scopes: Mapping[str, str]
    surface: Surface
    org_types: frozenset[str]
    spelling: Spelling = PLAIN
    tenants: bool = False
    tenant_argument: str = ""
    takes_keys: bool = False
    is_own_client: bool = False

    def address(self, settings: Settings) -> str | None:
        """Its canonical address, which is its tokens' audience; None where it is not deployed."""
        return settings.addresses.get(self.name)

    def base(self, settings: Settings) -> str:
        """What its addresses begin with, no slash behind. Only for faces that are deployed."""
        return settings.addresses[self.name].removesuffix(ENDPOINT)

    def wanted(self, text: str | None) -> tuple[str, ...]:
        """Its scopes among those asked for (RFC 6749 3.3); all of them where none is its own.

        Scopes it does not know are dropped: clients add `offline_access`, `openid`, `profile`.
        """
        return tuple(sorted(self.known(text))) or tuple(self.scopes)

    def known(self, text: str | None) -> frozenset[str]:
        """Its scopes among those in a space-separated text."""
        return frozenset((text or "").split()) & self.scopes.keys()


def only_reading(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the scopes that change nothing."""
    return tuple(scope for scope in scopes if scope.endswith(READS))


PARTNER: Final = Face(
    name="partner",
    title="Product catalogs",
    scopes={
        "catalog:read": "Look up and search the catalogs granted to your organization",
        "subscriptions:read": "See your organization's BigQuery subscriptions",
        "subscriptions:write": "Register and remove your organization's BigQuery subscribers",
    },
    surface="mcp",
    org_types=frozenset({"catalog_partner"}),
    takes_keys=True,
)

STUDIO: Final = Face(
    name="studio",
    title="Studio",
    scopes={
        "studio:read": "See the data, definitions and history of your organization's tenants",
        "studio:write": "Import and change their data and definitions",
        "studio:publish": "Publish and stop what partners and shops read",
    },
    surface="studio",
    org_types=frozenset({"catalog_owner"}),
    spelling=Spelling(results=Case.SNAKE),
    tenants=True,
)

ADMIN: Final = Face(
    name="admin",
    title="Administration",
    scopes={
        "admin:read": "See tenants, their schemas and their entities",
        "admin:write": "Change entities of tenants",
        "admin:manage": "Create and delete tenants",
    },
    surface="admin",
    org_types=frozenset({"operator"}),
    spelling=Spelling(arguments=Case.CAMEL, results=Case.CAMEL),
    tenants=True,
    tenant_argument="tenantId",
)

PORTAL: Final = Face(
    name="portal",
    title="Portal",
    scopes={
        **PARTNER.scopes,
        **STUDIO.scopes,
        "organization:read": "See your organization",
        "organization:write": "Manage your organization",
        "identity:read": "See every organization",
        "identity:write": "Manage every organization",
        "catalog:write": "Manage every catalog",
    },
    surface="portal",
    org_types=EVERY_TYPE,
    is_own_client=True,
)
"""What a person may do there is decided by their role and the type of their organization."""

FACES: Final = (PARTNER, STUDIO, ADMIN, PORTAL)


def deployed_faces(settings: Settings) -> tuple[Face, ...]:
    """The faces that have an address. Raises ValueError for an address of no face, or a wrong one.

    An MCP face's address ends in `/mcp`, because its tenants' addresses are made from it.
    """
    unknown = settings.addresses.keys() - {face.name for face in FACES}
    if unknown:
        names = ", ".join(face.name for face in FACES)
        raise ValueError(f"faces: there is no face {min(unknown)!r}; the faces are {names}")
    found = tuple(face for face in FACES if face.address(settings))
    for face in found:
        address = settings.addresses[face.name]
        if not face.is_own_client and not urlsplit(address).path.endswith(ENDPOINT):
            raise ValueError(f"faces: the address of {face.name} ends in {ENDPOINT}: {address}")
    return found


def connected_by(settings: Settings, org_type: str) -> Face:
    """The face that agents of an organization of this type connect to.

    The partner face where none is deployed for the type: it says what is wrong.
    """
    agents = (face for face in deployed_faces(settings) if not face.is_own_client)
    return next((face for face in agents if org_type in face.org_types), PARTNER)


def scopes_of(settings: Settings) -> dict[str, str]:
    """Every scope that a client may ask for at this deployment, and what each allows."""
    asked = (face for face in deployed_faces(settings) if not face.is_own_client)
    return {scope: allows for face in asked for scope, allows in face.scopes.items()}
