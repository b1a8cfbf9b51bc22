"""What a job works with: as who asked for it, in their tenant."""

from shared.app import App
from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.engine.jobs import Job
from shared.pipeline.workspace import Workspace
from shared.tool import Call


def space_of(app: App, job: Job) -> Workspace:
    """The workspace of one step."""
    caller = Caller("studio", job.by, job.org, "catalog_owner", "member", None, None)
    call = Call(
        app, caller, "studio", job.request_id, app.clock.now(), {}, None,
        tenant=job.tenant, role=Role.EDITOR,
    )  # fmt: skip
    return Workspace(call)
