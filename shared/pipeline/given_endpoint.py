"""Parts of an endpoint as callers give them."""

from typing import Annotated

from pydantic import Field

from shared.exact import Exact
from shared.pipeline.destinations import Selection
from shared.pipeline.filters import Filter

Ids = Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=1_000)]


class Given(Exact):
    """A part of an endpoint as a caller gives it."""


class GivenSelection(Given):
    """Cards in any of `include_segments` (all if empty), in none of `exclude_segments`."""

    include_segments: Ids = ()
    exclude_segments: Ids = ()
    filters: Annotated[tuple[Filter, ...], Field(max_length=50)] = ()

    def stored(self) -> Selection:
        """As an endpoint keeps it."""
        return Selection(
            include=tuple(dict.fromkeys(self.include_segments)),
            exclude=tuple(dict.fromkeys(self.exclude_segments)),
            filters=tuple(
                each.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                for each in self.filters
            ),
        )


class GivenRelation(Given):
    """Related cards that come within an entry."""

    relation_id: Annotated[str, Field(max_length=100)]
    properties: Ids
    content_selection: GivenSelection = GivenSelection()


class GivenFacet(Given):
    """A property whose values are counted; `headers`: its name by language."""

    property: Annotated[str, Field(max_length=100)]
    size: Annotated[int, Field(ge=1, le=100)] = 10
    headers: dict[str, str] = Field(default_factory=dict, max_length=20)
