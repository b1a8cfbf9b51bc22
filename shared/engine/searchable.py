"""What holds a collection's records to be searched.

A replica on this instance is one. For a collection past one instance's memory a search cluster can
take its place; nothing above this interface knows which it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.engine.rows import Row
from shared.query.answers import Answer, Group, Item, Vocabulary
from shared.query.ast import Question, Summary, Values


class Commit(NamedTuple):
    """One commit as it is applied: its place in the order, when it was, what it did.

    `bytes`: of its rows in the log.
    """

    seq: int
    at: datetime
    rows: Sequence[Row]
    bytes: int = 0


ReadTail = Callable[[int, int], Sequence[Commit]]
"""The commits after one, in order: at least one of them, as many as suit, at most so many. None
when there are none, or the log begins later."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What makes a cursor one of this collection, and ours.

    Attributes:
        collection: its path.
        epoch: of its history; a cursor of another one is expired.
        keys: the first seals, any opens.
    """

    collection: str
    epoch: int
    keys: Sequence[bytes]


class Applied(Protocol):
    """What follows a collection's log, and includes it up to a commit. Thread-safe."""

    @property
    def seq(self) -> int:
        """The newest commit that is included."""

    @property
    def size(self) -> int:
        """Bytes that it takes on this instance."""

    def apply(self, commits: Sequence[Commit]) -> int:
        """Include the commits that follow, all or none; the newest that is included then.

        Those that are included already are passed over. Raises `Gap` where one is missing.
        """


class Searchable(Applied, Protocol):
    """A collection's records up to a commit, to be asked."""

    def answer(self, question: Question, sealing: Sealing) -> Answer:
        """The page that the question's cursor points to, of one moment.

        Raises `invalid`, `too_broad`, `cursor_expired`.
        """

    def summarize(self, summary: Summary) -> tuple[Group, ...]:
        """What is worked out of the records that match, in order of the groups' values.

        Raises `invalid`, `too_broad`.
        """

    def vocabulary(self, asked: Values) -> Vocabulary:
        """All different values of a property among the records that match.

        Raises `invalid`, `too_broad`.
        """

    def bodies(self, keys: Sequence[str]) -> dict[str, Item]:
        """The records with these keys, as far as they are there."""
