"""What takes data away: always with a plan first, and by a job."""

from functions.studio.arguments import OfSource, touched
from functions.studio.started import JobShown, started
from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.pipeline.closing import close
from shared.pipeline.configuration import Configuration
from shared.pipeline.job_kinds import EMPTY_SOURCE
from shared.pipeline.sources import SOURCES, active
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Confirmed, Effect, Family, Plan, Risk

family = Family("removal", org_types=STUDIO.org_types, tenant=True, touched=touched)


class WhichSource(OfSource, Confirmed):
    """Which source."""


def _would_purge(call: Call, args: WhichSource) -> Plan:
    count = _count(call, args)
    return Plan(f"delete all {count} entries of {args.source_id!r}.", {"entries": count})


def _would_delete(call: Call, args: WhichSource) -> Plan:
    count = _count(call, args)
    _unused(Workspace(call).configuration, args.source_id)
    return Plan(
        f"delete the source {args.source_id!r} with its {count} entries.", {"entries": count}
    )


def _count(call: Call, args: WhichSource) -> int:
    space = Workspace(call)
    return space.head(active(space.configuration, args.source_id).entries).count


def _unused(configuration: Configuration, source: str) -> None:
    """Refuse to remove what something else names."""
    users = [each.value.id for each in configuration.every(SOURCES) if source in each.value.related]
    if users:
        raise Problem(
            "conflict",
            f"{', '.join(users)} name {source!r} as related. Take that away first.",
            used_by=users,
        )


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Empty a data source",
    role=Role.PUBLISHER,
    plan=_would_purge,
)
def purge_data_source(call: Call, args: WhichSource) -> JobShown:
    """Delete all entries of a source; its definition stays. It is a job, and can be reverted.

    Without confirm it says what it would delete. The source takes no imports meanwhile.
    """
    close(Workspace(call), args.source_id)
    return started(call, EMPTY_SOURCE, source=args.source_id, remove=False)


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a data source",
    role=Role.PUBLISHER,
    plan=_would_delete,
)
def delete_data_source(call: Call, args: WhichSource) -> JobShown:
    """Delete a source with all its entries. It is a job; history is kept for 90 days.

    Without confirm it says what it would delete, or what still uses the source.
    """
    space = Workspace(call)
    _unused(space.configuration, args.source_id)
    close(space, args.source_id)
    return started(call, EMPTY_SOURCE, source=args.source_id, remove=True)
