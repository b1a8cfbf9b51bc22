"""Derived collections follow their inputs: the turn that computes what changed, under its hold.

A turn goes in steps of at most one commit each. A step takes what was committed to the inputs since
the collection's checkpoint, or the next records of a walk through all of them; it computes the
records that depend on these, and commits those that changed together with the new checkpoint. So a
turn that comes twice, late or is killed goes on where the head says, and never goes back.

The inputs may be read at a newer state than the checkpoint names: the later commits then come to
the same records once more, which are equal by then.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.app import App
from shared.engine.catching_up import Gap
from shared.engine.collections import Collections, collections
from shared.engine.derived import Derivation, Failures, OwnRecords, writes
from shared.engine.deriving import Compute, derive
from shared.engine.heads import CollectionName, FoundHead, Head, Walk, head_of
from shared.engine.history import body_before
from shared.engine.later import PROJECTION, PROJECTIONS, SNAPSHOT_WORK, name_of, work_id
from shared.engine.log import Logged, entry_path, read_entries, read_tail
from shared.engine.measuring import Told, measure
from shared.engine.records import records_after
from shared.errors import Conflict, Problem
from shared.holds import take
from shared.ports.documents import Snapshot
from shared.query.answers import Item
from shared.query.kinds import Body

TURN: Final = timedelta(seconds=60)
"""How long one turn goes on; the rest has the next."""
MOST_KEYS: Final = 500
"""Records that one step computes, but for those of one commit."""
Seen = Mapping[str, Mapping[str, Item]]
"""Records of inputs that were read: by input and key."""
_QUIET_STEPS: Final = 4
"""Steps that change nothing and are committed together. What was written meanwhile waits for all
of them, because the inputs' heads are read once."""
_NEWEST: Final = 5
"""Commits of an input that are looked through for edits, where more lies before them."""
_EDIT: Final = 50
"""Records of a commit that goes first."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What a derived collection holds, by the configuration of one moment.

    Attributes:
        inputs: the collections it is computed from.
        keys: which of its records depend on records of an input: given the input, and each record's
            key and body.
        gathered: reads what records need, at the inputs' heads or beyond, and gives what computes
            each of them by its key. It is given the heads, the keys, and records of inputs that
            were just read.
        walked: the inputs whose records lead to all of its own; every input where it is empty.
        label: what its tenant calls it; `counted` the metric of what it computes, and its tag.
    """

    inputs: tuple[str, ...]
    keys: Callable[[str, Sequence[tuple[str, Body]]], Iterable[str]]
    gathered: Callable[[Mapping[str, Head], list[str], Seen], Compute]
    walked: tuple[str, ...] = ()
    label: str = ""
    counted: tuple[str, str] = ("", "")

    @property
    def stages(self) -> tuple[str, ...]:
        """The inputs that a walk goes through, in order."""
        return self.walked or tuple(sorted(self.inputs))


class Defining(NamedTuple):
    """What says what derived collections hold.

    `configuration`: the collection that says it; `of`: a collection as that says it at a head, None
    where it is none any more.
    """

    configuration: str
    of: Callable[[App, CollectionName, Head], Projection | None]


def project(
    app: App, defining: Defining, id_: str, generation: int, lasts: timedelta = TURN
) -> str:
    """A task's turn: have a derived collection follow its inputs. What it came to."""
    hold = take(app, PROJECTION, PROJECTIONS, id_, generation)
    if hold is None:
        return "old"
    turn = _Turn(app, defining, name_of(id_))
    until = app.clock.now() + lasts
    try:
        with hold.kept():
            while turn.step() or not hold.settle(None):
                if app.clock.now() >= until:
                    hold.give_back(app.clock.now())
                    return "more later"
    except Problem as problem:
        hold.fail(problem)
        return problem.code
    return "done"


