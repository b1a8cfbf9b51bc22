"""Work that is to be done later, and is never forgotten.

A record of a `Kind` says itself when something is due about it, and its `generation` says which
turn that is. Whoever makes the work necessary declares the kind. The queue only makes it happen in
time: a task is named after the record, the time and the generation, so handing it over twice is one
task. What the queue lost, the sweeper finds overdue, raises its generation by compare-and-set, and
hands over again; the turn of an older generation is no longer anybody's.

Operators may pause a queue (`pauses/{queue}`). Its turns are then refused, so that it tries them
again later, and nothing is swept into it: a queue that stands still would grow with every sweep.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from shared import log
from shared.app import App
from shared.errors import Conflict, Problem
from shared.ports.documents import Add, Put, Query, Shape
from shared.ports.queue import WORK, Task
from shared.records import Found, Record, Records, every

MOST_ATTEMPTS: Final = 8
"""Failures in a row after which people are asked to look; it goes on being tried rarely."""
FIRST_RETRY: Final = timedelta(seconds=15)
LAST_RETRY: Final = timedelta(hours=1)
RARE_RETRY: Final = timedelta(hours=6)
GRACE: Final = timedelta(minutes=2)
"""How late work may be before the sweeper takes it for lost, where its kind does not say."""
FURTHEST: Final = timedelta(days=2)
"""Work further ahead is not handed over yet: the sweeper does that when it is due."""
MOST_SWEPT: Final = 1000
"""Of one kind at once: a third of what the queue sends until the next sweep (infra/work.tf)."""
PAUSE_SECONDS: Final = 60
"""When a queue may try a turn again that it was refused while it is paused."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection of records that something is to be done about.

    Attributes:
        overdue: the declared shape that finds them by `due`; it names their collection.
        path: what does the work is called there, with the record's id and its turn.
        queue: which queue calls it (`shared.ports.queue.QUEUES`).
        grace: how late it may be before the sweeper takes it for lost.
    """

    overdue: Shape
    path: str
    queue: str = WORK
    grace: timedelta = GRACE

    @property
    def collection(self) -> str:
        """Where its records are kept."""
        return self.overdue.collection


class Scheduled(Record):
    """A record that something is to be done about.

    Attributes:
        due: when; None while nothing is to be done.
        generation: raised with every change of `due`.
        attempts: failures in a row.
        last_error: what went wrong last, in our words.
    """

    due: datetime | None = None
    generation: int = 0
    attempts: int = 0
    last_error: str | None = None


S = TypeVar("S", bound=Scheduled)


def path(kind: Kind, id_: str) -> str:
    """Where a record is kept."""
    return f"{kind.collection}/{id_}"


def ask(kind: Kind, id_: str, at: datetime, seen: datetime | None = None) -> Add:
    """The write that asks for work on a record, whatever state it is in. Never conflicts.

    It goes into the commit of the change that makes the work necessary; `hand_over` follows.
    `seen`: when it was due as it was just read, so that an ask never puts earlier work off.
    """
    due = at if seen is None else min(at, seen)
    return Add(path(kind, id_), {"generation": 1}, {"due": due})


def hand_over(app: App, kind: Kind, id_: str) -> None:
    """Hand the record's work to the queue. A queue that does not answer is the sweeper's business.

    Raises `unavailable` only when the record cannot be read.
    """
    snapshot = app.documents.get(path(kind, id_))
    if snapshot is not None and snapshot.data.get("due") is not None:
        enqueue(app, kind, id_, snapshot.data["due"], snapshot.data["generation"])


def hand_over_all(app: App, kind: Kind, ids: Iterable[str]) -> None:
    """Hand over the work of several records, which are read at once; see `hand_over`."""
    paths = {path(kind, id_): id_ for id_ in ids}
    for at_, snapshot in (app.bulk_documents.get_many(list(paths)) if paths else {}).items():
        if snapshot.data.get("due") is not None:
            enqueue(app, kind, paths[at_], snapshot.data["due"], snapshot.data["generation"])


def enqueue(app: App, kind: Kind, id_: str, due: datetime, generation: int) -> None:
    """Hand one turn to the queue, as `hand_over` does."""
    now = app.clock.now()
    if due > now + FURTHEST:
        return
    named = f"{path(kind, id_)} {due.isoformat()} {generation}"
    name = hashlib.sha256(named.encode()).hexdigest()[:40]
    body = {"id": id_, "generation": generation}
    try:
        app.queue.add(Task(name, kind.path, body, due, kind.queue))
    except Problem as problem:
        log.line("not enqueued", kind=kind.collection, id=id_, code=problem.code)


def turn(app: App, kind: Kind, records: Records[S], id_: str, generation: int) -> Found[S] | None:
    """The record when something is due about it; None for a task that came twice, or too late.

    A task of an older generation does nothing about its own turn. But it may be what is left of a
    worker that was killed after it wrote and before it enqueued, so the turn that follows is handed
    over then. And it may have waited in a queue that is behind, with its generation raised by the
    sweeper meanwhile: a turn whose time has come is taken at once, because in a queue that is far
    behind, its own task would be overtaken by the next sweep, for ever.

    Raises `rate_limited` while the queue is paused, `unavailable`.
    """
    paused, here = pause_path(kind.queue), records.path(id_)
    read = app.documents.get_many([paused, here])
    if paused in read:
        raise Problem(
            "rate_limited",
            "An operator paused this work. It is tried again.",
            retry_after=PAUSE_SECONDS,
        )
    found = records.read(read[here]) if here in read else None
    if found is None or found.value.due is None:
        return None
    if found.value.generation == generation or found.value.due <= app.clock.now():
        return found
    enqueue(app, kind, id_, found.value.due, found.value.generation)
    return None


def at(record: S, due: datetime | None, **changes: Any) -> S:
    """The record with its next turn: a new generation at that time."""
    update = {"due": due, "generation": record.generation + 1, **changes}
    return record.model_copy(update=update)


def failed(record: S, problem: Problem, now: datetime, **changes: Any) -> S:
    """The record after one more failure, due again with back-off."""
    attempts = record.attempts + 1
    error = f"{problem.code}: {problem.message}"
    due = now + _back_off(attempts)
    return at(record, due, attempts=attempts, last_error=error, **changes)


def is_spent(record: Scheduled) -> bool:
    """Whether the retries are used up and a person should look."""
    return record.attempts >= MOST_ATTEMPTS


def pause_path(queue: str) -> str:
    """The document that is there while a queue is paused."""
    return f"pauses/{queue}"


def sweep(app: App, kinds: Iterable[Kind]) -> int:
    """Hand over again what is overdue; how many records that were. At most MOST_SWEPT of a kind.

    Nothing of a queue that is paused.
    """
    wanted = tuple(kinds)
    paused = app.documents.get_many(sorted({pause_path(kind.queue) for kind in wanted}))
    return sum(_sweep(app, kind) for kind in wanted if pause_path(kind.queue) not in paused)


def _sweep(app: App, kind: Kind) -> int:
    now = app.clock.now()
    swept = 0
    overdue = every(app.documents, Query(kind.overdue, end=now - kind.grace, limit=500))
    for snapshot in islice(overdue, MOST_SWEPT):
        if snapshot.data.get("until", now) > now:
            continue  # somebody does it; the hold of a worker that was killed runs out
        generation = snapshot.data["generation"] + 1
        raised = {**snapshot.data, "generation": generation, "due": now}
        try:
            app.documents.commit([Put(snapshot.path, raised, if_version=snapshot.version)])
        except Conflict:
            continue  # somebody has just dealt with it
        enqueue(app, kind, snapshot.id, now, generation)
        swept += 1
    return swept


def _back_off(attempts: int) -> timedelta:
    if attempts >= MOST_ATTEMPTS:
        return RARE_RETRY
    doubled: timedelta = FIRST_RETRY * 2 ** (attempts - 1)
    return min(doubled, LAST_RETRY)
