"""Feeds that sources fetch by themselves: when the next time is, and which job that is.

A turn makes the job and the next time in one commit, and the job's id follows from the turn. So a
turn that comes twice, late or is killed fetches the feed once.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared import work
from shared.app import App
from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.engine import jobs
from shared.engine.jobs import JOBS, Asked, Job, JobState
from shared.engine.later import GRACE
from shared.errors import Conflict
from shared.pipeline.filters import duration_of
from shared.pipeline.job_kinds import IMPORT_FEED
from shared.pipeline.sources import SOURCES, Feed
from shared.pipeline.workspace import Workspace, new_import
from shared.ports.documents import ABSENT, Add, Delete
from shared.ports.queue import ENGINE
from shared.queries import DUE_FEEDS
from shared.records import Records
from shared.tool import Call, Result
from shared.work import Kind, Scheduled

LEAST: Final = timedelta(hours=1)
MOST: Final = timedelta(days=7)
"""How often a feed may be fetched, and how rarely."""
NO_FILE: Final = ""


class Schedule(Scheduled):
    """When a source's feed is fetched, `feed_schedules/{tenant}:{source}`.

    Attributes:
        by, org: who said so, and for which organization: its jobs are theirs.
        job: the last one's id.
    """

    by: str
    org: str
    job: str | None = None


FEED: Final = Kind(DUE_FEEDS, "/engine/feeds", ENGINE, GRACE)
SCHEDULES: Final = Records("feed_schedules", Schedule, "schedule")


class LastFetch(Result):
    """How a feed's last fetch went; `changed` entries of its `rows`, or why it failed."""

    state: JobState | Literal["none"]
    job_id: str
    at: datetime | None
    rows: int
    changed: int
    rejected: int
    message: str


class FeedShown(Result):
    """A source's feed: where from, how often, when next, and how the last time went."""

    url: str
    every: str
    next_at: datetime | None
    last: LastFetch


def record_id(tenant: str, source: str) -> str:
    """The id of a source's schedule."""
    return f"{tenant}:{source}"


def soon(call: Call, source: str) -> Add:
    """The write that has a source's feed fetched now, and from then on; never conflicts."""
    data = {"due": call.now, "by": call.caller.subject, "org": call.caller.org}
    path = work.path(FEED, record_id(call.tenant, source))
    return Add(path, {"generation": 1, "attempts": 0}, data)


def begin(call: Call, source: str) -> None:
    """Hand the fetch over whose write is committed. Where that fails, the sweeper does."""
    work.hand_over(call.app, FEED, record_id(call.tenant, source))


def shown(space: Workspace, source: str, feed: Feed | None) -> FeedShown | None:
    """A source's feed as it stands."""
    if feed is None:
        return None
    app, tenant = space.call.app, space.call.tenant
    found = SCHEDULES.find(app.documents, record_id(tenant, source))
    id_ = (found.value.job if found else None) or ""
    job = JOBS.find(app.documents, f"{tenant}:{id_}") if id_ else None
    return FeedShown(
        url=feed.url,
        every=feed.every,
        next_at=found.value.due if found else None,
        last=_last(id_, job.value if job else None),
    )


def _last(id_: str, job: Job | None) -> LastFetch:
    result: dict[str, Any] = (job and job.result) or {}
    error: dict[str, Any] = (job and job.error) or {}
    return LastFetch(
        state=job.state if job else "none",
        job_id=id_,
        at=(job.finished_at or job.created_at) if job else None,
        rows=result.get("rows", 0),
        changed=result.get("changed", 0),
        rejected=result.get("rejected", 0),
        message=error.get("message", ""),
    )


def fetch_feed(app: App, id_: str, generation: int) -> str:
    """A task's turn: have a feed fetched, and say when the next time is. What it came to."""
    while True:
        found = work.turn(app, FEED, SCHEDULES, id_, generation)
        if found is None:
            return "old"
        tenant, _, source = id_.partition(":")
        space = _space(app, tenant, found.value, found.value.generation)
        defined = space.configuration.find(SOURCES, source)
        feed = defined.value.feed if defined else None
        try:
            if feed is None:
                path = SCHEDULES.path(id_)
                app.documents.commit([Delete(path, if_version=found.version)])
                return "ended"
            due = space.call.now + (duration_of(feed.every) or LEAST)
            asked = _asked(app, tenant, source, found.value, feed)
            last = asked.id.partition(":")[2] if asked else found.value.job
            after = work.at(found.value, due, job=last)
            put = SCHEDULES.put(id_, after, if_version=found.version)
            app.documents.commit([put, *([asked.write] if asked else ())])
        except Conflict:
            continue  # somebody changed the schedule, or has done this turn
        if asked:
            jobs.begin(app, asked)
        work.enqueue(app, FEED, id_, due, after.generation)
        return "asked for" if asked else "left out"


def _asked(app: App, tenant: str, source: str, schedule: Schedule, feed: Feed) -> Asked | None:
    """The turn's job; None while the tenant is suspended, or the last fetch still goes on."""
    owner = app.documents.get(f"tenants/{tenant}")
    if owner is None or owner.data["state"] != "active":
        return None
    last = JOBS.find(app.documents, f"{tenant}:{schedule.job}") if schedule.job else None
    if last is not None and not last.value.is_over:
        return None
    now = app.clock.now()
    turn = f"{tenant}:{source} {schedule.generation}"
    id_ = f"{tenant}:{hashlib.sha256(turn.encode()).hexdigest()[:24]}"
    job = Job(
        tenant=tenant,
        kind=IMPORT_FEED,
        args={
            "source": source,
            "variants": feed.variants_source_id,
            "url": feed.url,
            "transfer": NO_FILE,
            "reading": {
                "kind": feed.kind,
                "sheet": feed.sheet,
                "base_url": feed.base_url,
                "currency": feed.currency,
            },
            "key_column": feed.key_column,
            "mapping": feed.mapping,
            "missing": "keep",
        },
        import_id=new_import(),
        by=schedule.by,
        org=schedule.org,
        surface="engine",
        request_id=id_.partition(":")[2],
        created_at=now,
        due=now,
        generation=1,
    )
    return Asked(id_, job, JOBS.put(id_, job, if_version=ABSENT))


def _space(app: App, tenant: str, schedule: Schedule, generation: int) -> Workspace:
    caller = Caller("studio", schedule.by, schedule.org, "catalog_owner", "member", None, None)
    call = Call(
        app, caller, "engine", f"feed-{generation}", app.clock.now(), {}, None,
        tenant=tenant, role=Role.EDITOR,
    )  # fmt: skip
    return Workspace(call)
