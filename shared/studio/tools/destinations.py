"""Destinations and their versions: drafted, created, changed, published, stopped, deleted."""

from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.pipeline import publications, version_publishing
from shared.pipeline.configuration import Configuration, put
from shared.pipeline.destination_changes import (
    changed,
    new_destination,
    new_version,
    next_name,
    versions_collections,
)
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    VERSIONS,
    endpoints_of,
    versions_of,
)
from shared.pipeline.drafts import Draft, reviewed
from shared.pipeline.sources import SOURCE_ID, invalid
from shared.pipeline.version_publishing import settled
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import StudioArgs, Written, touched
from shared.studio.given_destination import Described, NewDestination, Origins, Protected
from shared.studio.reviews import FromDraft, Reviewed, for_review, from_draft
from shared.tool import Call, Confirmed, Effect, Family, Plan, Result, Risk

family = Family("destinations", org_types=STUDIO.org_types, tenant=True, touched=touched)
DestinationId = Annotated[str, Field(pattern=SOURCE_ID, description="The destination's id.")]
VERSION_ID: Final = r"^[A-Za-z0-9_-]{1,100}\.[A-Za-z0-9_-]{1,100}$"
VersionId = Annotated[str, Field(pattern=VERSION_ID, description="As destination.version.")]
_DRY: Final = "Nothing was written: dry_run."


class DestinationWritten(Result):
    """What was changed, and its state; `affected`: entries that are computed anew."""

    id: str
    state: str
    job_id: str
    affected: int
    revision: int
    warnings: list[str]


_FIELDS: Final = (
    ("display_name", "Name", True),
    ("id", "Id", True),
    ("languages", "Languages", True),
    ("default_language", "Default language", False),
    ("protected", "Needs a key", False),
)


class DraftDestination(NewDestination, Reviewed):
    """What is known of it so far."""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Draft a destination")
def draft_destination(call: Call, args: DraftDestination) -> Draft:
    """Work out a destination for a person to see. Nothing is stored."""
    return for_review(call, args, "create_destination", lambda: _drafted(call, args))


def _drafted(call: Call, args: DraftDestination) -> Draft:
    configuration = Workspace(call).configuration

    def check() -> dict[str, Any]:
        new_destination(configuration, args.given(), call.now)
        return {}

    made = args.model_dump(exclude_defaults=True, exclude={"review_id"})
    made |= {"id": args.given().id}
    return reviewed("New destination", "create_destination", _FIELDS, made, check)


class CreateDestination(NewDestination, FromDraft):
    """A new destination."""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create a destination",
    role=Role.EDITOR,
)
@from_draft
def create_destination(call: Call, args: CreateDestination) -> DestinationWritten:
    """Create a place where applications read product data; create_api_version comes next."""
    space = Workspace(call)

    def create(configuration: Configuration) -> DestinationWritten:
        made = new_destination(configuration, args.given(), call.now)
        committed = space.configure(put(DESTINATIONS, made, None), dry_run=args.dry_run)
        return _written(made.id, committed.seqs, dry_run=args.dry_run)

    return space.decide(create)


class UpdateDestination(Described, Written):
    """What to change; what is left out stays."""

    destination_id: DestinationId
    languages: Annotated[tuple[str, ...], Field(max_length=20, description="All of them.")] = ()
    default_language: Annotated[str, Field(description="One of them.")] = ""
    allowed_origins: Origins = ()
    emit_events: Annotated[bool, Field(description="Kept for when events come.")] = True


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Change a destination",
    role=Role.EDITOR,
    idempotent=True,
)
def update_destination(call: Call, args: UpdateDestination) -> DestinationWritten:
    """Change a destination; other languages have the entries of its versions computed anew."""
    space = Workspace(call)

    def update(configuration: Configuration) -> DestinationWritten:
        seen = configuration.get(DESTINATIONS, args.destination_id)
        given = {name: getattr(args, name) for name in args.model_fields_set}
        after = changed(seen.value, given)
        same = (after.languages, after.default_language) == (
            seen.value.languages,
            seen.value.default_language,
        )
        redefines = [] if same else versions_collections(configuration, after.id)
        committed = space.configure(
            put(DESTINATIONS, after, seen),
            redefines=redefines,
            dry_run=args.dry_run,
        )
        affected = sum(head.count for head in space.heads(redefines).values())
        return _written(after.id, committed.seqs, dry_run=args.dry_run, affected=affected)

    return space.decide(update)


class WhichDestination(StudioArgs):
    """Which destination."""

    destination_id: DestinationId


class DeleteDestination(WhichDestination, Confirmed):
    """Which destination."""


def _would_delete(call: Call, args: DeleteDestination) -> Plan:
    configuration = Workspace(call).configuration
    configuration.get(DESTINATIONS, args.destination_id)
    versions = versions_of(configuration, args.destination_id)
    endpoints = [e for v in versions for e in endpoints_of(configuration, v.value.id)]
    return Plan(
        f"delete the destination {args.destination_id!r} with its {len(versions)} versions. Cards "
        "stay.",
        {"versions": len(versions), "endpoints": len(endpoints)},
    )


class DestinationDeleted(Result):
    """What is gone."""

    deleted: str


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a destination",
    role=Role.PUBLISHER,
    plan=_would_delete,
)
def delete_destination(call: Call, args: DeleteDestination) -> DestinationDeleted:
    """Delete a destination with its versions; refused while one of them is published.

    Without confirm it says what it would delete.
    """
    space = Workspace(call)
    space.decide(partial(version_publishing.delete_destination, space, id_=args.destination_id))
    return DestinationDeleted(deleted=args.destination_id)


