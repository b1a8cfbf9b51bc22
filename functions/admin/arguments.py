"""What arguments of operators' tools have in common."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shared.entities.installed import ENTITIES
from shared.pipeline import workspace
from shared.tool import Args

CkTypeId = Annotated[
    str, Field(min_length=1, max_length=300, description="The type: Demo/Machine.")
]
CkRoleId = Annotated[
    str, Field(min_length=1, max_length=300, description="The role: System/ParentChild.")
]


def _direction(given: Any) -> Any:
    """A direction by its name or number."""
    return {"1": "Inbound", "2": "Outbound"}.get(str(given), given)


Direction = Annotated[
    Literal["Inbound", "Outbound"],
    BeforeValidator(_direction),
    Field(description="Outbound leads from the origin to the target."),
]
RtId = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$", description="The entity's id.")]


class Nothing(Args):
    """Takes nothing."""


class OfTenant(Args):
    """What is about one tenant. The gate reads its name from the call, so no tool does."""

    tenant_id: Annotated[
        str, Field(max_length=100, description="The tenant; the address's if left out.")
    ] = ""


class OfEntities(OfTenant):
    """What is about a tenant's entities."""

    def touches(self) -> Iterable[str]:
        """Collections, beside the configuration, whose heads the gate reads along."""
        return (ENTITIES,)


class Sliced(Args):
    """Which part of a list."""

    skip: Annotated[int, Field(ge=0, le=100_000, description="How many to pass over.")] = 0
    take: Annotated[int, Field(ge=1, le=1000, description="Most at once.")] = 100

    def of(self, items: list[Any]) -> list[Any]:
        """That part."""
        return items[self.skip : self.skip + self.take]


def touched(args: Any, tenant: str) -> Iterable[str]:
    """The documents that the gate reads along for a call about a tenant: heads."""
    return workspace.touched(tenant, *(args.touches() if isinstance(args, OfEntities) else ()))
