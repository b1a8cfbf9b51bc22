"""The configuration as a graph: what is defined, and what is linked to what."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from shared.errors import Problem
from shared.pipeline.configuration import Configuration
from shared.pipeline.sources import SOURCES
from shared.tool import Result

MOST_NODES: Final = 300
NodeKind = Literal["source"]
EdgeKind = Literal["relates"]


class Node(Result):
    """Something that is defined."""

    id: str
    kind: NodeKind
    name: str
    status: str


class Edge(Result):
    """A link between two nodes."""

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
        definition = _definition(configuration, focus)
        near = _around(focus, edges, depth)
        nodes = [node for node in nodes if node.id in near]
    if kinds:
        nodes = [node for node in nodes if node.kind in kinds]
    truncated = len(nodes) > MOST_NODES
    nodes = nodes[:MOST_NODES]
    shown = {node.id for node in nodes}
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


def _edges(configuration: Configuration) -> Iterable[Edge]:
    for each in configuration.every(SOURCES):
        for related in each.value.related:
            yield Edge(source=each.value.id, target=related, kind="relates")


def _definition(configuration: Configuration, focus: str) -> dict[str, Any]:
    found = configuration.find(SOURCES, focus)
    if found is None:
        raise Problem("not_found", f"Nothing here is called {focus!r}. List without a focus first.")
    return found.value.model_dump(mode="json", exclude_defaults=True)


def _around(focus: str, edges: Sequence[Edge], depth: int) -> set[str]:
    found = {focus}
    for _ in range(depth):
        found |= {edge.target for edge in edges if edge.source in found} | {
            edge.source for edge in edges if edge.target in found
        }
    return found
