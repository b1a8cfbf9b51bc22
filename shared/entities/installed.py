"""Which schema packages a tenant has: definitions of its configuration, and `System` always."""

from typing import Final

from shared.entities import shipped
from shared.entities.graph import Graph
from shared.pipeline.configuration import Configuration, Definition, Kind, put
from shared.pipeline.workspace import Workspace
from shared.ports.documents import Put
from shared.tool import say

ENTITIES: Final = "entities"
"""The collection of a tenant's entities and the associations between them."""


class Installed(Definition):
    """A package that a tenant has, `model:{name}` of its configuration; `id` is its name."""

    model_id: str


MODELS: Final = Kind("model", Installed, "schema package")


def model_ids(configuration: Configuration) -> tuple[str, ...]:
    """The ids of a tenant's packages, each behind what it needs."""
    own = [each.value.model_id for each in configuration.every(MODELS)]
    return shipped.with_dependencies(own)


def graph_of(configuration: Configuration) -> Graph:
    """Every type that a tenant has."""
    return shipped.graph(model_ids(configuration))


def install(space: Workspace, model_id: str, also: Put) -> tuple[str, ...]:
    """Give a tenant a package with all it needs; the ids of its packages then.

    Who changes entities by the types of before loses, and checks them anew. Doing it again changes
    nothing. `also` is the audit record of it. Raises `not_found`.
    """
    wanted = shipped.with_dependencies([model_id])

    def decide(configuration: Configuration) -> tuple[str, ...]:
        there = model_ids(configuration)
        edits = [
            put(MODELS, Installed(id=name, model_id=each), configuration.find(MODELS, name))
            for each in wanted
            if each not in there and (name := shipped.package(each).name)
        ]
        if edits:
            space.configure(*edits, redefines=[ENTITIES], also=(also,))
            say(also)
            space.forget_heads()
        return model_ids(space.configuration)

    return space.decide(decide)
