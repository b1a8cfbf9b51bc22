"""What changed in a tenant's sources, by whom and by which import; and how an import is undone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple

from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.errors import Problem
from shared.serve.pages.web import Outgoing, with_query
from shared.studio.tools import history, sources

DAYS: Final = 7
MOST: Final = 20
"""Changes on a page: each may have hundreds of values, and all of them are read."""


class Batch(NamedTuple):
    """Changes that one import, job or edit made, by one person with one client, newest first."""

    import_id: str
    by: str
    channel: str
    client: str
    at: str
    changes: Sequence[Mapping[str, Any]]


def show(visit: Visit) -> Outgoing:
    """The last days of one source, by import; the newest first."""
    visit.in_tenant()
    listed = visit.run(sources.family["search_data_sources"], limit=200)["items"]
    source = visit.asked("source") or (listed[0]["id"] if listed else "")
    import_id = visit.asked("import")
    who = given({"author": visit.asked("by"), "client": visit.asked("client")})
    found: Mapping[str, Any] = {"items": (), "nextCursor": None}
    if source:
        since = visit.portal.app.clock.now() - timedelta(days=DAYS)
        found = visit.run(
            history.family["query_changelog"],
            source_id=source,
            limit=MOST,
            **{"from": None if import_id else since.isoformat()},
            **who,
            **given({"import_id": import_id, "cursor": visit.asked("cursor")}),
        )
    here = {"tenant": visit.tenant, "source": source, "cursor": found["nextCursor"] or ""}
    here |= {name: visit.asked(name) for name in ("by", "client", "import")}
    more = with_query(f"{visit.portal.base}/changes", given(here))
    return visit.page(
        "changes.html",
        tenant=visit.tenant,
        source=source,
        sources=listed,
        by=visit.asked("by"),
        client=visit.asked("client"),
        import_id=import_id,
        days=DAYS,
        batches=list(_batches(found["items"])),
        more=more if here["cursor"] else None,
    )


def ask(visit: Visit) -> Outgoing:
    """What undoing an import would do, before anything is done."""
    visit.in_tenant()
    source, import_id = visit.asked("source"), visit.asked("import")
    would, problem = None, None
    try:
        would = visit.run(
            history.family["revert_import"],
            source_id=source,
            import_id=import_id,
            on_conflict="skip",
            dry_run=True,
        )
    except Problem as found:
        if found.code not in ("conflict", "not_found", "expired"):
            raise
        problem = found
    return visit.page(
        "undo.html",
        200 if problem is None else problem.status,
        tenant=visit.tenant,
        source=source,
        import_id=import_id,
        would=would,
        refused=problem.message if problem else "",
    )


def undo(visit: Visit) -> Outgoing:
    """Everything an import touched is what it was before."""
    visit.in_tenant()
    typed = visit.typed("source", "import", "on_conflict")
    done = visit.run(
        history.family["revert_import"],
        source_id=typed["source"],
        import_id=typed["import"],
        **given({"on_conflict": typed["on_conflict"]}),
    )
    left = len(done["conflicts"])
    said = f"The import was undone: {done['restored']} put back, {done['deleted']} removed"
    place = with_query("/changes", {"tenant": visit.tenant, "source": typed["source"]})
    return visit.go(place, f"{said}, {left} left as they are." if left else f"{said}.")


def _batches(items: Sequence[Mapping[str, Any]]) -> Iterator[Batch]:
    def key(each: Mapping[str, Any]) -> tuple[str, str, str, str]:
        return each["importId"], each["author"], each["channel"], each["client"]

    for (import_id, by, channel, client), found in groupby(items, key):
        changes = list(found)
        yield Batch(import_id, by, channel, client, changes[0]["at"], changes)
