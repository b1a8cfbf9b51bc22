"""The hold of a scheduled record: one worker at a time does its turns.

A task that meets somebody else's live hold ends quietly, because the holder looks for further asks
before it lets go. The work of a holder that was killed is found by the sweeper once its hold ran
out. A hold saves work and no more: what is right never rests on it, since a worker that was away
for too long may come back after its hold ran out.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from shared import work
from shared.app import App
from shared.errors import Conflict, Problem
from shared.records import Found, Records
from shared.work import Kind, Scheduled

LASTS: Final = timedelta(seconds=30)
"""How long nobody else takes over from a worker that says nothing."""

RENEWED_EVERY: Final = timedelta(seconds=10)
KEEPER: Final = "keeps a hold"
"""The name of the thread that renews one."""
_MOST_RENEWALS: Final = 360


class HeldWork(Scheduled):
    """Work that one worker does at a time.

    Attributes:
        holder, until: who does it, and when others may take over; None while nobody does.
    """

    holder: str | None = None
    until: datetime | None = None


H = TypeVar("H", bound=HeldWork)


class Hold(Generic[H]):
    """A worker's right to the turns of one record. `take` makes it.

    Attributes:
        value: the record as it was when this turn began.
    """

    def __init__(
        self, app: App, kind: Kind, records: Records[H], id_: str, holder: str, value: H
    ) -> None:
        self._app = app
        self._kind = kind
        self._records = records
        self._id = id_
        self._holder = holder
        self.value = value

    def renew(self) -> bool:
        """Keep others away for LASTS from now; False when somebody else has taken over."""
        until = self._app.clock.now() + LASTS
        return self._write(lambda now: now.model_copy(update={"until": until})) is not None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep others away for as long as this block takes, an hour at most: for slow work."""
        done = threading.Event()

        def keep() -> None:
            for _ in range(_MOST_RENEWALS):
                if done.wait(RENEWED_EVERY.total_seconds()):
                    return
                try:
                    self.renew()
                except Problem:
                    continue  # the store does not answer: whoever takes over does it again

        thread = threading.Thread(target=keep, name=KEEPER, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def keep(self, **changes: Any) -> bool:
        """Write how far this turn has come, and keep others away; False when it is not ours."""
        until = self._app.clock.now() + LASTS
        after = self._write(lambda now: now.model_copy(update={**changes, "until": until}))
        if after is not None:
            self.value = after.model_copy(update={"generation": self.value.generation})
        return after is not None

    def settle(self, due: datetime | None, **changes: Any) -> bool:
        """End the turn, with the next one at `due`; whether that ended the work as well.

        False when somebody asked meanwhile: then the hold stays, `value` is what is asked now, and
        another turn is to be done.
        """
        changes = {"attempts": 0, "last_error": None, **changes}
        while True:
            found = self._found()
            if found is None:
                return True
            if found.value.generation != self.value.generation:
                self.value = found.value
                return False
            free = work.at(found.value, due, holder=None, until=None, **changes)
            if self._put(found, free):
                self._hand_over(free)
                return True

    def give_back(self, due: datetime) -> None:
        """Let go with work left, to go on at `due` in another task."""
        self._release(lambda now: work.at(now, due, holder=None, until=None))

    def fail(self, problem: Problem) -> None:
        """Let go after a failure: due again with back-off."""
        at = self._app.clock.now()
        self._release(lambda now: work.failed(now, problem, at, holder=None, until=None))

    def _release(self, change: Callable[[H], H]) -> None:
        after = self._write(change)
        if after is not None:
            self._hand_over(after)

    def _hand_over(self, record: H) -> None:
        if record.due is not None:
            work.enqueue(self._app, self._kind, self._id, record.due, record.generation)

    def _write(self, change: Callable[[H], H]) -> H | None:
        """Change the record as it is now; None when it is no longer ours."""
        while True:
            found = self._found()
            if found is None:
                return None
            after = change(found.value)
            if self._put(found, after):
                return after

    def _found(self) -> Found[H] | None:
        found = self._records.find(self._app.documents, self._id)
        return found if found is not None and found.value.holder == self._holder else None

    def _put(self, found: Found[H], value: H) -> bool:
        """Whether nobody wrote to it meanwhile."""
        try:
            put = self._records.put(self._id, value, if_version=found.version)
            self._app.documents.commit([put])
        except Conflict:
            return False
        return True


def take(app: App, kind: Kind, records: Records[H], id_: str, generation: int) -> Hold[H] | None:
    """The hold for a task's turn; None where there is nothing to do, or somebody does it.

    Raises `unavailable`.
    """
    return take_found(
        app, kind, records, work.turn(app, kind, records, id_, generation), generation
    )


def take_found(
    app: App, kind: Kind, records: Records[H], found: Found[H] | None, generation: int
) -> Hold[H] | None:
    """The same for who has looked already, and `found` by `work.turn` that there is a turn."""
    holder = secrets.token_hex(8)
    while found is not None:
        now = app.clock.now()
        if found.value.until is not None and found.value.until > now:
            return None
        held = found.value.model_copy(update={"holder": holder, "until": now + LASTS})
        try:
            app.documents.commit([records.put(found.id, held, if_version=found.version)])
        except Conflict:
            found = work.turn(app, kind, records, found.id, generation)
            continue
        return Hold(app, kind, records, found.id, holder, held)
    return None
