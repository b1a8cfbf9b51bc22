"""Where an entry is on its way: stored, found, in cards, in endpoints; each with when.

Nothing of it is kept: each stage is read from what is there, so it says what is so now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from shared.engine.derived import Failures
from shared.engine.heads import CollectionName, Head
from shared.engine.history import of_record
from shared.engine.prepare import Stored
from shared.errors import Problem
from shared.pipeline import why
from shared.pipeline.card_projection import joined
from shared.pipeline.cards import CardDefinition, of_source
from shared.pipeline.checks import Fix
from shared.pipeline.destinations import ENDPOINTS, Endpoint
from shared.pipeline.sources import SOURCES, entries_of
from shared.pipeline.workspace import Workspace
from shared.query.answers import Item
from shared.query.kinds import SEGMENTS, Body

MOST_ENDPOINTS: Final = 20
"""Endpoints that one trace looks into."""
Status = Literal["ok", "pending", "failed", "missing"]
StageName = Literal["stored", "indexed", "card", "endpoint"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stop on the way.

    Attributes:
        of: the source, card definition or endpoint; `card` the card's key.
        at, seq: when it came there last, by which commit.
        lag_s: seconds after the entry was stored; None where that change altered nothing here.
    """

    stage: StageName
    of: str
    status: Status
    detail: str
    card: str = ""
    at: datetime | None = None
    seq: int = 0
    lag_s: float | None = None
    fix: Fix | None = None


class Trace(NamedTuple):
    """An entry's version, and its way."""

    version: int
    at: datetime | None
    stages: list[Stage]


def trace(
    space: Workspace, source_id: str, entry_id: str, destination: str = "", endpoint: str = ""
) -> Trace:
    """An entry's way; through endpoints of one destination, or one endpoint, if they are named.

    Raises `not_found` for an entry that never was there, and for what is named and is not.
    """
    source = space.configuration.get(SOURCES, source_id).value
    if endpoint:
        space.configuration.get(ENDPOINTS, endpoint)
    record = space.collections.get(space.name(source.entries), [entry_id]).get(entry_id)
    if record is None:
        raise Problem("not_found", f"There never was an entry {entry_id!r} in {source_id!r}.")
    way = _Way(space, source_id, entry_id, record)
    stages = [*way.stored(), *way.cards()]
    endpoints = [
        each.value
        for each in space.configuration.every(ENDPOINTS)
        if endpoint in ("", each.value.id)
        and destination in ("", each.value.version.partition(".")[0])
    ]
    stages += way.endpoints(stages, endpoints)
    return Trace(record.version, way.at, stages)


