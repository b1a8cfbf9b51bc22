"""Ports: what the platform needs from the outside, said in its own words.

Every adapter in `shared/gcp` and `shared/local` satisfies one of these protocols structurally and
passes that port's contract suite in `tests/contract`. A promise that is not in the suite is not
relied on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

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


Write = Put | Delete | Add


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
        cursor: `Page.cursor` of the page before, of the same question.
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
        """Apply all writes or none, atomically; at most 500, each path once.

        Raises Conflict when a precondition does not hold, `too_large` for a record past 1 MiB,
        `unavailable` when the outcome could not be learned (the caller must read to find out).
        """

    def query(self, query: Query) -> Page:
        """One page of a declared query shape. Any other shape raises ValueError."""


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A stored file: its name, its size in bytes, when it was stored (UTC)."""

    name: str
    size: int
    stored_at: datetime


class Blobs(Protocol):
    """Immutable files by name: Cloud Storage, or a folder on a laptop. Names are `a/b/c`."""

    def put(self, name: str, source: Path) -> None:
        """Store a file whole or not at all. A name that is already stored stays as it is."""

    def fetch(self, name: str, target: Path) -> None:
        """Write the file's bytes to `target`, whole or not at all. Raises `not_found`."""

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Every stored file whose name begins with the prefix, in order of name."""

    def delete(self, name: str) -> None:
        """Remove the file; a missing one is fine."""


class Secrets(Protocol):
    """Key material by name: Secret Manager (mounted), or files on a laptop."""

    def read(self, name: str) -> bytes:
        """The newest version. Raises `not_found`."""

    def write(self, name: str, value: bytes, *, if_absent: bool = False) -> None:
        """Store a new version. With `if_absent`, Conflict when the secret exists (atomic)."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work for later.

    Attributes:
        name: 1..500 letters, digits, `-` and `_`; best a hash, so that names are spread evenly.
        job: the path of the tasks function that does it.
        body: JSON values; ids, not contents.
        at: not before this time, at most 30 days ahead.
    """

    name: str
    job: str
    body: Mapping[str, Any]
    at: datetime


class Queue(Protocol):
    """Work that is done later, at least once: Cloud Tasks, or a file on a laptop."""

    def add(self, task: Task) -> bool:
        """Hand a task over for good. False when its name was used already: nothing was added then.

        A name is remembered while its task waits, and for about a day after it was done. Raises
        `unavailable`, and the task may or may not have been added.
        """


@dataclass(frozen=True, slots=True)
class Taken:
    """A task whose time has come, claimed by who asked for it. `attempts` counts earlier tries."""

    name: str
    job: str
    body: Mapping[str, Any]
    attempts: int


class OwnQueue(Queue, Protocol):
    """A queue that we drain ourselves, on a laptop."""

    def take(self) -> Taken | None:
        """The task that is due for longest, claimed for a while; None while none is due."""

    def finish(self, taken: Taken) -> None:
        """It was done: it never comes again, and its name stays used for a day."""

    def retry(self, taken: Taken) -> None:
        """It failed: it comes again, later each time."""

    def next_at(self) -> float | None:
        """When the next task is due (epoch seconds); None when nothing waits."""


@dataclass(frozen=True, slots=True)
class ListingText:
    """What a listing says of itself to the people of organizations that may subscribe to it."""

    display_name: str
    description: str
    documentation: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to a listing.

    Attributes:
        name: for `Listings.revoke`.
        projects: the ids of the projects its linked dataset may be in.
        state: `active`; `stale` when the listing changed under it; `inactive` when it was ended.
    """

    name: str
    projects: frozenset[str]
    state: Literal["active", "stale", "inactive"]


class Listings(Protocol):
    """Our data exchange: one listing per catalog, over the catalog's dataset in the warehouse.

    Every method may raise `unavailable` (try again later) or `forbidden` (refused: the message is
    ours, and says what to look at). All may be repeated.
    """

    @property
    def location(self) -> str:
        """Where the exchange and its datasets are, such as `us`."""

    def resource(self, catalog: str) -> str:
        """The listing's full name. Asks nobody."""

    def keep(self, catalog: str, text: ListingText) -> None:
        """Create the listing, or make it say this."""

    def remove(self, catalog: str) -> None:
        """Take the listing down, and everybody's access with it. A missing one is fine."""

    def admit(self, catalog: str, principal: str) -> None:
        """Let a principal subscribe; nobody else's access changes. Raises `not_found`, `invalid`.

        `invalid` means that no such principal exists.
        """

    def dismiss(self, catalog: str, principal: str) -> None:
        """Do not let it subscribe any more. A missing listing or principal is fine."""

    def members(self, catalog: str) -> Sequence[str]:
        """Who may subscribe, in order; others' members as well. Raises `not_found`."""

    def subscriptions(self, catalog: str) -> Sequence[Subscription]:
        """Who has subscribed. Raises `not_found` without a listing."""

    def revoke(self, subscription: Subscription) -> None:
        """End a subscription: its linked dataset shows nothing any more. A missing one is fine."""


class OwnListings(Listings, Protocol):
    """An exchange on a laptop, where we play the partner's part too."""

    def subscribe(self, catalog: str, principal: str, project: str) -> str:
        """Subscribe; the subscription's name. Raises `forbidden`, `not_found`."""

    def unsubscribe(self, catalog: str, name: str) -> None:
        """Delete a subscription. Raises `not_found`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an exported table, or a field of a record in one.

    Attributes:
        type: `record` has `fields`.
        repeated: holds any number of values.
    """

    name: str
    type: Literal["string", "integer", "number", "decimal", "boolean", "time", "record"]
    description: str
    repeated: bool = False
    fields: "tuple[Column, ...]" = ()


class Warehouse(Protocol):
    """Tables partners query: a BigQuery dataset per catalog, or a DuckDB file on a laptop."""

    def load(
        self,
        catalog: str,
        rows: Path,
        columns: Sequence[Column],
        *,
        key: str,
        go_on: Callable[[], None],
    ) -> None:
        """Make the rows the whole of `catalog_<key>.products_v1`, in one step that readers see.

        `go_on` is called every few seconds and before that step; what it raises ends the load
        with nothing changed.

        `rows` is gzipped JSON lines with a member per column. The dataset, the table and the view
        `products_current_v1` (its active products) are made when missing. A load of the same `key`
        that was cut off is taken up again. Raises `unavailable`, `forbidden`, or `invalid` when
        the rows do not fit the columns.
        """

    def drop(self, catalog: str) -> None:
        """Remove the catalog's dataset with all in it. A missing one is fine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an outgoing GET came back with. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetch(Protocol):
    """The only way out: HTTP, refused for addresses that are not public."""

    def get(self, url: str, *, timeout: float, max_bytes: int) -> Answer:
        """GET without following redirects, `timeout` seconds in all.

        Raises `unsafe_url` for a URL or address that policy refuses, `too_large` past `max_bytes`,
        `unavailable` when nothing came back in time.
        """

    def post(self, url: str, form: Mapping[str, str], *, timeout: float, max_bytes: int) -> Answer:
        """POST a form, with the promises of `get`."""


class Mailer(Protocol):
    """Sends e-mail to one person at a time: SMTP, or a file on a laptop."""

    @property
    def seconds(self) -> float:
        """How long to take for an answer whose time must not tell whether a message was sent."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain-text message, soon. Says nothing of one that nobody takes."""


class Clock(Protocol):
    """The only source of time: expiry, grace, buckets, schedules."""

    def now(self) -> datetime:
        """The time now, timezone-aware UTC."""

    def time(self) -> float:
        """Seconds since the epoch, the same clock as `now`."""
