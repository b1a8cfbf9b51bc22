"""A source that takes no changes while it is being emptied."""

from typing import Literal

from shared.engine.jobs import Asked
from shared.pipeline.configuration import Configuration, put
from shared.pipeline.sources import SOURCES
from shared.pipeline.workspace import Workspace


def close(space: Workspace, source: str, job: Asked) -> None:
    """Have a source take no changes but its emptying, which is a job. Raises `not_found`."""
    space.decide(lambda configuration: to_status(space, configuration, source, "Purging", job))


def to_status(
    space: Workspace,
    configuration: Configuration,
    source: str,
    status: Literal["Active", "Purging"],
    job: Asked | None = None,
) -> None:
    """Give a source a status; who imports by the former one loses."""
    before = configuration.get(SOURCES, source)
    after = before.value.model_copy(update={"status": status})
    space.configure(put(SOURCES, after, before), redefines=[after.entries], job=job)
