"""What an endpoint answers: its entries as applications see them.

An answer has every commit that was acknowledged before it, or there is none: a delta that was a
commit short would lose it for good.
"""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from shared.engine.catching_up import Budget
from shared.engine.derived import KEPT
from shared.engine.heads import Head
from shared.engine.history import first_at, of_range
from shared.engine.log import entry_path
from shared.errors import Problem
from shared.pipeline.cards import CardProperty
from shared.pipeline.configuration import Configuration
from shared.pipeline.delivery_query import DeliveryQuery, Reader
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    VERSIONS,
    Destination,
    Endpoint,
    Placed,
    versions_of,
)
from shared.pipeline.endpoint_content import ID, Shape, content_of, languages_of
from shared.pipeline.workspace import Workspace
from shared.query.answers import Answer, Item
from shared.query.kinds import Body, Kind, body_key

_BUDGET: Final = Budget(records=100_000, bytes=256 * 1024 * 1024, seconds=5.0)
_MOST_COMMITS: Final = 1_000
"""Commits whose deletions one page looks for."""
_TICK: Final = timedelta(microseconds=1)
"""No commit comes sooner after another: what is from then on is what this answer does not have."""


class Delivered(NamedTuple):
    """An answer, and what it is known by: equal as long as nothing in it changes."""

    body: dict[str, Any]
    etag: str


def answering(configuration: Configuration, destination: str, version: str, name: str) -> Placed:
    """The endpoint of that name. Raises `not_found`; `conflict` where its version is not active."""
    owner = configuration.get(DESTINATIONS, destination)
    found = configuration.find(VERSIONS, f"{destination}.{version}")
    if found is None:
        known = ", ".join(each.value.name for each in versions_of(configuration, destination))
        there = f" There are {known}." if known else ""
        raise Problem("not_found", f"{destination!r} has no version {version[:100]!r}.{there}")
    if found.value.state != "Active":
        message = f"The version {found.value.id!r} is {found.value.state}: it answers once active."
        raise Problem("conflict", message, status=found.value.state)
    endpoint = configuration.get(ENDPOINTS, f"{found.value.id}.{name}")
    return Placed(endpoint, found, owner)


class Shown:
    """What an endpoint shows, in one language. Raises `invalid` for none of the destination's."""

    def __init__(
        self,
        configuration: Configuration,
        endpoint: Endpoint,
        destination: Destination,
        language: str = "",
    ) -> None:
        self.endpoint = endpoint
        self.language = language or destination.default_language
        if self.language not in destination.languages:
            known = ", ".join(destination.languages)
            message = f"The destination's languages are {known}."
            raise Problem("invalid", message, field="language")
        languages = languages_of(destination)
        content = content_of(configuration, self.endpoint.card, self.endpoint.revision)
        self.properties = Shape(content, self.endpoint.properties, languages).properties
        self.embedded = {
            each.relation: Shape(
                content_of(configuration, each.card, each.revision), each.properties, languages
            ).properties
            for each in self.endpoint.relations
        }
        self.reader = Reader({each.id: each.kind for each in self.properties}, self.language)

    def shown(self, item: Item) -> dict[str, Any]:
        """One entry."""
        made: dict[str, Any] = {"id": item.key}
        made |= {each.id: self._value(each, item.body) for each in self.properties}
        for relation, properties in self.embedded.items():
            bodies = item.body.get(body_key(Kind.RECORDS, relation), ())
            made[relation] = [
                {"id": body[ID]} | {each.id: self._value(each, body) for each in properties}
                for body in bodies
            ]
        return made

    def _value(self, property_: CardProperty, body: Body) -> Any:
        value = body.get(body_key(property_.kind, property_.id))
        if value is not None and property_.kind.is_localized:
            return value.get(self.language)
        return value

    def facets(self, answer: Answer) -> list[dict[str, Any]]:
        """The counts."""
        return [
            {
                "propertyId": facet.property,
                "header": facet.headers.get(self.language, facet.property),
                "values": [{"key": each.value, "count": each.count} for each in counted],
            }
            for facet, counted in zip(self.endpoint.facets, answer.facets, strict=True)
        ]


