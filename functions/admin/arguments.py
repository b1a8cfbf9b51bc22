"""What arguments of operators' tools have in common."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from shared.tool import Args


class Nothing(Args):
    """Takes nothing."""


class OfTenant(Args):
    """What is about one tenant. The gate reads its name from the call, so no tool does."""

    tenant_id: Annotated[
        str, Field(max_length=100, description="The tenant; the address's if left out.")
    ] = ""


class Sliced(Args):
    """Which part of a list."""

    skip: Annotated[int, Field(ge=0, le=100_000, description="How many to pass over.")] = 0
    take: Annotated[int, Field(ge=1, le=1000, description="Most at once.")] = 100

    def of(self, items: list[Any]) -> list[Any]:
        """That part."""
        return items[self.skip : self.skip + self.take]


def touched(args: Any, tenant: str) -> Iterable[str]:
    """The documents that the gate reads along for a call about a tenant."""
    del args, tenant
    return ()