class _Read(NamedTuple):
    """What a step found, in one read."""

    own: FoundHead
    inputs: Mapping[str, Head]
    configuration: Head
    snapshot: Snapshot | None
    now: datetime


class _Chunk(NamedTuple):
    """Records to compute, each with what made that necessary; the head's state once they are.

    `seen`: what was read on the way; `since`: when the first of these changes was made.
    """

    causes: Mapping[str, str]
    inputs: Mapping[str, tuple[int, int]]
    walk: Walk
    seen: Seen
    since: datetime | None = None


class _Turn:
    """One turn's steps."""

    def __init__(self, app: App, defining: Defining, name: CollectionName) -> None:
        self._app = app
        self._documents = app.bulk_documents
        self._defining = defining
        self._name = name
        self._collections: Collections = collections(app)
        self._own = OwnRecords(self._collections, name)
        self._inputs: tuple[str, ...] = ()
        self._walks_next = False
        self._is_long = False
        """Whether the last look at the inputs' logs left something for the next step."""
        self._looked: dict[str, int] = {}
        """Up to which commit each input was looked through for edits."""
        self._keys: dict[str, list[str]] = {}
        """Of inputs without documents: the keys that were there when a walk came to them."""
        self._walked: set[str] = set()
        """Records that the walk has computed in this turn, for its last stages to pass over."""

    def step(self) -> bool:
        """Do some of the work; whether there was any."""
        read = self._read()
        if read is None or read.own.value.state == "dropped":
            return False
        projection = self._defining.of(self._app, self._name, read.configuration)
        if projection is None:
            return False
        head = read.own.value
        if not head.walks and not self._behind(read, head):
            return self._is_cut(read) and self._commit(read, _begun_anew(read), Derivation())
        try:
            self._own.at(head)
        except Gap:
            return self._commit(read, _begun_anew(read), Derivation())
        return self._follow(read, projection)

    def _is_cut(self, read: _Read) -> bool:
        """Whether nobody can open the collection: neither its snapshot nor its log reach back."""
        head = read.own.value
        stored = read.snapshot.data.get("seq", 0) if read.snapshot else 0
        first = max(stored, head.emptied) + 1
        return first <= head.seq and self._documents.get(entry_path(self._name, first)) is None

    def _behind(self, read: _Read, head: Head) -> list[str]:
        """The inputs that have gone on since."""
        return [each for each in self._inputs if _is_behind(head, each, read.inputs[each])]

    def _read(self) -> _Read | None:
        """The own head, the inputs' and the configuration's: of one moment."""
        while True:
            names = {each: CollectionName(self._name.tenant, each) for each in self._inputs}
            configuration = CollectionName(self._name.tenant, self._defining.configuration)
            about = SNAPSHOT_WORK.path(work_id(self._name))
            paths = [self._name.path, configuration.path, about]
            found = self._documents.get_many([*paths, *(name.path for name in names.values())])
            if self._name.path not in found:
                return None
            now = self._app.clock.now()
            own = head_of(found[self._name.path], now)
            inputs = tuple(sorted(own.value.inputs or ()))
            if inputs == self._inputs:
                heads = {each: head_of(found.get(names[each].path), now).value for each in names}
                settings = head_of(found.get(configuration.path), now).value
                return _Read(own, heads, settings, found.get(about), now)
            self._inputs = inputs

    def _follow(self, read: _Read, projection: Projection) -> bool:
        """Compute what comes next; steps of a walk that change nothing are taken together."""
        head = read.own.value
        for number in range(_QUIET_STEPS):
            chunk = self._next(read, head, projection)
            if chunk is None:
                return number > 0 and self._commit(read, head, Derivation())
            after = head.model_copy(update={"inputs": dict(chunk.inputs), "walk": chunk.walk})
            made = self._made(read, projection, chunk)
            if made.changes or head.walks != after.walks:
                told = Told(projection.label, projection.counted, read.inputs, chunk.since)
                return self._commit(read, after if made.whole else head, made, told)
            head = after
        return self._commit(read, head, Derivation())

    def _made(self, read: _Read, projection: Projection, chunk: _Chunk) -> Derivation:
        keys = list(chunk.causes)
        failures = Failures(self._documents, self._name)
        failed = failures.of(keys) if read.own.value.failed else {}
        compute = projection.gathered(read.inputs, keys, chunk.seen)
        made = derive(chunk.causes, compute, self._own.items(keys), read.own.value.seq + 1)
        return Derivation(made, chunk.causes, failed, whole=len(made.done) == len(keys))

    def _next(self, read: _Read, head: Head, projection: Projection) -> _Chunk | None:
        """What comes next: commits of the inputs and the walk take turns."""
        behind = self._behind(read, head)
        if behind and not (self._walks_next and head.walks):
            self._walks_next = True
            edits = self._of_edits(read, head, projection, behind) if self._is_long else None
            return edits or self._of_logs(read, head, projection, behind)
        self._walks_next = False
        return self._of_walk(read, head, projection) if head.walks else None

    def _of_edits(
        self, read: _Read, head: Head, projection: Projection, behind: list[str]
    ) -> _Chunk | None:
        """What the newest edits make necessary, so that they do not wait for imports before them.

        The checkpoint stays: their turn comes once more, and changes nothing then.
        """
        causes: dict[str, str] = {}
        inputs = head.inputs or {}
        for each in behind:
            (epoch, seq), now = inputs[each], read.inputs[each]
            looked = self._looked.get(each, 0)
            self._looked[each] = now.seq
            if epoch == now.epoch:
                name = CollectionName(self._name.tenant, each)
                seqs = range(max(seq, looked, now.seq - _NEWEST) + 1, now.seq + 1)
                for logged in read_entries(self._documents, name, seqs, most=_EDIT).values():
                    causes |= _caused(projection, each, logged)
        return _Chunk(causes, inputs, head.walk or _walk(head), {}) if causes else None

    def _of_logs(
        self, read: _Read, head: Head, projection: Projection, behind: list[str]
    ) -> _Chunk:
        """What the inputs' next commits make necessary. All their rows count, not the newest."""
        causes: dict[str, str] = {}
        inputs = dict(head.inputs or {})
        walk = head.walk or _walk(head)
        since: datetime | None = None
        for each in behind:
            epoch, seq = inputs[each]
            now = read.inputs[each]
            name = CollectionName(self._name.tenant, each)
            tail = read_tail(self._documents, name, seq, now.seq) if epoch == now.epoch else ()
            for logged in tail:
                self._is_long = bool(causes) and len(causes) + len(logged.rows) > MOST_KEYS
                if self._is_long:
                    return _Chunk(causes, inputs, walk, {}, since)
                causes |= _caused(projection, each, logged)
                inputs[each] = (epoch, logged.seq)
                since = min(since or logged.entry.at, logged.entry.at)
            if inputs[each] == (epoch, seq):  # built anew, or its log is cut: all is looked through
                inputs[each] = (now.epoch, now.seq)
                walk = self._anew(head)
        return _Chunk(causes, inputs, walk, {}, since)

    def _of_walk(self, read: _Read, head: Head, projection: Projection) -> _Chunk:
        """What the next records make necessary."""
        walk = head.walk
        if walk is None or walk.over or walk.definition < (head.definition or 0):
            walk = self._anew(head)
        cause = f"definition:{walk.definition}"
        seen: Seen = {}
        stages = projection.stages
        if walk.stage < len(stages):
            input_ = stages[walk.stage]
            items, last = self._records_after(input_, read.inputs[input_], walk.cursor)
            keys = list(projection.keys(input_, [(item.key, item.body) for item in items]))
            self._walked.update(keys)
            seen = {input_: {item.key: item for item in items}}
        elif walk.stage == len(stages):
            after = [] if walk.fresh else self._own.keys_after(walk.cursor)
            keys = [key for key in after if key not in self._walked][:MOST_KEYS]
            last = keys[-1] if len(keys) == MOST_KEYS else None
        else:
            keys = list(self._failing(walk.cursor))
            last = keys[-1] if len(keys) == MOST_KEYS else None
        causes = dict.fromkeys(keys, cause)
        return _Chunk(causes, head.inputs or {}, _moved(walk, last, len(stages)), seen)

    def _anew(self, head: Head) -> Walk:
        """A walk from the beginning."""
        self._walked, self._keys = set(), {}
        return _walk(head)

    def _records_after(self, input_: str, head: Head, key: str) -> tuple[list[Item], str | None]:
        """An input's next records, and the last key; None at the end.

        A derived input has no documents of its records, but a replica.
        """
        name = CollectionName(self._name.tenant, input_)
        if head.inputs is None:
            items: list[Item] = records_after(self._documents, name, key, MOST_KEYS)
            return items, items[-1].key if len(items) == MOST_KEYS else None
        if input_ not in self._keys:
            with self._collections.whole(name, head) as replica:
                self._keys[input_] = replica.keys()
        keys, at = self._keys[input_], bisect_right(self._keys[input_], key)
        some = keys[at : at + MOST_KEYS]
        found = self._collections.found(name, some, head, budget=None)
        last = some[-1] if at + MOST_KEYS < len(keys) else None
        return [found[each] for each in some if each in found], last

    def _failing(self, after: str) -> Iterator[str]:
        yield from Failures(self._documents, self._name).keys_after(after, MOST_KEYS)

    def _commit(self, read: _Read, head: Head, made: Derivation, told: Told | None = None) -> bool:
        """Move the head, with what was computed; somebody else's move has it computed anew."""
        after, written = writes(self._name, read.own, head, made, read.snapshot, read.now)
        counted = self._app.metrics.take()
        try:
            self._documents.commit([*written.writes, *counted])
        except Conflict:
            self._app.metrics.give_back(counted)
            self._own.forget()
            return True
        if told is not None:
            measure(self._app, self._name.tenant, told, after, len(made.derived.rows))
        self._own.wrote(after, made.derived.rows)
        consumers = [CollectionName(self._name.tenant, each) for each in written.consumers]
        own = [self._name]
        self._collections.hand_over(
            own if written.asks else [], consumers, own if written.feeds else []
        )
        return True


