"""The categories of the granted catalogs, as one tree.

There is no taxonomy beside what catalogs say: a category is a category path that products have.
Its id is made of its path, so it is the same in every catalog that writes the path alike.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from shared.catalog.products.product import NAMESPACE
from shared.catalog.search.counting import MANY_VALUES, count_values
from shared.catalog.search.search import Question
from shared.catalog.search.shelf import Shelf
from shared.errors import Problem
from shared.facets import Facet, folded

SEPARATOR: Final = " > "
DEPTHS: Final = 7
MOST: Final = 5_000
"""Categories that are looked through for an id."""
_NOT_LETTERS: Final = re.compile(r"[\W_]+")


class Category(NamedTuple):
    """A category: the names from its root to itself."""

    names: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its name among all."""
        return SEPARATOR.join(self.names)

    @property
    def id(self) -> UUID:
        """The same wherever the path is, in whatever letter case."""
        return uuid5(NAMESPACE, f"category/{folded(self.path)}")

    @property
    def facets(self) -> tuple[Facet, ...]:
        """What selects its products."""
        return tuple(
            Facet(name=f"category_path.depth_{depth}", values=(name,))
            for depth, name in enumerate(self.names)
        )


def children(shelves: Sequence[Shelf], parent: Category | None) -> list[Category]:
    """The categories right below one, or the roots; by name."""
    names = parent.names if parent else ()
    if len(names) == DEPTHS:
        return []
    question = Question(facets=parent.facets if parent else ())
    found = count_values(shelves, question, f"category_path.depth_{len(names)}", most=MANY_VALUES)
    return [Category((*names, name)) for name, _ in sorted(found.values)]


def category(shelves: Sequence[Shelf], asked: str) -> Category:
    """The category of a path (in any letter case), a root's handle or an id; or `not_found`."""
    found = _by_path(shelves, asked.split(SEPARATOR.strip()))
    if found is None:
        try:
            wanted = UUID(asked)
        except ValueError:
            handle = _handle(asked)
            found = next((each for each in children(shelves, None) if _is(each, handle)), None)
        else:
            found = next((each for each in _every(shelves) if each.id == wanted), None)
    if found is None:
        raise Problem("not_found", "There is no such category. List the roots without a parent.")
    return found


def version(shelves: Sequence[Shelf]) -> str:
    """Differs when a catalog was published, or is granted or no longer."""
    served = " ".join(f"{shelf.catalog}@{shelf.version}" for shelf in shelves)
    return blake2b(served.encode(), digest_size=6).hexdigest()


def _by_path(shelves: Sequence[Shelf], names: Sequence[str]) -> Category | None:
    found: Category | None = None
    for name in map(folded, names):
        below = (each for each in children(shelves, found) if folded(each.names[-1]) == name)
        found = next(below, None)
        if found is None:
            return None
    return found


def _every(shelves: Sequence[Shelf]) -> Iterator[Category]:
    """Categories, level by level."""
    level: list[Category] = children(shelves, None)
    seen = 0
    while level and seen < MOST:
        yield from level
        seen += len(level)
        level = [below for each in level for below in children(shelves, each)]


def _is(root: Category, handle: str) -> bool:
    return _handle(root.names[0]) == handle


def _handle(text: str) -> str:
    return _NOT_LETTERS.sub("-", folded(text)).strip("-")
