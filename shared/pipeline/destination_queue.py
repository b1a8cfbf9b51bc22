"""What entries of endpoints wait for, and what became of it: read from logs, never stored.

A card waits while its endpoint has not followed the commit that changed it; of several such commits
the newest counts. What was done stands in the endpoint's own log, for as long as that is kept.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final, Literal, NamedTuple

from shared.engine.derived import Failures
from shared.engine.heads import CollectionName, Head
from shared.engine.history import first_at
from shared.engine.log import Logged, read_entries, read_tail
from shared.engine.rows import Row
from shared.pipeline.configuration import CONFIGURATION
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    VERSIONS,
    Endpoint,
    endpoints_of,
    versions_of,
)
from shared.pipeline.endpoint_projection import projection_of
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace
from shared.query.kinds import SEGMENTS

Reason = Literal[
    "card_changed", "card_deleted", "segment_changed", "relation_changed", "definition_activated",
    "selection_changed", "languages_changed", "version_published", "unknown",
]  # fmt: skip
Status = Literal["pending", "completed", "failed"]
STAGES: Final[Sequence[Status]] = ("pending", "failed", "completed")
_MOST_WAITING: Final = 500
"""Commits of one input that are looked through for what waits."""
_MOST_SCANNED: Final = 200
"""Commits of endpoints that one page looks at."""
_AT_ONCE: Final = 20
_DEFINITION: Final = "definition"
_REASONS: Final[Mapping[str, Reason]] = {
    "version": "version_published",
    "destination": "languages_changed",
    "endpoint": "selection_changed",
    "card": "definition_activated",
}
"""Of what was defined anew, by kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows; what is empty does not count."""

    destination: str
    version: str = ""
    endpoint: str = ""
    card: str = ""
    status: Status | Literal[""] = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One card of one endpoint: what made it necessary to compute it, and what that came to.

    Attributes:
        card: empty where all of them are computed anew.
        seq: the commit that it waits for; of what was done, the endpoint's own.
        cause: as the log names it, before `reason` is worked out.
    """

    endpoint: str
    seq: int
    card: str
    status: Status
    reason: Reason = "unknown"
    attempts: int = 0
    error: str = ""
    enqueued_at: datetime | None = None
    finished_at: datetime | None = None
    cause: str = ""

    @property
    def id(self) -> str:
        """The endpoint, the commit and the card."""
        return f"{self.endpoint}:{self.seq}:{self.card}"

    def place(self) -> "Place":
        """Where a page that ends with it goes on."""
        return Place(self.endpoint, STAGES.index(self.status), self.seq, self.card)


class Place(NamedTuple):
    """Where a walk through the rows stands."""

    endpoint: str = ""
    stage: int = 0
    seq: int = 0
    card: str = ""

    def __str__(self) -> str:
        return f"{self.endpoint}:{self.stage}:{self.seq}:{self.card}"

    @classmethod
    def of(cls, cursor: str) -> "Place":
        """Where a cursor says. Raises `invalid` for what is none."""
        if not cursor:
            return cls()
        parts = cursor.split(":", 3)
        if len(parts) != len(cls._fields) or not (parts[1] in "012" and parts[2].isdecimal()):
            raise invalid("cursor", "This is not a cursor of this list.")
        return cls(parts[0], int(parts[1]), int(parts[2]), parts[3])


class Page(NamedTuple):
    """Some rows, and where to go on."""

    rows: list[Waiting]
    cursor: str | None


def page(space: Workspace, asked: Asked, limit: int, cursor: str) -> Page:
    """Rows by endpoint: what waits, what failed, what was done, newest first.

    A page may be short and still have more. Raises `not_found`, `invalid`.
    """
    at = Place.of(cursor)
    budget = [_MOST_SCANNED]
    every = _rows(space, asked, at, budget)
    found = list(islice(every, limit + 1)) if limit else []
    rows = [each for each in found[:limit] if isinstance(each, Waiting)]
    rest = next((each for each in found if isinstance(each, Place)), None)
    cursor_ = str(rest) if rest else str(rows[-1].place()) if len(found) > limit else None
    return Page(_with_reasons(space, rows), cursor_)


