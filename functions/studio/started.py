"""Jobs as tools start and show them."""

from datetime import datetime
from typing import Any

from shared.engine import jobs
from shared.engine.jobs import Job, JobState
from shared.pipeline.workspace import new_import
from shared.tool import Call, Result


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


def started(call: Call, kind: str, **args: Any) -> JobShown:
    """A job that was just asked for."""
    job = Job(
        tenant=call.tenant,
        kind=kind,
        args=args,
        import_id=new_import(),
        by=call.caller.subject,
        org=call.caller.org,
        surface=call.surface,
        request_id=call.request_id,
        created_at=call.now,
    )
    return shown(jobs.start(call.app, job).partition(":")[2], job)
