"""Forgetting versions of a catalog that nobody goes back to, and the files no version names.

What is kept: the version served and the last three; what was replaced within the hour, because
walks through answers go on in the version they began in; for a day what a publish made, and of the
small changes in between the last of each hour, to roll back to.

It is done in turns of its own and under the catalog's lease, because the files of a version on its
way are named by no version yet.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final

from shared import work
from shared.app import App
from shared.catalog.heads import Head, head_path
from shared.catalog.later import TIDY, TIDYING, end_turn, put_off, tidy_at
from shared.catalog.lease import Lease, leased
from shared.catalog.versions import Version, every_version, file_name, file_names, versions
from shared.errors import Problem
from shared.ports.documents import Delete
from shared.records import Found

LAST: Final = 3
WALKED_FOR: Final = timedelta(hours=1)
ROLLED_BACK_FOR: Final = timedelta(hours=24)
AT_ONCE: Final = 400
"""Versions forgotten in one commit."""
DELETED_AT_ONCE: Final = 8
MOST_FILES: Final = 2_000
"""Files removed in one turn, so that the lease is held for seconds; the rest has the next turn."""
NEXT_TURN: Final = timedelta(minutes=1)
TRY_AGAIN: Final = timedelta(seconds=30)


def tidy(app: App, catalog: str, generation: int) -> str:
    """A task's turn of tidying a catalog up. What it came to."""
    found = work.turn(app, TIDY, TIDYING, catalog, generation)
    if found is None:
        return "old"
    try:
        with leased(app.documents, app.clock, catalog) as lease:
            due = _tidied(app, catalog, lease)
            settled = partial(work.at, due=due, attempts=0, last_error=None)
            end_turn(app, TIDY, TIDYING, catalog, settled)
    except Problem as problem:
        now = app.clock.now()
        later = partial(put_off, problem=problem, due=now + TRY_AGAIN, now=now)
        end_turn(app, TIDY, TIDYING, catalog, later)
        return problem.code
    return "tidied" if due is None else "more later"


def _tidied(app: App, catalog: str, lease: Lease) -> datetime | None:
    """Forget what can be forgotten now; when to look again, None when nothing will be left."""
    documents, now = app.documents, app.clock.now()
    snapshot = documents.get(head_path(catalog))
    if snapshot is None:
        return None
    found = list(every_version(documents, catalog))
    keep = kept([record.value for record in found], Head.of(snapshot).number, now)
    forgotten = [
        Delete(versions(catalog).path(each.id), if_version=each.version)
        for each in found
        if each.value.number not in keep
    ]
    for at in range(0, len(forgotten), AT_ONCE):
        documents.commit(forgotten[at : at + AT_ONCE])
        lease.renew()
    left = [record for record in found if record.value.number in keep]
    if _remove_files(app, catalog, left, lease):
        return now + NEXT_TURN
    return tidy_at(catalog, now) if len(left) > LAST else None


def kept(found: Sequence[Version], served: int, now: datetime) -> set[int]:
    """Numbers of the versions to keep, of those there are, oldest first."""
    keep = {served, *(version.number for version in found[-LAST:])}
    hours: dict[datetime, int] = {}
    for version in found:
        replaced = version.replaced_at
        if replaced is None or replaced > now - WALKED_FOR:
            keep.add(version.number)
        elif replaced > now - ROLLED_BACK_FOR:
            if version.made_by == "publish":
                keep.add(version.number)
            else:
                hours[replaced.replace(minute=0, second=0, microsecond=0)] = version.number
    return keep.union(hours.values())


def _remove_files(app: App, catalog: str, left: Sequence[Found[Version]], lease: Lease) -> bool:
    """Remove files that none of these versions names; whether there are more of them."""
    named = {file_name(catalog, file) for record in left for file in record.value.opened().files}
    unnamed = (blob.name for blob in app.blobs.list(file_names(catalog)) if blob.name not in named)
    some = list(islice(unnamed, MOST_FILES))
    with ThreadPoolExecutor(DELETED_AT_ONCE) as threads:
        for removing in [
            threads.submit(copy_context().run, app.blobs.delete, name) for name in some
        ]:
            removing.result()
            lease.renew()
    return len(some) == MOST_FILES
