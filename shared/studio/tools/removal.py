"""What takes data away: always with a plan first, and by a job."""

from functools import partial
from typing import Annotated

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.engine.jobs import Asked
from shared.errors import Problem
from shared.pipeline.cards import check_unmapped, of_source
from shared.pipeline.closing import close
from shared.pipeline.configuration import Configuration, put
from shared.pipeline.job_kinds import CHANGE_PROPERTIES, EMPTY_SOURCE
from shared.pipeline.job_space import asked
from shared.pipeline.properties import PROPERTY_ID, filled, unchanging
from shared.pipeline.property_changes import noted
from shared.pipeline.sources import SOURCES, active
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import OfSource, Waits, touched
from shared.studio.started import JobShown, shown_asked, waited
from shared.tool import Call, Confirmed, Effect, Family, Pending, Plan, Risk

family = Family("removal", org_types=STUDIO.org_types, tenant=True, touched=touched)


class WhichSource(OfSource, Confirmed, Waits):
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
    cards = [each.id for each in of_source(configuration, source)]
    if cards:
        raise Problem(
            "conflict",
            f"The cards {', '.join(cards)} are made of {source!r}. Delete their definitions first.",
            used_by=cards,
        )
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
    streams=True,
    returns=JobShown,
)
def purge_data_source(call: Call, args: WhichSource) -> JobShown | Pending:
    """Delete all entries of a source; its definition stays. It is a job, and can be reverted.

    Without confirm it says what it would delete. The source takes no imports meanwhile.
    """
    job = asked(call, EMPTY_SOURCE, source=args.source_id, remove=False)
    close(Workspace(call), args.source_id, job)
    return waited(call, shown_asked(job), args.wait)


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a data source",
    role=Role.PUBLISHER,
    plan=_would_delete,
    streams=True,
    returns=JobShown,
)
def delete_data_source(call: Call, args: WhichSource) -> JobShown | Pending:
    """Delete a source with all its entries. It is a job; history is kept for 90 days.

    Without confirm it says what it would delete, or what still uses the source.
    """
    space = Workspace(call)
    _unused(space.configuration, args.source_id)
    job = asked(call, EMPTY_SOURCE, source=args.source_id, remove=True)
    close(space, args.source_id, job)
    return waited(call, shown_asked(job), args.wait)


class WhichProperty(OfSource, Confirmed, Waits):
    """Which property of which source."""

    property_id: Annotated[str, Field(pattern=PROPERTY_ID, description="The property's id.")]


def _would_delete_property(call: Call, args: WhichProperty) -> Plan:
    space = Workspace(call)
    source = active(space.configuration, args.source_id)
    property_ = unchanging(source, args.property_id)
    check_unmapped(space.configuration, source.id, property_)
    count = filled(space, source, [property_]).get(property_, 0)
    return Plan(
        f"delete the property {property_!r} of {args.source_id!r} with the values that {count} "
        "entries have.",
        {"entries": count},
    )


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a source's property",
    role=Role.PUBLISHER,
    plan=_would_delete_property,
    streams=True,
    returns=JobShown,
)
def delete_data_source_property(call: Call, args: WhichProperty) -> JobShown | Pending:
    """Delete a property of a source with all its values. It is a job, and can be reverted.

    Without confirm it says how many entries have a value.
    """
    space = Workspace(call)
    job = space.decide(partial(_delete_property, space, args))
    return waited(call, shown_asked(job), args.wait)


def _delete_property(space: Workspace, args: WhichProperty, configuration: Configuration) -> Asked:
    source = active(configuration, args.source_id)
    id_ = unchanging(source, args.property_id)
    check_unmapped(configuration, source.id, id_)
    before = source.properties[id_]
    after = source.with_properties({id_: before.model_copy(update={"state": "Deleting"})})
    noted_as = noted(before.declared) if before.declared else {"kind": "s", "delimiter": None}
    job = asked(space.call, CHANGE_PROPERTIES, source=source.id, properties={id_: noted_as})
    seen = configuration.get(SOURCES, source.id)
    space.configure(put(SOURCES, after, seen), redefines=[source.entries], job=job)
    return job
