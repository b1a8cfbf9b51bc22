"""A tenant as a picture: what is defined, in columns from sources to partners, drawn as SVG.

It is drawn on the server and needs no script. Every node is a link to its page.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from markupsafe import Markup, escape

COLUMNS: Final = (
    ("Sources", ("source",)),
    ("Cards", ("card", "relation", "managed_tag")),
    ("Segments", ("segment",)),
    ("Endpoints", ("endpoint",)),
    ("Destinations", ("version", "destination")),
    ("Catalogs", ("catalog",)),
    ("Partners", ("partner",)),
)
"""What stands below one another, by its heading. Data goes from left to right."""
WIDTH: Final = 180
HEIGHT: Final = 52
ACROSS: Final = 72
DOWN: Final = 14
TOP: Final = 30
"""Where nodes begin, below the headings."""
MOST_LETTERS: Final = 22


@dataclass(frozen=True)
class Node:
    """Something in the picture.

    Attributes:
        place: what links call it.
        to: the address of its page.
        state: a word, empty where it has none; `warns`: it is not as one would want it.
        count: how many it has, in words.
    """

    place: str
    kind: str
    name: str
    to: str
    state: str = ""
    count: str = ""
    warns: bool = False


class Link(NamedTuple):
    """A line between two nodes, by their places."""

    source: str
    target: str


class Picture(NamedTuple):
    """SVG elements, and how large they are."""

    drawing: Markup
    width: int
    height: int


def drawn(nodes: Sequence[Node], links: Iterable[Link]) -> Picture:
    """The nodes in their columns, and the lines between them. An empty column is left out."""
    columns = [
        (title, [node for node in nodes if node.kind in kinds])
        for title, kinds in COLUMNS
        if any(node.kind in kinds for node in nodes)
    ]
    spots: dict[str, tuple[int, int]] = {}
    parts = []
    for number, (title, below) in enumerate(columns):
        x = number * (WIDTH + ACROSS)
        parts.append(f'<text class="axis" x="{x}" y="14">{title}</text>')
        for at, node in enumerate(below):
            spots[node.place] = x, TOP + at * (HEIGHT + DOWN)
    tallest = max((len(below) for _, below in columns), default=0)
    lines = [
        _line(spots[link.source], spots[link.target])
        for link in links
        if link.source in spots and link.target in spots
    ]
    boxes = [_box(node, *spots[node.place]) for node in nodes if node.place in spots]
    return Picture(
        drawing=Markup("".join((*parts, *lines, *boxes))),  # noqa: S704  names are escaped below
        width=max(len(columns), 1) * (WIDTH + ACROSS) - ACROSS,
        height=TOP + tallest * (HEIGHT + DOWN),
    )


def neighbours(nodes: Iterable[Node], links: Iterable[Link]) -> Mapping[str, list[Node]]:
    """What each node is linked to, either way: what the lines say, for the table."""
    known = {node.place: node for node in nodes}
    found: defaultdict[str, list[Node]] = defaultdict(list)
    for link in links:
        if link.source in known and link.target in known:
            found[link.source].append(known[link.target])
            found[link.target].append(known[link.source])
    return found


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From the right side of the one to the left side of the other; within a column at its left."""
    (x1, y1), (x2, y2) = sorted((start, end))
    y1, y2 = y1 + HEIGHT // 2, y2 + HEIGHT // 2
    if x1 == x2:
        return f'<path class="link" d="M{x1} {y1}C{x1 - 40} {y1} {x2 - 40} {y2} {x2} {y2}"/>'
    x1 += WIDTH
    half = (x1 + x2) // 2
    return f'<path class="link" d="M{x1} {y1}C{half} {y1} {half} {y2} {x2} {y2}"/>'


def _box(node: Node, x: int, y: int) -> str:
    below = " · ".join(filter(None, (node.state, node.count)))
    name = node.name if len(node.name) <= MOST_LETTERS else f"{node.name[: MOST_LETTERS - 1]}…"
    return (
        f'<a href="{escape(node.to)}">'
        f'<rect class="node{" warns" if node.warns else ""}" x="{x}" y="{y}" width="{WIDTH}" '
        f'height="{HEIGHT}" rx="8"></rect>'
        f'<text class="name" x="{x + 12}" y="{y + 22}">{escape(name)}</text>'
        f'<text class="axis" x="{x + 12}" y="{y + 40}">{escape(below)}</text></a>'
    )