def _rows(
    space: Workspace, asked: Asked, at: Place, budget: list[int]
) -> Iterator[Waiting | Place]:
    """The rows behind a place; a place where a page has looked at enough."""
    for endpoint in _endpoints(space, asked):
        if endpoint.id < at.endpoint:
            continue
        here = at if endpoint.id == at.endpoint else Place(endpoint.id)
        of = _Endpoint(space, endpoint, asked)
        if of.head.inputs is None:
            continue
        for stage, status in enumerate(STAGES):
            if stage < here.stage or asked.status not in ("", status):
                continue
            behind = here if stage == here.stage else Place(endpoint.id, stage)
            if status == "pending":
                yield from of.pending(behind)
            elif status == "failed":
                yield from of.failed(behind.card)
            else:
                yield from of.completed(behind, budget)
                if budget[0] <= 0:
                    return


def _endpoints(space: Workspace, asked: Asked) -> list[Endpoint]:
    configuration = space.configuration
    configuration.get(DESTINATIONS, asked.destination)
    if asked.endpoint:
        found = [configuration.get(ENDPOINTS, asked.endpoint)]
    else:
        versions = [each.value.id for each in versions_of(configuration, asked.destination)]
        if asked.version:
            name = asked.version.rpartition(".")[2]
            versions = [configuration.get(VERSIONS, f"{asked.destination}.{name}").value.id]
        found = [each for id_ in versions for each in endpoints_of(configuration, id_)]
    return sorted((each.value for each in found), key=lambda each: each.id)


class _Endpoint:
    """The rows of one endpoint."""

    def __init__(self, space: Workspace, endpoint: Endpoint, asked: Asked) -> None:
        self._space = space
        self._endpoint = endpoint
        self._asked = asked
        self._name: CollectionName = space.name(endpoint.collection)
        self._documents = space.call.app.bulk_documents
        self.head: Head = space.head(endpoint.collection)

    def pending(self, behind: Place) -> Iterator[Waiting]:
        """What waits, in order of card; all of it first, where everything is computed anew."""
        version = self._space.configuration.get(VERSIONS, self._endpoint.version).value
        if not version.follows:
            return
        if self.head.walks and not behind.seq and not self._asked.card:
            definition = self.head.definition or 0
            yield self._row(definition, "", "pending", cause=f"{_DEFINITION}:{definition}")
        waiting = self._waiting()
        for key in sorted(key for key in waiting if key > behind.card):
            if self._wanted(key, waiting[key].enqueued_at):
                yield waiting[key]

    def _waiting(self) -> dict[str, Waiting]:
        app, tenant = self._space.call.app, self._space.call.tenant
        configuration = self._space.head(CONFIGURATION)
        projection = projection_of(app, self._name, configuration)
        inputs = self.head.inputs or {}
        heads = self._space.heads(inputs)
        found: dict[str, Waiting] = {}
        for input_, (epoch, seq) in inputs.items():
            if projection is None or epoch != heads[input_].epoch:
                continue
            until = min(heads[input_].seq, seq + _MOST_WAITING)
            for logged in read_tail(self._documents, CollectionName(tenant, input_), seq, until):
                for key in projection.keys(input_, [(r.key, r.body) for r in logged.rows]):
                    row = self._row(logged.seq, key, "pending", at=logged.entry.at)
                    reason = _of_input(self._endpoint, input_, key, logged)
                    found[key] = replace(row, reason=reason)
        return found

    def failed(self, after: str) -> Iterator[Waiting]:
        """What could not be computed, in order of card."""
        failures = Failures(self._documents, self._name)
        while self.head.failed:
            some = failures.after(after, _AT_ONCE)
            for each in some:
                key, value = each.id.removeprefix("="), each.value
                if self._wanted(key, value.at):
                    seq = int(value.cause.rpartition(":")[2] or 0)
                    row = self._row(seq, key, "failed", at=value.at, cause=value.cause)
                    yield replace(row, attempts=value.attempts, error=value.error)
            if len(some) < _AT_ONCE:
                return
            after = some[-1].id.removeprefix("=")

    def completed(self, behind: Place, budget: list[int]) -> Iterator[Waiting | Place]:
        """What was done, newest first, and in a commit in order of key."""
        first, last = self._range()
        last = min(last, behind.seq or last)
        for end in range(last, first - 1, -_AT_ONCE):
            seqs = range(end, max(first, end - _AT_ONCE + 1) - 1, -1)
            found = read_entries(self._documents, self._name, seqs)
            for seq in seqs:
                if budget[0] <= 0:
                    yield Place(self._endpoint.id, STAGES.index("completed"), seq, "")
                    return
                budget[0] -= 1
                if seq in found:
                    after = behind.card if seq == behind.seq else ""
                    yield from self._done(found[seq], after)

    def _done(self, logged: Logged, after: str) -> Iterator[Waiting]:
        for row, cause in sorted(logged.caused, key=lambda each: each[0].key):
            if row.key > after and self._asked.card in ("", row.key):
                made = self._row(logged.seq, row.key, "completed", cause=cause)
                yield replace(made, finished_at=logged.entry.at, attempts=1)

    def _range(self) -> tuple[int, int]:
        def at(time: datetime) -> int:
            return first_at(self._documents, self._name, self.head, time)

        first = at(self._asked.start) if self._asked.start else self.head.emptied + 1
        return first, at(self._asked.end) - 1 if self._asked.end else self.head.seq

    def _wanted(self, key: str, at: datetime | None) -> bool:
        asked = self._asked
        is_early = asked.start is not None and at is not None and at < asked.start
        is_late = asked.end is not None and at is not None and at >= asked.end
        return asked.card in ("", key) and not is_early and not is_late

    def _row(
        self, seq: int, card: str, status: Status, *, at: datetime | None = None, cause: str = ""
    ) -> Waiting:
        return Waiting(self._endpoint.id, seq, card, status, enqueued_at=at, cause=cause)


