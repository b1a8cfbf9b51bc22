"""Work that the changes of a catalog leave for later: records that say when it is due.

Both are asked for in the commit that moves the head, and ended, under the catalog's lease. So it is
enough to ask for what is not due yet: an asking is never moved, and the work never put off, by the
changes that go on meanwhile.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from zlib import crc32

from shared import work
from shared.app import App
from shared.errors import Conflict, Problem
from shared.ports.queue import EXPORTS
from shared.queries import DUE_REBUILDS, DUE_TIDYING
from shared.records import Records
from shared.work import Kind, Scheduled

TIDIED_EVERY: Final = timedelta(hours=1)
REBUILT_EVERY: Final = timedelta(minutes=10)
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
S = TypeVar("S", bound=Scheduled)


class Tidying(Scheduled):
    """Versions of a catalog are to be forgotten."""


class Rebuild(Scheduled):
    """A catalog is to be built whole: too many of its records are dead."""


TIDY: Final = Kind(DUE_TIDYING, "/jobs/tidying")
REBUILD: Final = Kind(DUE_REBUILDS, "/jobs/rebuilds", EXPORTS)
TIDYING: Final = Records("tidying", Tidying, "tidying")
REBUILDS: Final = Records("rebuilds", Rebuild, "rebuild")


def tidy_at(catalog: str, now: datetime) -> datetime:
    """The catalog's next tidying: every hour at a moment of its own, so that they do not meet."""
    return _next(catalog, now, TIDIED_EVERY)


def rebuild_at(catalog: str, now: datetime) -> datetime:
    """When it may be built whole next: a small catalog is worn again by every change."""
    return _next(catalog, now, REBUILT_EVERY)


def end_turn(
    app: App, kind: Kind, records: Records[S], catalog: str, after: Callable[[S], S]
) -> None:
    """Write what follows this turn, and hand it over: `after` makes it of the record as it is now.

    The sweeper may have handed the same work over again meanwhile: then that turn comes as well,
    and finds nothing to do.
    """
    current = records.get(app.documents, catalog)
    ended = after(current.value)
    with suppress(Conflict):
        app.documents.commit([records.put(catalog, ended, if_version=current.version)])
    if ended.due is not None:
        work.enqueue(app, kind, catalog, ended.due, ended.generation)


def put_off(record: S, problem: Problem, due: datetime, now: datetime) -> S:
    """The record after a turn that came to nothing: at `due` where only somebody else was busy."""
    if problem.code == "publish_conflict":
        return work.at(record, due)
    return work.failed(record, problem, now)


def _next(catalog: str, now: datetime, every: timedelta) -> datetime:
    own = timedelta(seconds=crc32(catalog.encode()) % int(every.total_seconds()))
    turns = (now - _BEGINNING - own) // every + 1
    return _BEGINNING + own + turns * every
