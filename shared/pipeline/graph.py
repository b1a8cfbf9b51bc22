"""The configuration as a graph: what is defined, and what is linked to what."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from shared.errors import Problem
from shared.pipeline.cards import CARDS
from shared.pipeline.configuration import Configuration, Kind
from shared.pipeline.destinations import DESTINATIONS, ENDPOINTS, VERSIONS
from shared.pipeline.managed_tags import TAGS
from shared.pipeline.relations import RELATIONS
from shared.pipeline.segments import SEGMENTS
from shared.pipeline.sources import SOURCES
from shared.tool import Result

MOST_NODES: Final = 300
_KINDS: Final[tuple[Kind[Any], ...]] = (
    SOURCES, CARDS, SEGMENTS, RELATIONS, TAGS, DESTINATIONS, VERSIONS, ENDPOINTS,
)  # fmt: skip
NodeKind = Literal[
    "source", "card", "segment", "relation", "managed_tag", "destination", "version", "endpoint"
]
EdgeKind = Literal["relates", "feeds", "segments", "nests", "exposes", "includes", "excludes"]


class Node(Result):
    """Something that is defined."""

    id: str
    kind: NodeKind
    name: str
    status: str


class Edge(Result):
    """A link between two nodes, by their ids; what is no source has its kind in front."""

    source: str
    target: str
    kind: EdgeKind


class Graph(Result):
    """Nodes and the links between them; `definition` is the focused node, whole."""

    nodes: list[Node]
    edges: list[Edge]
    definition: dict[str, Any] | None = None
    truncated: bool
    hint: str


def of(configuration: Configuration, *, focus: str, kinds: Sequence[NodeKind], depth: int) -> Graph:
    """What is defined: all of it, or what is within some steps of a focus.

    Raises `not_found` for a focus that is nothing.
    """
    nodes = list(_nodes(configuration))
    edges = list(_edges(configuration))
    definition = None
    if focus:
        focused, definition = _definition(configuration, focus)
        near = _around(focused, edges, depth)
        nodes = [node for node in nodes if _place(node) in near]
    if kinds:
        nodes = [node for node in nodes if node.kind in kinds]
    truncated = len(nodes) > MOST_NODES
    nodes = nodes[:MOST_NODES]
    shown = {_place(node) for node in nodes}
    return Graph(
        nodes=nodes,
        edges=[edge for edge in edges if edge.source in shown and edge.target in shown],
        definition=definition,
        truncated=truncated,
        hint="Name a focus or kinds to see the rest." if truncated else "",
    )


def _nodes(configuration: Configuration) -> Iterable[Node]:
    for each in configuration.every(SOURCES):
        source = each.value
        yield Node(id=source.id, kind="source", name=source.name, status=source.status)
    for card in configuration.every(CARDS):
        of = card.value
        yield Node(id=of.id, kind="card", name=of.name, status=of.status)
    for relation in configuration.every(RELATIONS):
        yield Node(id=relation.value.id, kind="relation", name=relation.value.name, status="Active")
    for tag in configuration.every(TAGS):
        yield Node(
            id=tag.value.id, kind="managed_tag", name=tag.value.name, status=tag.value.status
        )
    for segment in configuration.every(SEGMENTS):
        its = segment.value
        yield Node(id=its.id, kind="segment", name=its.name, status=its.status)

    yield from _delivered(configuration)


def _delivered(configuration: Configuration) -> Iterable[Node]:
    for each in configuration.every(DESTINATIONS):
        yield Node(id=each.value.id, kind="destination", name=each.value.name, status="Active")
    states = {}
    for version in configuration.every(VERSIONS):
        states[version.value.id] = state = version.value.state
        yield Node(id=version.value.id, kind="version", name=version.value.name, status=state)
    for endpoint in configuration.every(ENDPOINTS):
        of = endpoint.value
        yield Node(id=of.id, kind="endpoint", name=of.name, status=states.get(of.version, ""))


def _place(node: Node) -> str:
    """What edges call a node."""
    return node.id if node.kind == "source" else f"{node.kind}:{node.id}"


def _edges(configuration: Configuration) -> Iterable[Edge]:
    for each in configuration.every(SOURCES):
        for related in each.value.related:
            yield Edge(source=each.value.id, target=related, kind="relates")
    for card in configuration.every(CARDS):
        for of in card.value.working.sources:
            yield Edge(source=of.source_id, target=CARDS.key(card.value.id), kind="feeds")
    for relation in configuration.every(RELATIONS):
        for card_id, _ in relation.value.sides():
            place = RELATIONS.key(relation.value.id)
            yield Edge(source=CARDS.key(card_id), target=place, kind="relates")
    for tag in configuration.every(TAGS):
        if tag.value.parent:
            above, own = TAGS.key(tag.value.parent), TAGS.key(tag.value.id)
            yield Edge(source=above, target=own, kind="nests")
    for segment in configuration.every(SEGMENTS):
        of_card, own = CARDS.key(segment.value.card), SEGMENTS.key(segment.value.id)
        yield Edge(source=of_card, target=own, kind="segments")
    yield from _deliveries(configuration)


def _deliveries(configuration: Configuration) -> Iterable[Edge]:
    for version in configuration.every(VERSIONS):
        above = DESTINATIONS.key(version.value.destination)
        yield Edge(source=above, target=VERSIONS.key(version.value.id), kind="exposes")
    for endpoint in configuration.every(ENDPOINTS):
        of, own = endpoint.value, ENDPOINTS.key(endpoint.value.id)
        yield Edge(source=VERSIONS.key(of.version), target=own, kind="exposes")
        for card, _ in of.reads:
            yield Edge(source=CARDS.key(card), target=own, kind="feeds")
        for segment in of.selection.include:
            yield Edge(source=SEGMENTS.key(segment), target=own, kind="includes")
        for segment in of.selection.exclude:
            yield Edge(source=SEGMENTS.key(segment), target=own, kind="excludes")


def _definition(configuration: Configuration, focus: str) -> tuple[str, dict[str, Any]]:
    """What edges call the focused node, and the node whole."""
    kind, _, id_ = focus.rpartition(":")
    for each in _KINDS:
        found = configuration.find(each, id_) if kind in ("", each.name) else None
        if found is not None:
            place = id_ if each is SOURCES else each.key(id_)
            return place, found.value.model_dump(mode="json", exclude_defaults=True)
    raise Problem("not_found", f"Nothing here is called {focus!r}. List without a focus first.")


def _around(focus: str, edges: Sequence[Edge], depth: int) -> set[str]:
    found = {focus}
    for _ in range(depth):
        found |= {edge.target for edge in edges if edge.source in found} | {
            edge.source for edge in edges if edge.target in found
        }
    return found