def _moved(walk: Walk, last: str | None, stages: int) -> Walk:
    """The walk behind the last record that was looked at; None for the end of a stage."""
    if last is not None:
        return walk.model_copy(update={"cursor": last})
    over = walk.stage > stages
    return walk.model_copy(update={"stage": walk.stage + 1, "cursor": "", "over": over})


def _is_behind(head: Head, input_: str, now: Head) -> bool:
    return (head.inputs or {}).get(input_) != (now.epoch, now.seq)


def _caused(projection: Projection, input_: str, logged: Logged) -> dict[str, str]:
    """The records that a commit of an input makes necessary: by what it left, and by what was."""
    bodies = ((row.key, body) for row in logged.rows for body in (row.body, body_before(row)))
    keys = projection.keys(input_, [(key, body) for key, body in bodies if body is not None])
    return dict.fromkeys(keys, f"{input_}:{logged.seq}")


def _walk(head: Head) -> Walk:
    """One from the beginning."""
    return Walk(definition=head.definition or 0, fresh=not head.count and not head.failed)


def _begun_anew(read: _Read) -> Head:
    """The head of a collection that nobody can open any more: it is computed from nothing."""
    before = read.own.value
    return before.model_copy(
        update={
            "epoch": before.epoch + 1,
            "emptied": before.seq,
            "count": 0,
            "inputs": {each: (head.epoch, head.seq) for each, head in read.inputs.items()},
            "walk": Walk(definition=before.definition or 0, fresh=True),
        }
    )
