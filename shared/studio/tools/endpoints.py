"""Endpoints of a version: drafted, created, changed, deleted, and asked as applications do."""

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from pydantic import Field, ValidationError

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.pipeline import delivery, following, publications, version_publishing
from shared.pipeline.cards import CARDS
from shared.pipeline.configuration import CONFIGURATION, Configuration, put
from shared.pipeline.delivery_query import DeliveryQuery
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    VERSIONS,
    Endpoint,
    placed,
)
from shared.pipeline.drafts import Draft, reviewed
from shared.pipeline.endpoints import (
    Contract,
    check_new,
    contract_of,
    made,
    preview,
    same_contract,
)
from shared.pipeline.given_catalog import GivenCatalog, check_key
from shared.pipeline.given_endpoint import GivenFacet, GivenRelation, GivenSelection, Ids
from shared.pipeline.product_previews import rejections
from shared.pipeline.sources import SOURCE_ID
from shared.pipeline.version_publishing import settled
from shared.pipeline.workspace import Workspace
from shared.studio.arguments import CardId, StudioArgs, Written, touched
from shared.studio.reviews import FromDraft, Reviewed, for_review, from_draft
from shared.studio.tools.destinations import DestinationId, DestinationWritten, VersionId
from shared.tool import (
    Call,
    Confirmed,
    Effect,
    Family,
    Plan,
    Result,
    Risk,
    invalid_arguments,
)

family = Family(
    "endpoints", org_types=STUDIO.org_types, tenant=True, toolset="destinations", touched=touched
)
EndpointId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,100}(\.[A-Za-z0-9_-]{1,100}){2}$",
        description="As destination.version.endpoint.",
    ),
]


class _Shown(StudioArgs):
    """What an endpoint contains, and what it shows of that."""

    content_selection: Annotated[
        GivenSelection, Field(description="Which cards, by segments and filters; all if empty.")
    ] = GivenSelection()
    properties: Annotated[Ids, Field(description="Of the card, shown under the same ids.")] = ()
    relations: Annotated[
        tuple[GivenRelation, ...],
        Field(max_length=10, description="Related cards shown within an entry."),
    ] = ()
    facets: Annotated[
        tuple[GivenFacet, ...], Field(max_length=10, description="Values that are counted.")
    ] = ()
    default_sort: Annotated[
        tuple[Annotated[str, Field(max_length=101)], ...],
        Field(max_length=3, description="Properties; -price: highest first. By id if empty."),
    ] = ()
    catalog: Annotated[
        GivenCatalog | None, Field(description="The partner catalog that entries become.")
    ] = None

    @property
    def contract(self) -> Contract:
        """What is shown."""
        return Contract(self.properties, self.relations, self.facets, self.default_sort)


class _NewEndpoint(_Shown):
    """What is known of it so far."""

    api_version_id: VersionId
    card_definition_id: CardId
    name: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="Last in its address; else the card's.")
    ] = ""


def _new(call: Call, configuration: Configuration, args: _NewEndpoint) -> Endpoint:
    """What is to be created. Raises `not_found`, `conflict`, `invalid`."""
    found = configuration.get(VERSIONS, args.api_version_id).value
    version = settled(call.app, call.tenant, found)
    destination = configuration.get(DESTINATIONS, version.destination).value
    name = args.name or args.card_definition_id
    check_new(configuration, version, name)
    card = configuration.get(CARDS, args.card_definition_id).value
    bare = Endpoint(
        id=f"{version.id}.{name}",
        version=version.id,
        name=name,
        card=card.id,
        selection=args.content_selection.stored(),
        properties=(),
        catalog=args.catalog and args.catalog.stored(),
        created_at=call.now,
    )
    contract = args.contract
    if not contract.properties:
        contract = contract._replace(properties=[each.id for each in card.content.properties])
    return made(configuration, bare, destination, contract, call.now)


class DraftEndpoint(_NewEndpoint, Reviewed):
    """What is known of it so far."""


@family.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Draft an endpoint")
def draft_endpoint(call: Call, args: DraftEndpoint) -> Draft:
    """Show what an endpoint would contain: how many cards its selection matches, and some of them.

    Nothing is stored. Without properties it shows all that the card has. With a catalog it says
    which products that would refuse, and why.
    """
    return for_review(call, args, "create_endpoint", lambda: _drafted(call, args))


def _drafted(call: Call, args: DraftEndpoint) -> Draft:
    space = Workspace(call)

    def check() -> dict[str, Any]:
        endpoint = _new(call, space.configuration, args)
        check_key(space, space.configuration, endpoint)
        return {**asdict(preview(space, endpoint)), **rejections(space, endpoint)}

    given = args.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"review_id"}
    )
    fields = (
        ("name", "Name", True),
        ("card_definition_id", "Cards", True),
        ("content_selection", "Which of them", False),
        ("properties", "Properties", False),
    )
    arguments = {"name": args.card_definition_id, **given}
    return reviewed("New endpoint", "create_endpoint", fields, arguments, check)


class CreateEndpoint(_NewEndpoint, FromDraft):
    """A new endpoint."""


@family.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Create an endpoint",
    role=Role.EDITOR,
)
@from_draft
def create_endpoint(call: Call, args: CreateEndpoint) -> DestinationWritten:
    """Add an endpoint to a version that is New: cards of one definition, what is shown of them.

    It answers once update_api_version has published the version.
    """
    space = Workspace(call)

    def create(configuration: Configuration) -> DestinationWritten:
        endpoint = _new(call, configuration, args)
        check_key(space, configuration, endpoint)
        found = preview(space, endpoint)
        return _stored(space, configuration, endpoint, found.cards, dry_run=args.dry_run)

    return space.decide(create)