class _Way:
    """One entry's."""

    def __init__(self, space: Workspace, source: str, key: str, record: Stored) -> None:
        self._space = space
        self._source = source
        self._key = key
        self._record = record
        self._name: CollectionName = space.name(entries_of(source))
        documents = space.call.app.bulk_documents
        self._event = next(of_record(documents, self._name, key, record), None)
        self.at = self._event.entry.at if self._event else None

    def stored(self) -> Iterator[Stage]:
        """What was imported, and whether searches have it."""
        record, entry = self._record, self._event.entry if self._event else None
        seq = record.seqs[0]
        said = f" by {entry.by}, import {entry.import_id}" if entry else ""
        status: Status = "missing" if record.deleted else "ok"
        done = "deleted" if record.deleted else "stored"
        detail = f"Version {record.version} was {done}{said}."
        yield self._stage("stored", self._source, status, detail, at=self.at, seq=seq)
        head = self._space.head(self._name.id)
        item = self._space.collections.found(self._name, [self._key], head).get(self._key)
        is_there = item is None if record.deleted else item is not None and item.seq >= seq
        detail = "Searches have it." if is_there else "Searches do not have it yet: ask again."
        yield self._stage(
            "indexed", self._source, "ok" if is_there else "pending", detail, at=self.at, seq=seq
        )

    def cards(self) -> Iterator[Stage]:
        """The cards that it is part of, of each definition that takes from its source."""
        for card in of_source(self._space.configuration, self._source):
            if not card.revision or card.status == "Archived":
                fix = Fix("activate_card_definition", {"card_definition_id": card.id})
                detail = f"The definition is {card.status}: it has no cards."
                yield self._stage("card", card.id, "missing", detail, fix=fix)
                continue
            head = self._space.head(card.cards)
            keys = self._keys(card)
            if not keys:
                detail = "The entry names no card in its join property."
                yield self._stage("card", card.id, "missing", detail)
            for key in keys:
                yield self._card(card, head, key)

    def _keys(self, card: CardDefinition) -> list[str]:
        """The cards of a definition that the entry is part of."""
        property_ = next(
            (s.join_property for s in card.content.sources if s.source_id == self._source), ""
        )
        body: Body = self._record.body
        return list(joined(property_, body)) if property_ else [self._key]

    def _card(self, card: CardDefinition, head: Head, key: str) -> Stage:
        name = self._space.name(card.cards)
        item = self._space.collections.found(name, [key], head).get(key)
        failure = self._failure(name, head, key)
        if failure is not None:
            detail = f"The card could not be computed: {failure}"
            return self._stage("card", card.id, "failed", detail, key, item=item)
        followed = (head.inputs or {}).get(self._name.id, (0, 0))[1] >= self._record.seqs[0]
        if not followed or (head.walks and item is None):
            detail = "The card is being computed. Ask again in a moment."
            return self._stage("card", card.id, "pending", detail, key, item=item)
        if item is None:
            is_gone = self._record.deleted
            detail = "The card is gone with it." if is_gone else "There is no such card."
            return self._stage("card", card.id, "ok" if is_gone else "missing", detail, key)
        segments = ", ".join(item.body.get(SEGMENTS, ())) or "no segment"
        return self._stage("card", card.id, "ok", f"In {segments}.", key, item=item)

    def _failure(self, name: CollectionName, head: Head, key: str) -> str | None:
        if not head.failed:
            return None
        failures = Failures(self._space.call.app.bulk_documents, name)
        found = failures.of([key]).get(key)
        return found.error if found else None

    def endpoints(self, before: list[Stage], endpoints: list[Endpoint]) -> Iterator[Stage]:
        """What became of its cards in endpoints that show them."""
        cards: Mapping[str, list[Stage]] = {
            each.id: [s for s in before if s.of == each.card and s.stage == "card" and s.card]
            for each in endpoints
        }
        asked = [(each, stage) for each in endpoints for stage in cards[each.id]]
        for endpoint, stage in asked[:MOST_ENDPOINTS]:
            yield self._endpoint(endpoint, stage.card)

    def _endpoint(self, endpoint: Endpoint, card: str) -> Stage:
        found = why.checks(self._space, endpoint.id, card, "")
        first = next((each for each in found if each.cause), None)
        own = next((each for each in found if each.name == "entry_of_endpoint"), None)
        evidence: Mapping[str, Any] = own.evidence if own else {}
        if first is None:
            at, seq = evidence["at"], evidence["seq"]
            detail = "Applications see it."
            return self._stage("endpoint", endpoint.id, "ok", detail, card, at=at, seq=seq)
        cause = first.cause or ""
        status: Status = "missing"
        if cause.endswith(("_pending", "_publishing")):
            status = "pending"
        elif cause.endswith("_failed"):
            status = "failed"
        detail = f"{cause}: {first.detail}"
        return self._stage("endpoint", endpoint.id, status, detail, card, fix=first.fix)

    def _stage(
        self,
        stage: StageName,
        of: str,
        status: Status,
        detail: str,
        card: str = "",
        *,
        item: Item | None = None,
        at: datetime | None = None,
        seq: int = 0,
        fix: Fix | None = None,
    ) -> Stage:
        at, seq = (item.updated, item.seq) if item else (at, seq)
        follows = at is not None and self.at is not None and at >= self.at
        lag = (at - self.at).total_seconds() if follows and at and self.at else None
        return Stage(stage, of, status, detail, card, at, seq, lag, fix)
