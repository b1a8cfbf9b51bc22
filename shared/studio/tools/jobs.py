"""Long work: started, watched, stopped."""

from typing import Annotated

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine import jobs
from shared.engine.jobs import JOBS
from shared.ports.documents import Query
from shared.queries import JOBS_OF_TENANT
from shared.studio.arguments import StudioArgs, Waits, touched
from shared.studio.started import JobShown, shown, told, waited
from shared.tool import Call, Effect, Family, Pending, Result, Risk

family = Family("jobs", org_types=STUDIO.org_types, tenant=True, always=True, touched=touched)
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="The job's id.")]


class JobsPage(Result):
    """Jobs, newest first."""

    items: list[JobShown]
    next_cursor: str | None
    has_more: bool


class WhichJob(StudioArgs):
    """Which job."""

    job_id: JobId


class GetJob(WhichJob, Waits):
    """Which job, and how long to wait for its end."""


@family.tool(
    scope="studio:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Get a job",
    streams=True,
    returns=JobShown,
)
def get_job(call: Call, args: GetJob) -> JobShown | Pending:
    """Tell where a job stands, and once it is over what it came to, or why it failed.

    With wait it answers when the job is over, or after so many seconds.
    """
    job = jobs.find(call.app, call.tenant, args.job_id).value
    return waited(call, told(call, args.job_id, job), args.wait)


class ListJobs(StudioArgs):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=200, description="Most items.")] = 20
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List jobs")
def list_jobs(call: Call, args: ListJobs) -> JobsPage:
    """List the tenant's jobs of the last 30 days, newest first."""
    asked = Query(
        JOBS_OF_TENANT,
        equal={"tenant": call.tenant},
        limit=args.limit,
        cursor=args.cursor or None,
    )
    found, cursor = JOBS.page(call.app.documents, asked)
    return JobsPage(
        items=[shown(each.id.partition(":")[2], each.value) for each in found],
        next_cursor=cursor,
        has_more=cursor is not None,
    )


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Cancel a job",
    role=Role.EDITOR,
    idempotent=True,
)
def cancel_job(call: Call, args: WhichJob) -> JobShown:
    """Stop a job after the step it is at; what it did so far stays, and can be reverted."""
    return shown(args.job_id, jobs.cancel(call.app, call.tenant, args.job_id))