class _NewApiVersion(WhichDestination):
    """Which destination, and what is known of the version."""

    name: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="In its address; the next vN if empty.")
    ] = ""
    description: Annotated[str, Field(max_length=2000, description="What is new in it.")] = ""
    copy_from: Annotated[
        str, Field(max_length=100, description="A version whose endpoints it begins with.")
    ] = ""


class DraftApiVersion(_NewApiVersion, Reviewed):
    """Which destination, and what is known of the version."""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Draft an API version")
def draft_api_version(call: Call, args: DraftApiVersion) -> Draft:
    """Propose the next version of a destination for a person to see. Nothing is stored."""
    return for_review(call, args, "create_api_version", lambda: _drafted_version(call, args))


def _drafted_version(call: Call, args: DraftApiVersion) -> Draft:
    configuration = Workspace(call).configuration
    configuration.get(DESTINATIONS, args.destination_id)
    name = args.name or next_name(configuration, args.destination_id)

    def check() -> dict[str, Any]:
        _, endpoints = new_version(
            configuration, args.destination_id, name, args.copy_from, now=call.now
        )
        return {"endpoints": [each.name for each in endpoints]}

    made = args.model_dump(exclude_defaults=True, exclude={"review_id"}) | {"name": name}
    fields = (("name", "Name", True), ("description", "Description", False))
    return reviewed("New version", "create_api_version", fields, made, check)


class CreateApiVersion(_NewApiVersion, FromDraft):
    """A new version."""

    protected: Annotated[bool, Field(description="In place of what the destination says.")] = True


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Create an API version",
    role=Role.EDITOR,
)
@from_draft
def create_api_version(call: Call, args: CreateApiVersion) -> DestinationWritten:
    """Create a version of a destination, with the endpoints of another one if you name it.

    It is New: add endpoints (create_endpoint), then publish it (update_api_version).
    """
    space = Workspace(call)

    def create(configuration: Configuration) -> DestinationWritten:
        configuration.get(DESTINATIONS, args.destination_id)
        name = args.name or next_name(configuration, args.destination_id)
        made, endpoints = new_version(
            configuration,
            args.destination_id,
            name,
            args.copy_from,
            now=call.now,
            description=args.description,
            protected=args.protected if "protected" in args.model_fields_set else None,
        )
        committed = space.configure(
            put(VERSIONS, made, None),
            *(put(ENDPOINTS, each, None) for each in endpoints),
            dry_run=args.dry_run,
        )
        return _written(made.id, committed.seqs, state=made.state, dry_run=args.dry_run)

    return space.decide(create)


class UpdateApiVersion(Written, Confirmed):
    """What to change; what is left out stays."""

    api_version_id: VersionId
    description: Annotated[str, Field(max_length=2000, description="What is new in it.")] = ""
    protected: Protected = True
    allowed_origins: Origins = ()
    state: Annotated[
        Literal["", "publish", "stop"], Field(description="Have it answer, or no longer.")
    ] = ""


def _would_stop(call: Call, args: UpdateApiVersion) -> Plan | None:
    if args.state != "stop" or args.dry_run:
        return None
    version = Workspace(call).configuration.get(VERSIONS, args.api_version_id).value
    return Plan(f"stop {version.id!r}: applications that read it are refused from then on.")


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Change, publish or stop an API version",
    role=Role.PUBLISHER,
    plan=_would_stop,
    idempotent=True,
)
def update_api_version(call: Call, args: UpdateApiVersion) -> DestinationWritten:
    """Publish or stop a version, or change who may read it. At most three are active at once.

    Publishing is a job (`job_id`, get_job): it answers from its end on, all endpoints at once.
    Partner catalogs follow, and show nothing while it is stopped; publish again what is active to
    have one follow that was rolled back. To stop takes confirm.
    """
    space = Workspace(call)
    given = args.model_fields_set & {"description", "protected", "allowed_origins"}
    if given and args.state:
        raise invalid("state", "Publish or stop in a call of its own.")
    if args.state == "publish":
        publish = partial(
            version_publishing.publish, space, version_id=args.api_version_id, dry_run=args.dry_run
        )
        version, job = space.decide(publish)
        if version.state == "Active" and not args.dry_run:
            publications.resume(space, version.id)
        job_id = job.id.partition(":")[2] if job and not args.dry_run else ""
        return _written(version.id, {}, state=version.state, dry_run=args.dry_run, job_id=job_id)
    if args.state == "stop":
        stop = partial(
            version_publishing.stop, space, version_id=args.api_version_id, dry_run=args.dry_run
        )
        version = space.decide(stop)
        return _written(version.id, {}, state=version.state, dry_run=args.dry_run)
    return space.decide(partial(_update_version, space, args))


def _update_version(
    space: Workspace, args: UpdateApiVersion, configuration: Configuration
) -> DestinationWritten:
    seen = configuration.get(VERSIONS, args.api_version_id)
    names = {"description": "description", "protected": "protected", "allowed_origins": "origins"}
    given = args.model_fields_set
    update = {names[each]: getattr(args, each) for each in names if each in given}
    after = settled(space.call.app, space.call.tenant, seen.value).model_copy(update=update)
    if not update:
        raise Problem("invalid", "Say what to change: state, or another argument.", field="state")
    stored = seen.value.model_copy(update=update)
    committed = space.configure(put(VERSIONS, stored, seen), dry_run=args.dry_run)
    return _written(after.id, committed.seqs, state=after.state, dry_run=args.dry_run)


def _written(
    id_: str,
    seqs: Any,
    *,
    state: str = "",
    dry_run: bool,
    affected: int = 0,
    job_id: str = "",
) -> DestinationWritten:
    return DestinationWritten(
        id=id_,
        state=state,
        job_id=job_id,
        affected=affected,
        revision=max(seqs.values(), default=0),
        warnings=[_DRY] if dry_run else [],
    )
