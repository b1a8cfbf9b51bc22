"""Jobs as tools start and show them."""

from datetime import datetime
from typing import Any

from shared.engine import jobs
from shared.engine.jobs import Asked, Job, JobState
from shared.pipeline.job_kinds import EXPORT_ENTRIES
from shared.pipeline.job_space import asked
from shared.pipeline.transfers import blob_of
from shared.tool import Call, Pending, Result


class JobShown(Result):
    """A job: where it stands, and what it came to."""

    id: str
    kind: str
    state: JobState
    done: int
    total: int | None
    import_id: str
    result: dict[str, Any]
    error: dict[str, Any]
    by: str
    created_at: datetime
    finished_at: datetime | None


def shown(id_: str, job: Job) -> JobShown:
    """A job."""
    return JobShown(
        id=id_,
        kind=job.kind,
        state=job.state,
        done=job.done,
        total=job.total,
        import_id=job.import_id,
        result=job.result or {},
        error=job.error or {},
        by=job.by,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


def shown_asked(given: Asked) -> JobShown:
    """A job that was just asked for."""
    return shown(given.id.partition(":")[2], given.job)


def told(call: Call, id_: str, job: Job) -> JobShown:
    """A job, and where the file that it made can be fetched, for as long as it is there."""
    said = shown(id_, job)
    if job.kind != EXPORT_ENTRIES or not job.result:
        return said
    ends = datetime.fromisoformat(job.result["ends_at"])
    if call.now >= ends:
        return said
    blob = blob_of(call.tenant, id_)
    url = call.app.addresses.to_download(blob, job.result["filename"], ends)
    return said.model_copy(update={"result": {**said.result, "download_url": url}})


def waited(call: Call, job: JobShown, seconds: int) -> JobShown | Pending:
    """A job that the caller waits for; told how far it is meanwhile."""
    if not seconds or job.finished_at is not None:
        return job

    def look() -> tuple[JobShown, bool]:
        found = jobs.find(call.app, call.tenant, job.id).value
        call.progress(found.kind, found.done, found.total)
        return told(call, job.id, found), found.is_over

    return Pending(job, seconds, look)


def started(call: Call, kind: str, **args: Any) -> JobShown:
    """A job that is done for its own sake."""
    given = asked(call, kind, **args)
    jobs.start(call.app, given)
    return shown_asked(given)