def _of_input(endpoint: Endpoint, input_: str, key: str, logged: Logged) -> Reason:
    """Why a commit of an input makes a card necessary."""
    if input_ != endpoint.inputs[0]:
        return "relation_changed"
    row = next((each for each in logged.rows if each.key == key), None)
    return "card_changed" if row is None else _of_card(row)


def _of_card(row: Row) -> Reason:
    if row.deletes:
        return "card_deleted"
    changed = {key for key, _, _ in row.changes}
    return "segment_changed" if changed == {SEGMENTS} else "card_changed"


def _with_reasons(space: Workspace, rows: Iterable[Waiting]) -> list[Waiting]:
    """The rows with why they are there, by the commits that they name."""
    rows = list(rows)
    wanted: dict[str, set[int]] = {}
    for each in rows:
        input_, _, seq = each.cause.rpartition(":")
        if input_:
            wanted.setdefault(input_, set()).add(int(seq))
    documents = space.call.app.bulk_documents
    found = {
        input_: read_entries(
            documents,
            space.name(CONFIGURATION if input_ == _DEFINITION else input_),
            sorted(seqs),
        )
        for input_, seqs in wanted.items()
    }
    return [_reasoned(space, each, found) for each in rows]


def _reasoned(space: Workspace, row: Waiting, found: Mapping[str, Mapping[int, Logged]]) -> Waiting:
    input_, _, seq = row.cause.rpartition(":")
    logged = found.get(input_, {}).get(int(seq)) if input_ else None
    if not input_:
        return row
    if input_ == _DEFINITION:
        kinds = [each.key.partition(":")[0] for each in logged.rows] if logged else []
        named = next((_REASONS[kind] for kind in _REASONS if kind in kinds), None)
        reason: Reason = named or "definition_activated"
    else:
        endpoint = space.configuration.get(ENDPOINTS, row.endpoint).value
        is_own = input_ == endpoint.inputs[0]
        reason = "card_changed" if is_own else "relation_changed"
        if logged is not None:
            reason = _of_input(endpoint, input_, row.card, logged)
    at = row.enqueued_at or (logged.entry.at if logged else None)
    return replace(row, reason=reason, enqueued_at=at)
