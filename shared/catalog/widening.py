"""A catalog's pages are on a new host: every organization it is granted to has to know.

A lookup by URL predicts its heads from the hosts in `access/{org}`. The first organizations learn
of a new host before the head that needs it is served; all others in turns of their own, some
hundreds at a time, so that a publish takes as long for a catalog that thousands have as for any.
Hosts are only ever added: one too many costs a read that finds nothing.
"""

from typing import Final

from shared import work
from shared.catalog.catalogs import CATALOGS
from shared.errors import Conflict
from shared.identity.access_changes import widen_hosts
from shared.identity.records import GRANTS
from shared.ports.documents import Query
from shared.queries import DUE_WIDENINGS, GRANTS_OF_CATALOG
from shared.records import Records
from shared.tool import Call
from shared.work import Kind, Scheduled

FIRST: Final = 100
"""Organizations that know of a new host before it is served."""
CHUNK: Final = 250
"""Organizations in one turn: a few seconds."""


class Widening(Scheduled):
    """How far a catalog's hosts have come: the hosts, and the grants that were passed."""

    hosts: tuple[str, ...] = ()
    cursor: str | None = None


WIDEN: Final = Kind(DUE_WIDENINGS, "/jobs/widenings")
WIDENINGS: Final = Records("widenings", Widening, "widening")


def granted(
    call: Call, catalog: str, limit: int, cursor: str | None
) -> tuple[list[str], str | None]:
    """Organizations a catalog is granted to, and where the next ones begin."""
    equal = {"catalog": catalog, "state": "active"}
    query = Query(GRANTS_OF_CATALOG, equal=equal, limit=limit, cursor=cursor)
    found, cursor = GRANTS.page(call.app.documents, query)
    return [each.value.org for each in found], cursor


def widen(call: Call, catalog: str, generation: int) -> str:
    """A task's turn: tell the next organizations of the catalog's hosts. What it came to."""
    documents, now = call.app.documents, call.app.clock.now()
    found = work.turn(call.app, WIDEN, WIDENINGS, catalog, generation)
    if found is None:
        return "old"
    hosts = CATALOGS.get(documents, catalog).value.hosts
    passed = found.value.cursor if found.value.hosts == hosts else None
    orgs, cursor = granted(call, catalog, CHUNK, passed)
    widen_hosts(call, catalog, hosts, orgs)
    due = None if cursor is None else now
    after = work.at(found.value, due, hosts=hosts, cursor=cursor, attempts=0, last_error=None)
    try:
        documents.commit([WIDENINGS.put(catalog, after, if_version=found.version)])
    except Conflict:
        return "asked again meanwhile"
    if due is not None:
        work.enqueue(call.app, WIDEN, catalog, due, after.generation)
    return f"{len(orgs)} organizations"
