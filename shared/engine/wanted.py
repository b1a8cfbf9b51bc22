"""What a commit is to do, and what it came to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.engine.heads import CollectionName, Head
from shared.engine.outcome import Idempotency
from shared.engine.prepare import Edit, Prepared
from shared.ports.documents import Write


@dataclass(frozen=True, slots=True)
class Author:
    """Who commits: a principal, by which way, in which request, with which client."""

    by: str
    surface: str
    request_id: str
    client: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a commit is to do to one collection; keys come once.

    Attributes:
        meaning: the configuration's seq that the edits were checked by, where that matters.
        decided_at: the collection's seq that they were decided by, where they depend on more than
            the records they touch. Whoever commits in between makes the commit Outdated.
    """

    name: CollectionName
    edits: tuple[Edit, ...]
    meaning: int | None = None
    decided_at: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One commit, as it is asked for.

    Attributes:
        parts: by collection, each once.
        author: for the log.
        import_id: all that one call or job writes; made by the server.
        correlation: the caller's own name for that.
        idempotency: how the call is known when it comes again.
        answer: what the call is answered with then, from what it came to.
        also: further writes in the same commit.
        moving: further collections whose heads the commit moves, and `move` what becomes of them,
            from all heads as they were read. It is asked anew with every try, and may refuse.
        redefines: collections whose meaning changes with the first part, the configuration: their
            heads name it in the same commit, so that nobody commits by the old one afterwards.
    """

    parts: tuple[Part, ...]
    author: Author
    import_id: str
    correlation: str | None = None
    idempotency: Idempotency | None = None
    answer: Callable[["Committed"], bytes] = lambda _: b"{}"
    also: tuple[Write, ...] = ()
    redefines: tuple[CollectionName, ...] = ()
    moving: tuple[CollectionName, ...] = ()
    move: Callable[[Mapping[CollectionName, Head]], Mapping[CollectionName, Head]] = lambda _: {}


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit came to.

    Attributes:
        import_id: as it was asked for.
        seqs: the sequence number of each collection afterwards; where nothing changed, as it was.
        prepared: what was written to each.
        projections: the derived collections that have to follow.
        asked: when each collection's snapshot is due, where this commit asked for one.
        repeated: the first answer, where this call had come before; nothing was written then.
    """

    import_id: str
    seqs: Mapping[CollectionName, int]
    prepared: Mapping[CollectionName, Prepared]
    asked: Mapping[CollectionName, datetime] = field(default_factory=dict)
    projections: tuple[CollectionName, ...] = ()
    repeated: bytes | None = None
