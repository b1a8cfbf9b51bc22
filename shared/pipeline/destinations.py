"""Destinations: where product data is delivered, in versions that applications can rely on.

A version has endpoints; an endpoint delivers cards of one definition. Its contract (properties,
relations, facets, order) never changes once it was published, and its cards are read in the
revision that was in use then. What it contains follows segments and filters, in place.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from pydantic import Field

from shared.errors import Problem
from shared.exact import Exact
from shared.pipeline.cards import collection_of
from shared.pipeline.catalog_block import CatalogBlock
from shared.pipeline.configuration import Configuration, Defined, Definition, Kind

MOST_DESTINATIONS: Final = 50
"""Of one tenant."""
MOST_VERSIONS: Final = 50
"""Of one destination."""
MOST_ACTIVE: Final = 3
"""Versions of one destination that are published at once."""
MOST_ENDPOINTS: Final = 100
"""Of one version."""
PREFIX: Final = "endpoint"
OPENAPI: Final = "openapi"
"""No endpoint is called that: it is where a version is described."""

VersionState = Literal["New", "Publishing", "Active", "Stopped"]
Action = Literal["publish", "end", "stop"]
_MOVES: Final[Mapping[tuple[VersionState, Action], VersionState]] = {
    ("New", "publish"): "Publishing",
    ("Stopped", "publish"): "Publishing",
    ("Publishing", "end"): "Active",
    ("Active", "stop"): "Stopped",
}


class Destination(Definition):
    """A destination, `destination:{id}` of the configuration.

    `protected`, `origins`: what versions take over that say nothing themselves.
    """

    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...]
    default_language: str
    protected: bool = True
    origins: tuple[str, ...] = ()
    emit_events: bool = True
    created_at: datetime


class ApiVersion(Definition):
    """A version, `version:{destination}.{name}` of the configuration.

    `job` publishes it; `published_at`: when that was done last.
    """

    destination: str
    name: str
    description: str = ""
    protected: bool | None = None
    origins: tuple[str, ...] | None = None
    state: VersionState = "New"
    published_at: datetime | None = None
    job: str = ""
    created_at: datetime

    @property
    def follows(self) -> bool:
        """Whether its endpoints follow their cards."""
        return self.state in ("Publishing", "Active")

    def moved(self, action: Action) -> VersionState:
        """The state after an action. Raises `conflict`, naming what can be done."""
        after = _MOVES.get((self.state, action))
        if after is None:
            can = [each for state, each in _MOVES if state == self.state and each != "end"]
            wait = " Wait for its job, or cancel it." if self.state == "Publishing" else ""
            said = f" What can follow is: {', '.join(can)}." if can else wait
            message = f"The version {self.id!r} is {self.state}.{said}"
            raise Problem("conflict", message, status=self.state, job_id=self.job)
        return after


class Selection(Exact):
    """Which cards: those in any of `include` (all if empty), in none of `exclude`, that match."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    filters: tuple[dict[str, Any], ...] = ()


class Embedded(Exact):
    """Related cards that come within an entry, in the revision that was in use at publication."""

    relation: str
    card: str
    revision: int = 0
    properties: tuple[str, ...]
    selection: Selection = Selection()


class EndpointFacet(Exact):
    """A property whose values are counted; `headers`: what it is called, by language."""

    property: str
    size: int = 10
    headers: dict[str, str] = Field(default_factory=dict)


class EndpointSort(Exact):
    """A column of the order that nobody asked otherwise."""

    property: str
    descending: bool = False


