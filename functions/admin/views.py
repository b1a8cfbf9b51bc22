"""How the admin face shows entities and takes values."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.entities.entity import Entity, view
from shared.entities.graph import Graph
from shared.entities.values import Given
from shared.exact import Exact
from shared.tool import Result


class AttributeUpdateItem(Exact):
    """A value for an attribute; null clears one that is optional."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    attribute_path: Annotated[str, Field(description="Contact.FirstName; rtWellKnownName.")]
    value: Any

    @property
    def given(self) -> Given:
        """As entities take it."""
        return Given(self.attribute_path, self.value)


class AttributeValue(Result):
    """A value; a record's is a list of the same form."""

    attribute_name: str
    value: Any


def _is_none(value: Any) -> bool:
    return value is None


Known = Annotated[str | None, Field(exclude_if=_is_none)]
"""A text that is left out where there is none."""


class RtEntity(Result):
    """An entity; `rtVersion` rises with every change."""

    rt_id: str
    ck_type_id: str
    rt_creation_date_time: str | None
    rt_changed_date_time: str | None
    rt_archived_date_time: Known = None
    rt_well_known_name: Known = None
    rt_display_name: Annotated[Any, Field(exclude_if=_is_none)] = None
    rt_version: int
    rt_state: Literal["Active", "Archived"]
    attributes: list[AttributeValue]


def shown(graph: Graph, entity: Entity, paths: frozenset[str] = frozenset()) -> RtEntity:
    """An entity, cut to some attributes."""
    return RtEntity.model_validate(view(graph, entity, paths))
