"""Small documents with compare-and-set: what every store of ours promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

ABSENT: Final = "absent"
"""As `if_version`: the document must not exist yet."""

ID: Final = "__name__"
"""In a query shape: order by, and range over, the document's own id."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A document as it was read.

    Attributes:
        path: `collection/id`, with parents where nested: `catalogs/books/versions/00000007`.
        data: JSON values, plus `bytes` and timezone-aware UTC `datetime` (microseconds kept). Not
            to be changed in place: others may hold the same one.
        version: opaque; differs after every change of this document. For `if_version`.
    """

    path: str
    data: Mapping[str, Any]
    version: str

    @property
    def id(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole document, replacing what was there.

    `if_version`: None writes in any case; ABSENT only creates; a Snapshot's version only replaces
    exactly that state.
    """

    path: str
    data: Mapping[str, Any]
    if_version: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document. Without `if_version`, a missing document is fine."""

    path: str
    if_version: str | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """Add to top-level integer fields, creating the document when missing.

    Never conflicts with other Adds. `data` sets further top-level fields as given.
    """

    path: str
    amounts: Mapping[str, int]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing: the commit only holds while the document is as it was read.

    `if_version`: a Snapshot's version, or ABSENT. The document keeps its version. It counts, and
    Firestore bills it, as a write.
    """

    path: str
    if_version: str


Write = Put | Delete | Add | Check


@dataclass(frozen=True, slots=True)
class Shape:
    """A query shape: the only kinds of query that may be asked, so that indexes follow from them.

    Attributes:
        collection: the collection path; `*` stands for one id of a parent document.
        equal: fields compared for equality.
        order: fields in order of sorting, `-` before a descending one, ID for the document id. The
            first may carry a range. The document id always breaks ties.
    """

    collection: str
    equal: tuple[str, ...] = ()
    order: tuple[str, ...] = (ID,)


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a declared shape.

    Attributes:
        shape: one of `shared.queries.SHAPES`.
        parents: values for the `*` of the shape's collection, in order.
        equal: a value for each of the shape's equal fields.
        start: inclusive lower bound (in value, whatever the direction) of the first order field.
        end: exclusive upper bound of the first order field.
        limit: most documents returned, 1..1000.
        cursor: `Page.cursor` of the page before, of the same question: its bounds belong to it, so
            a bound that is "now" makes every page another question.
    """

    shape: Shape
    parents: tuple[str, ...] = ()
    equal: Mapping[str, Any] = field(default_factory=dict)
    start: Any = None
    end: Any = None
    limit: int = 100
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in the shape's order; `cursor` continues after the last, None at the end."""

    items: tuple[Snapshot, ...]
    cursor: str | None = None


class Documents(Protocol):
    """Small documents with compare-and-set: Firestore, or SQLite on a laptop.

    Thread-safe. Expiry is the reader's business: a document past its own `expiresAt` is still
    returned until a cleaner removes it.
    """

    def get(self, path: str) -> Snapshot | None:
        """The document, or None. Strongly consistent. Raises `unavailable`."""

    def get_many(self, paths: Sequence[str]) -> dict[str, Snapshot]:
        """The documents that exist, by path, read in ONE round trip. Raises `unavailable`."""

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none, atomically; at most 1000, each path once, with 500 amounts.

        Raises Conflict when a precondition does not hold, `too_large` for a record past 1 MiB or
        writes that take more than 9 MiB together (`shared.documents.write_size`), `unavailable`
        when the outcome could not be learned (the caller must read to find out).
        """

    def query(self, query: Query) -> Page:
        """One page of a declared query shape. Any other shape raises ValueError."""