def ask(space: Workspace, placed: Placed, asked: DeliveryQuery) -> Delivered:
    """What matches, as an application sees it. Raises `invalid`, `too_broad`, `cursor_expired`."""
    configuration = space.configuration
    of = Shown(configuration, placed.endpoint.value, placed.destination.value, asked.language)
    name, head = space.name(of.endpoint.collection), space.head(of.endpoint.collection)
    facets = [of.reader.facet(each.property, each.size) for each in of.endpoint.facets]
    order = [
        of.reader.sort(each.property, each.descending, "default_sort") for each in of.endpoint.sort
    ]
    question = of.reader.question(asked, () if asked.listIds else facets, order)
    answer, freshness = space.collections.ask(name, question, head, _BUDGET)
    if freshness.behind:
        message = "The entries are being read into memory. Try again in a moment."
        raise Problem("unavailable", message, reason="catching_up", retry_after=1)
    body: dict[str, Any] = {"language": of.language}
    if asked.includeTotals:
        body["total"] = answer.total
    body["results"] = [each.key if asked.listIds else of.shown(each) for each in answer.items]
    if question.facets:
        body["facets"] = of.facets(answer)
    if asked.includeDeleted:
        body["deleted"] = _deleted(space, of.endpoint, head, asked, answer)
    body["cursor"] = answer.cursor
    body["until"] = _told(head.at + _TICK)
    return Delivered(body, etag(placed, head, asked))


def etag(placed: Placed, head: Head, asked: DeliveryQuery) -> str:
    """What the answer to a question is known by."""
    said = [
        head.epoch,
        head.seq,
        placed.endpoint.value.id,
        placed.endpoint.seq,
        placed.destination.seq,
        asked.model_dump(mode="json", exclude_defaults=True),
    ]
    digest = blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
    return f'"{digest}"'


def _deleted(
    space: Workspace, endpoint: Endpoint, head: Head, asked: DeliveryQuery, answer: Answer
) -> list[str]:
    """Ids of entries that are gone since, in the range of ids that this page is about."""
    since = asked.period.since
    if since is None:
        return []
    _check_kept(space, endpoint, head, asked)
    name, documents = space.name(endpoint.collection), space.call.app.bulk_documents
    first = first_at(documents, name, head, since)
    if head.seq - first >= _MOST_COMMITS:
        message = "Too much changed since then. List all ids (listIds) and compare."
        raise Problem("too_broad", message, limit=_MOST_COMMITS)
    start = asked.after[0] if asked.after else ""
    end = answer.items[-1].key if answer.cursor else None
    gone: dict[str, bool] = {}
    for event in of_range(documents, name, range(first, head.seq + 1)):
        key = event.row.key
        if key > start and (end is None or key <= end):
            gone[key] = event.row.deletes
    return sorted(key for key, is_gone in gone.items() if is_gone)


def _check_kept(space: Workspace, endpoint: Endpoint, head: Head, asked: DeliveryQuery) -> None:
    """Raises `invalid` where deletions since then are not known any more."""
    kept_since = space.call.now - KEPT + timedelta(hours=1)
    if head.emptied:
        path = entry_path(space.name(endpoint.collection), head.emptied + 1)
        begun = space.call.app.bulk_documents.get(path)
        kept_since = max(kept_since, begun.data["at"] if begun else head.at)
    if asked.period.since is not None and asked.period.since < kept_since:
        message = (
            f"Deletions are known since {_told(kept_since)}. List all ids (listIds) and "
            "compare, then ask for what changed since that."
        )
        errors = [{"path": "period.since", "message": message}]
        raise Problem("invalid", message, errors=errors, kept_since=_told(kept_since))


def _told(at: datetime) -> str:
    """A time as it can stand in an address: a plus sign there would be a space."""
    return at.isoformat().replace("+00:00", "Z")