class UpdateEndpoint(_Shown, Written):
    """What to change; what is left out stays."""

    endpoint_id: EndpointId


@family.tool(
    scope="studio:publish",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Change an endpoint",
    role=Role.PUBLISHER,
    idempotent=True,
)
def update_endpoint(call: Call, args: UpdateEndpoint) -> DestinationWritten:
    """Change which cards an endpoint contains, or its catalog; of a New version also what it shows.

    On an active version entries follow within seconds. What it shows never changes once it was
    published: create a version with copy_from for that.
    """
    space = Workspace(call)
    return space.decide(partial(_update, space, args))


def _update(
    space: Workspace, args: UpdateEndpoint, configuration: Configuration
) -> DestinationWritten:
    given = args.model_fields_set
    endpoint, version, destination = placed(configuration, args.endpoint_id)
    before = endpoint.value
    state = settled(space.call.app, space.call.tenant, version.value).state
    if state == "Publishing":
        version.value.moved("publish")
    after = before
    if "content_selection" in given:
        after = after.model_copy(update={"selection": args.content_selection.stored()})
    if args.catalog is not None:
        after = after.model_copy(update={"catalog": args.catalog.stored()})
        check_key(space, configuration, after)
    was = contract_of(before)
    contract = Contract(
        properties=args.properties if "properties" in given else was.properties,
        relations=args.relations if "relations" in given else was.relations,
        facets=args.facets if "facets" in given else was.facets,
        default_sort=args.default_sort if "default_sort" in given else was.default_sort,
    )
    pins = {each.relation: each.revision for each in before.relations}
    fits = destination.value if "facets" in given else None  # a language may be gone since
    after = made(configuration, after, fits, contract, space.call.now)
    relations = [
        each.model_copy(update={"revision": pins.get(each.relation, 0)}) for each in after.relations
    ]
    after = after.model_copy(update={"relations": tuple(relations)})
    if version.value.published_at and not same_contract(before, after):
        message = (
            f"{before.id!r} was published: what it shows no longer changes, so that applications "
            "can rely on it. Use create_api_version with copy_from, and change it there."
        )
        raise Problem("conflict", message, status=state)
    return _stored(space, configuration, after, preview(space, after).cards, dry_run=args.dry_run)


def _stored(
    space: Workspace,
    configuration: Configuration,
    endpoint: Endpoint,
    affected: int,
    *,
    dry_run: bool,
) -> DestinationWritten:
    seen = configuration.find(ENDPOINTS, endpoint.id)
    follows = configuration.get(VERSIONS, endpoint.version).value
    feeds = follows.follows and endpoint.catalog is not None
    asks = publications.asks(space, [endpoint]) if feeds else None
    name = space.name(endpoint.collection)
    committed = space.configure(
        put(ENDPOINTS, endpoint, seen),
        redefines=[endpoint.collection] if follows.follows and not feeds else [],
        moves=following.feed(name, space.name(CONFIGURATION)) if feeds else None,
        also=asks.writes if asks else (),
        dry_run=dry_run,
    )
    if asks and not dry_run:
        asks.hand_over()
    return DestinationWritten(
        id=endpoint.id,
        state=follows.state,
        job_id="",
        affected=affected,
        revision=max(committed.seqs.values(), default=0),
        warnings=["Nothing was written: dry_run."] if dry_run else [],
    )


class DeleteEndpoint(Confirmed):
    """Which endpoint."""

    endpoint_id: EndpointId


def _would_delete(call: Call, args: DeleteEndpoint) -> Plan:
    space = Workspace(call)
    endpoint = space.configuration.get(ENDPOINTS, args.endpoint_id).value
    count = space.head(endpoint.collection).count
    return Plan(f"delete the endpoint {endpoint.id!r}. Cards stay.", {"entries": count})


class EndpointDeleted(Result):
    """What is gone."""

    deleted: str


@family.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete an endpoint",
    role=Role.PUBLISHER,
    plan=_would_delete,
)
def delete_endpoint(call: Call, args: DeleteEndpoint) -> EndpointDeleted:
    """Delete an endpoint of a version that is not published. Without confirm it says what goes."""
    space = Workspace(call)
    space.decide(partial(version_publishing.delete_endpoint, space, endpoint_id=args.endpoint_id))
    return EndpointDeleted(deleted=args.endpoint_id)


class SearchDestinationData(StudioArgs):
    """Which endpoint, and what is asked of it."""

    destination_id: DestinationId
    api_version: Annotated[str, Field(pattern=SOURCE_ID, description="Its name, such as v1.")]
    endpoint: Annotated[str, Field(pattern=SOURCE_ID, description="Its name.")]
    query: Annotated[
        dict[str, Any],
        Field(
            description="The body of a request, as the version's openapi says: top, filter, "
            "search, sortAsc, period, language."
        ),
    ] = {}  # noqa: RUF012  pydantic copies defaults

    def touches(self) -> tuple[str, ...]:
        """The endpoint's entries."""
        return (f"endpoint.{self.destination_id}.{self.api_version}.{self.endpoint}",)


@family.tool(
    scope="studio:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="Search destination data",
    returns=dict[str, Any],
)
def search_destination_data(call: Call, args: SearchDestinationData) -> dict[str, Any]:
    """Ask a published endpoint what applications ask it, and see exactly what they see."""
    space = Workspace(call)
    found = delivery.answering(
        space.configuration, args.destination_id, args.api_version, args.endpoint
    )
    try:
        asked = DeliveryQuery.model_validate(args.query)
    except ValidationError as error:
        raise invalid_arguments(error.errors(include_url=False)) from None
    return delivery.ask(space, found, asked).body