class Endpoint(Definition):
    """An endpoint, `endpoint:{destination}.{version}.{name}` of the configuration.

    `revision`: of its cards; 0 before its version was published for the first time. `catalog`: the
    partner catalog that its entries become, if any.
    """

    version: str
    name: str
    card: str
    revision: int = 0
    selection: Selection = Selection()
    properties: tuple[str, ...]
    relations: tuple[Embedded, ...] = ()
    facets: tuple[EndpointFacet, ...] = ()
    sort: tuple[EndpointSort, ...] = ()
    catalog: CatalogBlock | None = None
    created_at: datetime

    @property
    def collection(self) -> str:
        """The collection of its entries."""
        return f"{PREFIX}.{self.id}"

    @property
    def reads(self) -> dict[tuple[str, int], None]:
        """The card definitions and revisions that it is computed from, its own first."""
        others = ((each.card, each.revision) for each in self.relations)
        return dict.fromkeys([(self.card, self.revision), *others])

    @property
    def inputs(self) -> list[str]:
        """The collections that it is computed from, its own cards first."""
        return [collection_of(*each) for each in self.reads]

    @property
    def segments(self) -> list[str]:
        """The segments that it names."""
        selections = [self.selection, *(each.selection for each in self.relations)]
        return [id_ for each in selections for id_ in (*each.include, *each.exclude)]


DESTINATIONS: Final = Kind("destination", Destination, "destination")
VERSIONS: Final = Kind("version", ApiVersion, "API version")
ENDPOINTS: Final = Kind(PREFIX, Endpoint, "endpoint")


class Placed(NamedTuple):
    """An endpoint with the version and the destination that it belongs to."""

    endpoint: Defined[Endpoint]
    version: Defined[ApiVersion]
    destination: Defined[Destination]


def protects(destination: Destination, version: ApiVersion) -> bool:
    """Whether reading a version takes a key of its own."""
    return destination.protected if version.protected is None else version.protected


def origins_of(destination: Destination, version: ApiVersion) -> tuple[str, ...]:
    """The web pages that may read a version."""
    return destination.origins if version.origins is None else version.origins


def placed(configuration: Configuration, endpoint_id: str) -> Placed:
    """An endpoint and what it belongs to. Raises `not_found`."""
    endpoint = configuration.get(ENDPOINTS, endpoint_id)
    version = configuration.get(VERSIONS, endpoint.value.version)
    return Placed(endpoint, version, configuration.get(DESTINATIONS, version.value.destination))


def versions_of(configuration: Configuration, destination: str) -> list[Defined[ApiVersion]]:
    """A destination's versions, in order of id."""
    every = configuration.every(VERSIONS)
    return [each for each in every if each.value.destination == destination]


def endpoints_of(configuration: Configuration, version: str) -> list[Defined[Endpoint]]:
    """A version's endpoints, in order of id."""
    every = configuration.every(ENDPOINTS)
    return [each for each in every if each.value.version == version]


def following(configuration: Configuration, besides: str = "") -> Iterator[Endpoint]:
    """The endpoints that follow their cards, but for those of one version."""
    for each in configuration.every(ENDPOINTS):
        version = configuration.find(VERSIONS, each.value.version)
        if version and version.value.follows and version.value.id != besides:
            yield each.value


def revisions_read(configuration: Configuration, besides: str = "") -> set[tuple[str, int]]:
    """Cards and revisions that published versions read, but for one version."""
    return {read for each in following(configuration, besides) for read in each.reads}


def check_no_segment(configuration: Configuration, segment: str) -> None:
    """Raises `conflict` where an endpoint includes or excludes a segment."""
    users = [e.value.id for e in configuration.every(ENDPOINTS) if segment in e.value.segments]
    _check_none(users, segment)


def check_no_relation(configuration: Configuration, relation: str) -> None:
    """Raises `conflict` where an endpoint shows what a relation relates."""
    every = (each.value for each in configuration.every(ENDPOINTS))
    users = [each.id for each in every if any(relation == r.relation for r in each.relations)]
    _check_none(users, relation)


def showing_relation(configuration: Configuration, relation: str) -> list[str]:
    """The collections of entries that follow their cards and show what a relation relates."""
    return [
        each.collection
        for each in following(configuration)
        if any(relation == shown.relation for shown in each.relations)
    ]


def of_card(configuration: Configuration, card: str) -> list[str]:
    """The endpoints that show cards of a definition."""
    every = (each.value for each in configuration.every(ENDPOINTS))
    return [each.id for each in every if card in (each.card, *(r.card for r in each.relations))]


def _check_none(users: list[str], what: str) -> None:
    if users:
        message = f"The endpoints {', '.join(users[:3])} name {what!r}. Change them first."
        raise Problem("conflict", message, used_by=users)
