"""Which partners see a tenant's catalogs: grants, as its owners give and withdraw them.

They are the platform's own grants: these count on the partner's next call, wherever that comes in.
An owner reaches the catalogs of the call's tenant alone; any other does not exist here.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Final, NamedTuple

from shared.catalog.catalogs import CATALOGS, Catalog
from shared.catalog.heads import Head, head_path
from shared.errors import Problem
from shared.identity.grants import GrantCatalog, grant_catalog, withdraw
from shared.identity.records import GRANTS, ORGANIZATIONS, GrantRecord
from shared.ports.documents import Query, Snapshot
from shared.queries import CATALOGS_OF_TENANT, GRANTS_OF_CATALOG
from shared.records import Found
from shared.tool import Call

MOST_PARTNERS: Final = 200
"""Of one catalog that a list shows."""
_PAGE: Final = 20
_NEAREST: Final = 3


class Access(NamedTuple):
    """A catalog of the tenant, what it serves, and the grants of it."""

    key: str
    catalog: Catalog
    head: Head | None
    grants: list[GrantRecord]
    more: bool


def page(call: Call, catalog: str, cursor: str | None) -> tuple[list[Access], str | None]:
    """The tenant's catalogs, or the one that is named, with who is granted each."""
    documents = call.app.documents
    if catalog:
        found, further = [own(call, catalog)], None
    else:
        tenant = {"tenant": call.tenant}
        query = Query(CATALOGS_OF_TENANT, equal=tenant, limit=_PAGE, cursor=cursor)
        found, further = CATALOGS.page(documents, query)
    heads = documents.get_many([head_path(each.id) for each in found]) if found else {}
    return [_access(call, each, heads.get(head_path(each.id))) for each in found], further


def own(call: Call, key: str) -> Found[Catalog]:
    """A catalog of the call's tenant. Raises `not_found` for every other, alike."""
    found = CATALOGS.find(call.app.documents, key)
    if found is None or found.value.tenant != call.tenant:
        query = Query(CATALOGS_OF_TENANT, equal={"tenant": call.tenant}, limit=500)
        keys = [each.id for each in CATALOGS.every(call.app.documents, query)]
        near = get_close_matches(key, keys, _NEAREST, 0.5) or keys[:_NEAREST]
        there = f" It has {', '.join(near)}." if near else " An endpoint with a catalog makes one."
        message = f"The tenant has no catalog {key!r}.{there}"
        raise Problem("not_found", message, near=near)
    return found


def grant(call: Call, terms: GrantCatalog) -> GrantRecord:
    """Grant a catalog of the tenant to a partner, or replace the terms. Raises `not_found`."""
    own(call, terms.catalog)
    _check_partner(call, terms.org)
    grant_catalog(call, terms)
    return GRANTS.get(call.app.documents, f"{terms.org}:{terms.catalog}").value


def take_back(call: Call, catalog: str, org: str) -> None:
    """Withdraw a partner's grant of a catalog of the tenant. Raises `not_found`."""
    own(call, catalog)
    granted(call, catalog, org)
    withdraw(call, org, catalog)


def granted(call: Call, catalog: str, org: str) -> GrantRecord:
    """A partner's grant. Raises `not_found`."""
    found = GRANTS.find(call.app.documents, f"{org}:{catalog}")
    if found is None:
        message = f"{catalog!r} was never granted to {org!r}. list_partner_access says to whom."
        raise Problem("not_found", message)
    return found.value


def _check_partner(call: Call, org: str) -> None:
    found = ORGANIZATIONS.find(call.app.documents, org)
    if found is None or found.value.type != "catalog_partner":
        message = f"There is no partner organization {org!r}. Ask the partner for their id."
        raise Problem("not_found", message)


def _access(call: Call, found: Found[Catalog], head: Snapshot | None) -> Access:
    given = list(islice(_grants(call, found.id), MOST_PARTNERS + 1))
    shown = None if head is None else Head.of(head)
    most = given[:MOST_PARTNERS]
    return Access(found.id, found.value, shown, most, len(given) > len(most))


def _grants(call: Call, key: str) -> Iterator[GrantRecord]:
    equal = {"catalog": key, "state": "active"}
    query = Query(GRANTS_OF_CATALOG, equal=equal, limit=MOST_PARTNERS + 1)
    return (each.value for each in GRANTS.every(call.app.documents, query))
