"""Operators pause queues of work for later, and let them go on."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.ports.documents import ABSENT, Delete
from shared.ports.queue import ENGINE, EXPORTS, WORK
from shared.records import Record, Records
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("pauses", org_types=frozenset({"operator"}))

Queue = Literal["work", "exports", "engine"]
_QUEUES: Final[tuple[Queue, ...]] = (WORK, EXPORTS, ENGINE)


class Pause(Record):
    """While it is there, a queue's turns are refused and nothing is swept into it."""

    by: str
    at: datetime


PAUSES: Final = Records("pauses", Pause, "pause")


class OneQueue(Args):
    """Which queue."""

    queue: Annotated[
        Queue,
        Field(
            description="work: cells, listings, followings. exports: catalogs into BigQuery and "
            "whole builds. engine: jobs and snapshots of tenants' collections."
        ),
    ] = "work"


class QueueView(Result):
    """A queue, and since when and by whom it is paused."""

    queue: str
    paused: bool
    since: datetime | None = None
    by: str | None = None


@family.tool(scope="identity:read", effect=Effect.READ, risk=Risk.LOW, title="Show work")
def list_queues(call: Call, args: Args) -> list[QueueView]:
    """List the queues of work for later, and say which are paused."""
    del args
    return [_view(call, queue) for queue in _QUEUES]


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Pause work",
    idempotent=True,
)
def pause_work(call: Call, args: OneQueue) -> QueueView:
    """Stop a queue: what it sends is refused and tried again later, and nothing is swept into it.

    Work that is being done goes on to its end. Nothing is lost.
    """
    if PAUSES.find(call.app.documents, args.queue) is None:
        pause = Pause(by=call.caller.subject, at=call.now)
        put = PAUSES.put(args.queue, pause, if_version=ABSENT)
        call.commit([put], event="work.paused", target=args.queue)
    return _view(call, args.queue)


@family.tool(
    scope="identity:write",
    effect=Effect.WRITE,
    risk=Risk.MEDIUM,
    title="Resume work",
    idempotent=True,
)
def resume_work(call: Call, args: OneQueue) -> QueueView:
    """Let a paused queue go on. What it gave up meanwhile, the sweeper finds within minutes."""
    found = PAUSES.find(call.app.documents, args.queue)
    if found is not None:
        gone = Delete(PAUSES.path(args.queue), if_version=found.version)
        call.commit([gone], event="work.resumed", target=args.queue)
    return _view(call, args.queue)


def _view(call: Call, queue: str) -> QueueView:
    found = PAUSES.find(call.app.documents, queue)
    if found is None:
        return QueueView(queue=queue, paused=False)
    return QueueView(queue=queue, paused=True, since=found.value.at, by=found.value.by)
