"""The studio's demo, delivered: cards of its products, and a published version with them."""

from typing import Final

from shared.app import App
from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.engine.jobs import Asked, Done, Step
from shared.pipeline import card_building, version_publishing
from shared.pipeline.card_definitions import GivenCardProperty, GivenSource, checked_content
from shared.pipeline.cards import CARDS, CardDefinition
from shared.pipeline.configuration import put
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    VERSIONS,
    ApiVersion,
    Destination,
    Endpoint,
    EndpointFacet,
)
from shared.pipeline.sources import SOURCES
from shared.pipeline.workspace import Workspace
from shared.tool import Call

DESTINATION, VERSION, NAME = "shop", "v1", "products"
_VERSION_ID: Final = f"{DESTINATION}.{VERSION}"
_LANGUAGE: Final = "en"


def prepare(app: App, tenant: str, subject: str, org: str, source: str) -> None:
    """Make what is missing of it, and publish it."""
    caller = Caller("studio", subject, org, "catalog_owner", "owner", None, None)
    now = app.clock.now()
    call = Call(app, caller, "studio", "dev", now, {}, None, tenant=tenant, role=Role.OWNER)
    space = Workspace(call)
    if space.configuration.find(DESTINATIONS, DESTINATION) is not None:
        return
    if space.configuration.find(CARDS, NAME) is None:
        _cards(space, source)
    _define(space)
    published = version_publishing.publish(space, space.configuration, _VERSION_ID)
    _finish(app, published.job, version_publishing.publish_version)


def _define(space: Workspace) -> None:
    """A destination with a version whose endpoint shows all that the cards have."""
    content = space.configuration.get(CARDS, NAME).value.content
    properties = tuple(each.id for each in content.properties)
    now = space.call.now
    destination = Destination(
        id=DESTINATION,
        name="Web shop",
        languages=(_LANGUAGE,),
        default_language=_LANGUAGE,
        created_at=now,
    )
    version = ApiVersion(id=_VERSION_ID, destination=DESTINATION, name=VERSION, created_at=now)
    endpoint = Endpoint(
        id=f"{_VERSION_ID}.{NAME}",
        version=_VERSION_ID,
        name=NAME,
        card=NAME,
        properties=properties,
        facets=(EndpointFacet(property="brand"),) if "brand" in properties else (),
        created_at=now,
    )
    space.configure(
        put(DESTINATIONS, destination, None),
        put(VERSIONS, version, None),
        put(ENDPOINTS, endpoint, None),
    )
    space.forget_heads()


def _cards(space: Workspace, source: str) -> None:
    """Cards of all that the source has, built."""
    configuration = space.configuration
    known = configuration.get(SOURCES, source).value
    given = [
        GivenCardProperty(id=id_, type=each.type, delimiter=each.delimiter or "")
        for id_, each in known.properties.items()
        if each.type is not None
    ]
    content = checked_content(configuration, [GivenSource(source_id=source)], given)
    card = CardDefinition(id=NAME, name="Products", content=content, created_at=space.call.now)
    space.configure(put(CARDS, card, None))
    space.forget_heads()
    built = card_building.activate(space, space.configuration, NAME)
    _finish(space.call.app, built.job, card_building.build_cards)
    space.forget_heads()


def _finish(app: App, asked: Asked | None, step: Step) -> None:
    """Do a job's steps here: no function works yet. Its own turn finds nothing left to do."""
    while asked is not None and not isinstance(step(app, asked.id, asked.job), Done):
        pass
