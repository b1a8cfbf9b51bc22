"""Jobs: work of many steps that somebody asked for and can watch, in turns of the engine's queue.

A step does some of the work and says where it stands. That is written down before the next step, so
a job whose worker is killed goes on from its last step: a step is done again at most once, and must
come to the same then.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from shared import work
from shared.app import App
from shared.auth.caller import Surface
from shared.engine.later import GRACE
from shared.errors import Problem
from shared.holds import HeldWork, Hold, take
from shared.ports.documents import ABSENT, Put, Write
from shared.ports.queue import ENGINE
from shared.queries import DUE_JOBS
from shared.records import Found, Records
from shared.work import Kind

KEPT: Final = timedelta(days=30)
"""After its end."""
TURN: Final = timedelta(seconds=60)
"""How long one turn goes on; the rest has the next."""
RETRIED: Final = frozenset({"unavailable", "rate_limited", "internal"})
"""Failures that may be gone the next time; any other is the job's own."""
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class Job(HeldWork):
    """A job, `jobs/{tenant}:{id}`.

    Attributes:
        kind: which work it is; `args` what it is asked with.
        by, surface, client: who asked for it, which way, with which client: its commits say so.
        import_id: of all that it writes.
        cursor: where it stands; None before its first step.
        done, total: how much of it, in the words of its kind.
        result: what it came to; `error` why it failed.
        cancel: somebody asked it to stop.
    """

    tenant: str
    kind: str
    args: dict[str, Any]
    import_id: str
    state: JobState = "queued"
    cursor: dict[str, Any] | None = None
    done: int = 0
    total: int | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    cancel: bool = False
    by: str
    org: str
    surface: Surface
    request_id: str
    client: str = ""
    created_at: datetime
    finished_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ("succeeded", "failed", "cancelled")


class Next(NamedTuple):
    """There is more to do, from here on; `at`: not before then, while something else is done."""

    cursor: dict[str, Any]
    done: int
    total: int | None = None
    at: datetime | None = None


class Done(NamedTuple):
    """That was all. `done`: how much it came to; None for what the last step said."""

    result: dict[str, Any]
    done: int | None = None


Step = Callable[[App, str, Job], Next | Done]
"""One step of a job, given its id. Raises a Problem where it cannot go on."""

JOB: Final = Kind(DUE_JOBS, "/engine/jobs", ENGINE, GRACE)
JOBS: Final = Records("jobs", Job, "job")


class Asked(NamedTuple):
    """A job that is done once `write` is committed; `begin` has it done at once."""

    id: str
    job: Job
    write: Put


def ask(job: Job, at: datetime | None = None) -> Asked:
    """A new job, for the commit of the change that makes it necessary; it begins then, or `at`."""
    id_ = f"{job.tenant}:{secrets.token_hex(12)}"
    due = job.model_copy(update={"due": at or job.created_at, "generation": 1})
    return Asked(id_, due, JOBS.put(id_, due, if_version=ABSENT))


def begin(app: App, asked: Asked) -> None:
    """Hand a job over whose write is committed. Where that fails, the sweeper does."""
    work.enqueue(app, JOB, asked.id, asked.job.due or asked.job.created_at, 1)


def start(app: App, asked: Asked, *writes: Write) -> None:
    """Have a job done, with what has to be written for it alone."""
    app.documents.commit([asked.write, *writes])
    begin(app, asked)


def own_id(id_: str) -> str:
    """The id that a job's tenant sees."""
    return id_.partition(":")[2]


def find(app: App, tenant: str, id_: str) -> Found[Job]:
    """A tenant's job by the id that the tenant sees. Raises `not_found`."""
    found = JOBS.find(app.documents, f"{tenant}:{id_}")
    if found is None:
        raise Problem("not_found", f"There is no job {id_!r}.")
    return found


def cancel(app: App, tenant: str, id_: str) -> Job:
    """Ask a job to stop after its present step; what it did so far stays."""
    while True:
        found = find(app, tenant, id_)
        if found.value.is_over or found.value.cancel:
            return found.value
        asked = work.at(found.value, app.clock.now(), cancel=True)
        try:
            app.documents.commit([JOBS.put(found.id, asked, if_version=found.version)])
        except Problem as problem:
            if problem.code != "conflict":
                raise
            continue
        work.hand_over(app, JOB, found.id)
        return asked


def work_on(app: App, kinds: Mapping[str, Step], id_: str, generation: int) -> str:
    """A task's turn of a job. What it came to."""
    hold = take(app, JOB, JOBS, id_, generation)
    if hold is None:
        return "old"
    until = app.clock.now() + TURN
    try:
        while not _stepped(app, kinds, id_, hold):
            if app.clock.now() >= until:
                hold.give_back(app.clock.now())
                return "more later"
    except Problem as problem:
        if problem.code in RETRIED:
            hold.fail(problem)
        else:
            error = {"code": problem.code, "message": problem.message, **problem.details}
            _end(app, hold, "failed", error=error)
        return problem.code
    return hold.value.state


def _stepped(app: App, kinds: Mapping[str, Step], id_: str, hold: Hold[Job]) -> bool:
    """Do one step; whether the job is over."""
    job = hold.value
    if job.is_over:
        return hold.settle(None)
    if job.cancel:
        return _end(app, hold, "cancelled")
    with hold.kept():
        came = kinds[job.kind](app, id_, job)
    if isinstance(came, Done):
        done = job.done if came.done is None else came.done
        return _end(app, hold, "succeeded", result=came.result, done=done)
    stands = {"state": "running", "cursor": came.cursor, "done": came.done, "total": came.total}
    if came.at is not None:
        return hold.settle(came.at, **stands)  # at once where somebody asked for it meanwhile
    return not hold.keep(**stands)  # whoever took over goes on


def _end(app: App, hold: Hold[Job], state: JobState, **changes: Any) -> bool:
    now = app.clock.now()
    changes |= {"state": state, "finished_at": now, "expires_at": now + KEPT}
    while not hold.settle(None, **changes):
        pass  # somebody asked for it to be cancelled, too late
    return True
