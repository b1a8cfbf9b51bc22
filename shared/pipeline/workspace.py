"""What one call works with: a tenant's configuration and collections, as of what the gate read."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from shared.app import App
from shared.engine import jobs
from shared.engine.collections import Collections, collections
from shared.engine.heads import CollectionName, Head, head_of
from shared.engine.jobs import Asked
from shared.engine.outcome import Idempotency
from shared.engine.prepare import MOST_EDITS, Edit, Outdated
from shared.engine.wanted import Author, Committed, Part, Wanted
from shared.errors import Problem
from shared.pipeline.configuration import CONFIGURATION, Configuration, Definition
from shared.ports.documents import Write
from shared.tool import Call

TRIES: Final = 5
T = TypeVar("T")


class Moves(NamedTuple):
    """Heads that a change of the configuration moves, and what becomes of them; see `Wanted`."""

    moving: tuple[CollectionName, ...]
    move: Callable[[Mapping[CollectionName, Head]], Mapping[CollectionName, Head]]


class Known(NamedTuple):
    """How a call is known when it comes again, and what it is answered with then."""

    as_: Idempotency | None = None
    answer: bytes = b"{}"


NOT_KNOWN: Final = Known()


class Workspace:
    """One call's. Heads are those that the gate read along, or read when they are asked for."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.collections: Collections = collections(call.app)
        self._heads: dict[CollectionName, Head] = {}
        self._found = call.found
        self._decided_at: int | None = None
        self.author = Author(
            call.caller.subject, call.surface, call.request_id, call.caller.client_name
        )

    def name(self, collection: str) -> CollectionName:
        """A collection of the call's tenant."""
        return CollectionName(self.call.tenant, collection)

    def head(self, collection: str) -> Head:
        """What its newest commit left, as it was read for this call."""
        name = self.name(collection)
        head = self._heads.get(name)
        if head is None:
            snapshot = self._found.get(name.path)
            head = (
                self.collections.head(name)
                if snapshot is None
                else head_of(snapshot, self.call.now).value
            )
            self._heads[name] = head
        return head

    @property
    def quota(self) -> Mapping[str, int]:
        """How many entries and sources the tenant may have, where it has limits of its own."""
        path = f"tenants/{self.call.tenant}"
        record = self.call.found.get(path) or self.call.app.documents.get(path)
        quota = (record.data.get("quota") if record else None) or {}
        return {name: most for name, most in quota.items() if most}

    def heads(self, collections: Iterable[str]) -> dict[str, Head]:
        """What the newest commits of several collections left, in one read."""
        names = {each: self.name(each) for each in collections}
        found = self.call.app.bulk_documents.get_many([name.path for name in names.values()])
        return {
            each: head_of(found.get(name.path), self.call.now).value for each, name in names.items()
        }

    @property
    def configuration(self) -> Configuration:
        """Everything the tenant has defined."""
        return configuration_at(self.call.app, self.call.tenant, self.head(CONFIGURATION))

    def decide(self, decide: Callable[[Configuration], T]) -> T:
        """Do what depends on the configuration; anew where somebody changed it meanwhile.

        That is any of it: of a tag that is deleted and cards that come to name it one has to lose.
        """
        for _ in range(TRIES - 1):
            try:
                return self._decided(decide)
            except Outdated:
                self.forget_heads()
        return self._decided(decide)

    def _decided(self, decide: Callable[[Configuration], T]) -> T:
        configuration = self.configuration
        self._decided_at = configuration.seq
        try:
            return decide(configuration)
        finally:
            self._decided_at = None

    def forget_heads(self) -> None:
        """Read what follows as it is now, not as it was when the call began."""
        name = self.name(CONFIGURATION)
        self._found = {}
        self._heads = {name: self.collections.head(name)}

    def configure(
        self,
        *edits: Edit,
        redefines: Iterable[str] = (),
        import_id: str = "",
        dry_run: bool = False,
        job: Asked | None = None,
        also: tuple[Write, ...] = (),
        moves: Moves | None = None,
        known: Known = NOT_KNOWN,
    ) -> Committed:
        """Change the configuration, what collections mean by it, and `also` something else.

        A `job` and further writes are in the same commit, so what the change leaves to them is
        never forgotten.
        `import_id`: of the job that goes on with it; `moves`: further heads that it moves.
        """
        wanted = Wanted(
            parts=(Part(self.name(CONFIGURATION), edits, decided_at=self._decided_at),),
            author=self.author,
            import_id=job.job.import_id if job else import_id or new_import(),
            redefines=tuple(self.name(each) for each in redefines),
            also=(*also, *((job.write,) if job else ())),
            idempotency=known.as_,
            answer=lambda _: known.answer,
            **(moves._asdict() if moves else {}),
        )
        committed = self.commit(wanted, dry_run=dry_run)
        self._decided_at = None  # what follows is decided by more than was read
        if job and not dry_run:
            jobs.begin(self.call.app, job)
        return committed

    def commit_fitting(
        self,
        collection: str,
        edits: Sequence[Edit],
        import_id: str,
        *,
        meaning: int | None = None,
        dry_run: bool = False,
    ) -> Iterator[Committed]:
        """Commit any number of edits of one collection, in as few commits as can hold them."""
        name, at, most = self.name(collection), 0, MOST_EDITS
        while at < len(edits):
            part = Part(name, tuple(edits[at : at + most]), meaning)
            try:
                committed = self.commit(Wanted((part,), self.author, import_id), dry_run=dry_run)
            except Problem as problem:
                most = problem.details.get("fits", 0)
                if problem.code != "too_large" or not most:
                    raise
                continue
            at, most = at + len(part.edits), MOST_EDITS
            yield committed

    def commit(self, wanted: Wanted, *, dry_run: bool = False) -> Committed:
        """Commit, or say what that would come to."""
        return (self.collections.rehearse if dry_run else self.collections.commit)(wanted)

    def idempotency(self, tool: str, key: str, arguments: dict[str, object]) -> Idempotency | None:
        """How this call is known when it comes again; None without a key."""
        caller = self.call.caller.subject
        return Idempotency.of(self.call.tenant, caller, tool, key, arguments) if key else None

    def answered(self, known: Idempotency | None) -> bytes | None:
        """The first answer where this call came before. Raises `conflict` for another's key."""
        if known is None:
            return None
        return known.first_answer(self.call.app.documents.get(known.path), self.call.now)


def configuration_at(app: App, tenant: str, head: Head) -> Configuration:
    """Everything a tenant has defined, as of the configuration's head or later."""
    name = CollectionName(tenant, CONFIGURATION)
    return Configuration(collections(app).table(name, head), app.once(_parsed)[name])


def new_import() -> str:
    """An id for all that one call or job writes."""
    return secrets.token_hex(12)


def touched(tenant: str, *named: str) -> list[str]:
    """Which heads the gate reads along: the configuration's, and those of named collections."""
    return [CollectionName(tenant, each).path for each in (CONFIGURATION, *named)]


def _parsed(app: App) -> defaultdict[CollectionName, dict[tuple[str, str, int], Definition]]:
    del app
    return defaultdict(dict)
