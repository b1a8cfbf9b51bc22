"""A feed that a source is to fetch by itself."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from shared.pipeline.configuration import Configuration
from shared.pipeline.filters import duration_of
from shared.pipeline.schedules import LEAST, MOST
from shared.pipeline.sources import Feed, active, invalid
from shared.studio.arguments import FileRead


def _briefly(schema: dict[str, Any]) -> None:
    """Say what import_feed says already only there: a client pays for every word."""
    for name, each in schema["properties"].items():
        if name in FileRead.model_fields:
            each.pop("description", None)


class GivenFeed(FileRead):
    """A file that is fetched again and again; how it is read is said as for import_feed."""

    model_config = ConfigDict(json_schema_extra=_briefly)

    url: Annotated[
        str,
        Field(
            min_length=1, max_length=2048, description="https; the file is read as by import_feed."
        ),
    ]
    every: Annotated[str, Field(max_length=40, description="From PT1H to P7D (ISO 8601).")]

    def checked(self, configuration: Configuration) -> Feed:
        """The feed as it is stored. Raises `invalid`, `not_found`."""
        every = duration_of(self.every)
        if every is None or not LEAST <= every <= MOST:
            message = "Give a duration from PT1H to P7D, such as P1D for every day."
            raise invalid("feed.every", message)
        if self.variants_source_id:
            active(configuration, self.variants_source_id)
        return Feed.model_validate(self.model_dump())
