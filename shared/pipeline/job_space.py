"""Jobs as calls ask for them, and what one works with: as who asked for it, in their tenant."""

from typing import Any

from shared.app import App
from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.engine import jobs
from shared.engine.jobs import Asked, Job
from shared.pipeline.workspace import Workspace, new_import
from shared.tool import Call


def asked(call: Call, kind: str, **args: Any) -> Asked:
    """A job for the commit of what makes it necessary."""
    job = Job(
        tenant=call.tenant,
        kind=kind,
        args=args,
        import_id=new_import(),
        by=call.caller.subject,
        org=call.caller.org,
        surface=call.surface,
        request_id=call.request_id,
        client=call.caller.client_name,
        created_at=call.now,
    )
    return jobs.ask(job)


def space_of(app: App, job: Job) -> Workspace:
    """The workspace of one step."""
    caller = Caller(
        job.surface, job.by, job.org, "catalog_owner", "member", None, None, client_name=job.client
    )
    call = Call(
        app, caller, job.surface, job.request_id, app.clock.now(), {}, None,
        tenant=job.tenant, role=Role.EDITOR,
    )  # fmt: skip
    return Workspace(call)
