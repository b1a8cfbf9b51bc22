"""Long work: watched, and stopped where it may be."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from functions.admin.arguments import OfTenant
from shared.auth.faces import ADMIN
from shared.auth.tenancy import Role
from shared.engine import jobs
from shared.engine.jobs import JOBS, Job
from shared.errors import Problem
from shared.identity.making_tenants import DELETE_TENANT
from shared.ports.documents import Query
from shared.queries import JOBS_OF_TENANT
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("jobs", org_types=ADMIN.org_types, tenant=True)


class JobShown(Result):
    """A job; `done` counts in the words of its kind."""

    job_id: str
    kind: str
    status: str
    done: int
    total: int | None
    created_at: datetime
    finished_at: datetime | None
    by: str
    result: dict[str, Any]
    reason: str


class WhichJob(OfTenant):
    """Which job."""

    job_id: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="The job's id.")]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get a job")
def get_job(call: Call, args: WhichJob) -> JobShown:
    """Tell where a job stands, and once it is over what it came to, or why it failed."""
    return _shown(args.job_id, jobs.find(call.app, call.tenant, args.job_id).value)


class ListJobs(OfTenant):
    """Which page."""

    take: Annotated[int, Field(ge=1, le=200, description="Most at once.")] = 20
    cursor: Annotated[str, Field(description="nextCursor of the page before.")] = ""


class Jobs(Result):
    """Jobs, newest first."""

    jobs: list[JobShown]
    next_cursor: str | None


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="List jobs")
def list_jobs(call: Call, args: ListJobs) -> Jobs:
    """List a tenant's jobs of the last 30 days, newest first."""
    asked = Query(
        JOBS_OF_TENANT,
        equal={"tenant": call.tenant},
        limit=args.take,
        cursor=args.cursor or None,
    )
    found, cursor = JOBS.page(call.app.documents, asked)
    return Jobs(
        jobs=[_shown(jobs.own_id(each.id), each.value) for each in found], next_cursor=cursor
    )


@family.tool(
    scope="admin:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Cancel a job",
    role=Role.EDITOR,
    idempotent=True,
)
def cancel_job(call: Call, args: WhichJob) -> JobShown:
    """Stop a job after the step it is at; what it did so far stays. No deletion can be stopped."""
    if jobs.find(call.app, call.tenant, args.job_id).value.kind == DELETE_TENANT:
        raise Problem("conflict", "A tenant that is being deleted cannot be kept.")
    return _shown(args.job_id, jobs.cancel(call.app, call.tenant, args.job_id))


def _shown(id_: str, job: Job) -> JobShown:
    return JobShown(
        job_id=id_,
        kind=job.kind,
        status=job.state,
        done=job.done,
        total=job.total,
        created_at=job.created_at,
        finished_at=job.finished_at,
        by=job.by,
        result=job.result or {},
        reason=(job.error or {}).get("message", ""),
    )
