"""Tenants made, and deleted by a job: whoever asks, by whichever way."""

import secrets
from datetime import timedelta
from typing import Final

from shared.engine import jobs
from shared.engine.jobs import JOBS, Job
from shared.errors import Conflict, Problem
from shared.identity.records import TENANTS, Tenant
from shared.ports.documents import ABSENT, Query
from shared.queries import CATALOGS_OF_TENANT, TENANTS_OF_PARENT
from shared.records import Found
from shared.tool import Call

DELETE_TENANT: Final = "delete_tenant"
"""The job that removes a tenant's data."""
SETTLED: Final = timedelta(seconds=70)
"""After which every call that was let in before has ended: functions answer within 60 s."""


def make_tenant(call: Call, id_: str, name: str, org: str, parent: str | None) -> None:
    """Make a tenant of an organization. Raises `conflict` for an id that is or was in use."""
    tenant = Tenant(name=name, org=org, parent=parent, created_at=call.now)
    try:
        call.commit(
            [TENANTS.put(id_, tenant, if_version=ABSENT)],
            event="tenant.created",
            target=id_,
            org=org,
        )
    except Conflict:
        raise Problem(
            "conflict",
            f"The id {id_!r} is or was another tenant's, and no id is used twice. Choose another.",
            kind="tenant",
        ) from None


def child_of(call: Call, parent: str, id_: str) -> Found[Tenant]:
    """A tenant directly below another. Raises `not_found`."""
    found = TENANTS.find(call.app.documents, id_)
    if found is None or found.value.parent != parent or found.value.state == "deleted":
        raise Problem("not_found", f"There is no tenant {id_!r} directly below {parent!r}.")
    return found


def ask_to_delete(call: Call, parent: str, id_: str) -> str:
    """Have a tenant deleted with all its data; the id of the job that does it, of its parent's.

    From this commit on nobody gets in. Asked again, it is the same job, or one that goes on where
    the first one failed. Raises `not_found`; `conflict` for a tenant with others below it, or with
    catalogs that partners were granted.
    """
    found = child_of(call, parent, id_)
    if found.value.deleted_by is not None:
        before = JOBS.find(call.app.documents, f"{parent}:{found.value.deleted_by}")
        if before is not None and not before.value.is_over:
            return found.value.deleted_by
    _check_alone(call, id_)
    job = Job(
        tenant=parent,
        kind=DELETE_TENANT,
        args={"tenant": id_},
        import_id=secrets.token_hex(12),
        by=call.caller.subject,
        org=found.value.org,
        surface=call.surface,
        request_id=call.request_id,
        created_at=call.now,
    )
    asked = jobs.ask(job, call.now + SETTLED)
    own = jobs.own_id(asked.id)
    over = found.value.model_copy(update={"state": "deleting", "deleted_by": own})
    call.commit(
        [asked.write, TENANTS.put(id_, over, if_version=found.version)],
        event="tenant.deleting",
        target=f"tenants/{id_}",
        org=found.value.org,
    )
    jobs.begin(call.app, asked)
    return own


def _check_alone(call: Call, id_: str) -> None:
    documents = call.app.documents
    below = TENANTS.every(documents, Query(TENANTS_OF_PARENT, equal={"parent": id_}, limit=100))
    names = [each.id for each in below if each.value.state != "deleted"]
    if names:
        raise Problem(
            "conflict",
            f"There are tenants below {id_!r}: {', '.join(names[:10])}. Delete those first.",
            tenants=names[:10],
        )
    asked = Query(CATALOGS_OF_TENANT, equal={"tenant": id_}, limit=1)
    if documents.query(asked).items:
        raise Problem("conflict", f"The tenant {id_!r} has catalogs. Withdraw them first.")
