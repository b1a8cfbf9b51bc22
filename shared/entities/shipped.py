"""The schema packages that come with the product: data files, checked when they are first read."""

from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from shared.entities.declared import Package
from shared.entities.graph import Graph
from shared.entities.values import assigned, defaults
from shared.errors import Problem

FOLDER: Final = Path(__file__).parent / "packages"
SYSTEM: Final = "System-1.0.0"
"""What every tenant has."""
_KEPT: Final = 64


@cache
def packages() -> dict[str, Package]:
    """Every package by its id. Raises ValueError for one that is not right."""
    found = [
        Package.model_validate_json(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))
    ]
    return {package.model_id: package for package in found}


def package(model_id: str) -> Package:
    """The package of an id. Raises `not_found`, naming those there are."""
    found = packages().get(model_id)
    if found is None:
        known = ", ".join(packages())
        raise Problem("not_found", f"There is no package {model_id[:100]!r}. There are {known}.")
    return found


def with_dependencies(model_ids: Iterable[str]) -> tuple[str, ...]:
    """These packages and all that they need, in order. Raises `not_found`."""
    found: dict[str, None] = {}

    def add(model_id: str) -> None:
        for each in package(model_id).dependencies:
            add(each)
        found[model_id] = None

    for each in (SYSTEM, *model_ids):
        add(each)
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def graph(model_ids: tuple[str, ...]) -> Graph:
    """What some packages declare together. Raises ValueError where they do not fit together."""
    made = Graph(package(each) for each in model_ids)
    for type_ in made.types.values():
        try:
            assigned(type_, {}, defaults(type_), complete=False)
        except Problem as problem:
            raise ValueError(f"{type_.id}: {problem.message}") from problem
    return made
