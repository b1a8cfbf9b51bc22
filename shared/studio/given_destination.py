"""Destinations as callers give them."""

from typing import Annotated

from pydantic import Field

from shared.pipeline.destination_changes import ORIGIN, GivenDestination
from shared.pipeline.drafts import slug
from shared.studio.arguments import StudioArgs

Origins = Annotated[
    tuple[Annotated[str, Field(pattern=ORIGIN)], ...],
    Field(max_length=50, description="Web pages that may read it, as https://shop.example."),
]
Protected = Annotated[bool, Field(description="Whether reading it takes a key.")]


class Described(StudioArgs):
    """What people call it."""

    display_name: Annotated[str, Field(max_length=200, description="For people.")] = ""
    description: Annotated[str, Field(max_length=2000, description="What it is for.")] = ""
    tags: Annotated[
        tuple[Annotated[str, Field(max_length=100)], ...],
        Field(max_length=50, description="To find it by."),
    ] = ()


class NewDestination(Described):
    """A destination as it is given; all of it may be left out."""

    id: Annotated[str, Field(max_length=100, description="In its address.")] = ""
    languages: Annotated[tuple[str, ...], Field(max_length=20, description="Of its values.")] = ()
    default_language: Annotated[str, Field(description="The first if empty.")] = ""
    protected: Protected = True
    allowed_origins: Origins = ()
    emit_events: Annotated[bool, Field(description="Kept for when events come.")] = True

    def given(self) -> GivenDestination:
        """What is given."""
        return GivenDestination(
            id=self.id or slug(self.display_name),
            name=self.display_name,
            description=self.description,
            tags=self.tags,
            languages=self.languages,
            default_language=self.default_language or next(iter(self.languages), ""),
            protected=self.protected,
            origins=self.allowed_origins,
            emit_events=self.emit_events,
        )
