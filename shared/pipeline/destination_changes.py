"""Destinations and versions as callers give them: checked, made, changed."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from shared.errors import Problem
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import (
    DESTINATIONS,
    MOST_DESTINATIONS,
    MOST_VERSIONS,
    VERSIONS,
    ApiVersion,
    Destination,
    Endpoint,
    endpoints_of,
    versions_of,
)
from shared.pipeline.endpoints import copied
from shared.pipeline.sources import SOURCE_ID, checked_languages, invalid

ORIGIN: Final = r"^https?://[A-Za-z0-9.-]{1,250}(:[0-9]{1,5})?$"
_NUMBERED: Final = re.compile(r"v([0-9]{1,6})")


class GivenDestination(NamedTuple):
    """A destination as it is given."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    languages: tuple[str, ...]
    default_language: str
    protected: bool
    origins: tuple[str, ...]
    emit_events: bool


def new_destination(
    configuration: Configuration, given: GivenDestination, now: datetime
) -> Destination:
    """A new destination. Raises `invalid`, `conflict` for an id that is taken, `too_large`."""
    if not given.name:
        raise invalid("display_name", "Give the destination a name.")
    if not re.fullmatch(SOURCE_ID, given.id):
        raise invalid("id", "An id is 1 to 100 letters, digits, hyphens and underscores.")
    if configuration.find(DESTINATIONS, given.id) is not None:
        message = f"There is a destination {given.id!r} already."
        raise Problem("conflict", message, field="id")
    if sum(1 for _ in configuration.every(DESTINATIONS)) >= MOST_DESTINATIONS:
        message = f"The tenant has {MOST_DESTINATIONS} destinations, and may have no more."
        raise Problem("too_large", message, limit=MOST_DESTINATIONS)
    languages, default = _languages(given.languages, given.default_language)
    fields = given._asdict() | {"languages": languages, "default_language": default}
    return Destination(**fields, created_at=now)


def changed(destination: Destination, given: Mapping[str, Any]) -> Destination:
    """The destination with what is given. Raises `invalid`."""
    names = {
        "display_name": "name",
        "description": "description",
        "tags": "tags",
        "allowed_origins": "origins",
        "emit_events": "emit_events",
    }
    update = {names[each]: value for each, value in given.items() if each in names}
    if update.get("name") == "":
        raise invalid("display_name", "A destination has a name.")
    languages, default = _languages(
        given.get("languages", destination.languages),
        given.get("default_language", destination.default_language),
    )
    update |= {"languages": languages, "default_language": default}
    return destination.model_copy(update=update)


def _languages(given: tuple[str, ...], default: str) -> tuple[tuple[str, ...], str]:
    languages = checked_languages(given)
    if not languages:
        raise invalid("languages", "Name at least one language, such as en.")
    (chosen,) = checked_languages([default or languages[0]])
    if chosen not in languages:
        said = f"It is one of the languages: {', '.join(languages)}."
        raise invalid("default_language", said)
    return languages, chosen


def next_name(configuration: Configuration, destination: str) -> str:
    """What the next version is called: one above the highest number."""
    names = (each.value.name for each in versions_of(configuration, destination))
    numbers = [int(found[1]) for name in names if (found := _NUMBERED.fullmatch(name))]
    return f"v{max(numbers, default=0) + 1}"


def new_version(
    configuration: Configuration,
    destination: str,
    name: str,
    copy_from: str,
    *,
    now: datetime,
    description: str = "",
    protected: bool | None = None,
) -> tuple[ApiVersion, list[Endpoint]]:
    """A new version with the endpoints of another one. Raises `conflict`, `not_found`."""
    there = versions_of(configuration, destination)
    id_ = f"{destination}.{name}"
    if any(each.value.id == id_ for each in there):
        message = f"{destination!r} has a version {name!r} already."
        raise Problem("conflict", message, field="name")
    if len(there) >= MOST_VERSIONS:
        message = f"{destination!r} has {MOST_VERSIONS} versions, and may have no more."
        raise Problem("too_large", message, limit=MOST_VERSIONS)
    version = ApiVersion(
        id=id_,
        destination=destination,
        name=name,
        description=description,
        protected=protected,
        created_at=now,
    )
    if not copy_from:
        return version, []
    source = configuration.get(VERSIONS, f"{destination}.{copy_from.rpartition('.')[2]}")
    return version, list(copied(configuration, source.value.id, version))


def versions_collections(configuration: Configuration, destination: str) -> list[str]:
    """The collections of entries that a destination's published versions keep true."""
    return [
        endpoint.value.collection
        for version in versions_of(configuration, destination)
        if version.value.follows
        for endpoint in endpoints_of(configuration, version.value.id)
    ]
