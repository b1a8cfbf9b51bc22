"""A tenant removed: the steps of the job `delete_tenant`.

The tenant was closed by the commit that asked for the job. Its data goes in steps that are done
again where a worker was killed; at the end the tenant is a name that nobody gets again.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from shared.app import App
from shared.auth.caller import Caller
from shared.engine import jobs
from shared.engine.dropping import stored_of
from shared.engine.heads import CollectionName
from shared.engine.jobs import JOBS, Done, Job, Next
from shared.identity.records import TENANTS
from shared.ports.documents import Delete, Query
from shared.queries import COLLECTIONS, JOBS_OF_TENANT, METRICS, ROLES_OF_TENANT
from shared.tool import Call

_FOLDERS: Final = ("tenants", "staged", "transfers")
"""What the names of a tenant's blobs begin with."""
_AT_ONCE: Final = 100
"""Documents of one step: some may have nearly a megabyte."""


def delete_tenant(app: App, id_: str, job: Job) -> Next | Done:
    """One step: stop what works in the tenant, remove its data, close the name."""
    del id_
    tenant = job.args["tenant"]
    if job.cursor is None:
        _stop_jobs(app, tenant)
        return Next({"phase": "data"}, 0)
    removed = _remove_some(app, tenant)
    if removed:
        return Next({"phase": "data"}, job.done + removed)
    _close(app, job, tenant)
    return Done({"tenant": tenant, "removed": job.done})


def _stop_jobs(app: App, tenant: str) -> None:
    asked = Query(JOBS_OF_TENANT, equal={"tenant": tenant}, limit=_AT_ONCE)
    for each in JOBS.every(app.documents, asked):
        if not each.value.is_over:
            jobs.cancel(app, tenant, jobs.own_id(each.id))


def _remove_some(app: App, tenant: str) -> int:
    """Remove some of what is left; how much that was."""
    paths = list(islice(_left(app, tenant), _AT_ONCE))
    if paths:
        app.documents.commit([Delete(path) for path in paths])
        return len(paths)
    blobs = chain.from_iterable(app.blobs.list(f"{each}/{tenant}/") for each in _FOLDERS)
    names = [each.name for each in islice(blobs, _AT_ONCE)]
    for name in names:
        app.blobs.delete(name)
    return len(names)


def _left(app: App, tenant: str) -> Iterator[str]:
    """What is stored of a tenant."""
    documents = app.bulk_documents
    heads = documents.query(Query(COLLECTIONS, parents=(tenant,), limit=_AT_ONCE)).items
    for head in heads:
        yield from stored_of(documents, CollectionName(tenant, head.id))
    counted = Query(METRICS, parents=(tenant,), limit=_AT_ONCE)
    yield from (each.path for each in documents.query(counted).items)
    roles = Query(ROLES_OF_TENANT, equal={"tenant": tenant}, limit=_AT_ONCE)
    yield from (each.path for each in documents.query(roles).items)


def _close(app: App, job: Job, tenant: str) -> None:
    found = TENANTS.get(app.documents, tenant)
    if found.value.state == "deleted":
        return
    caller = Caller("engine", job.by, job.org, "service", "service", None, None)
    call = Call(app, caller, "engine", job.request_id, app.clock.now(), {}, None)
    gone = found.value.model_copy(update={"state": "deleted"})
    call.commit(
        [TENANTS.put(tenant, gone, if_version=found.version)],
        event="tenant.deleted",
        target=f"tenants/{tenant}",
        org=job.org,
    )
