"""Heads: which version of a catalog is served, in one small document (docs/data.md).

A head moves only by compare-and-set on the version it was built from.
"""

from datetime import datetime
from typing import Any, NamedTuple

from shared.ports.documents import Put, Snapshot


class Head(NamedTuple):
    """What `heads/{catalog}` says.

    Attributes:
        number: the served version; `catalogs/{key}/versions/{number:08d}` is its manifest.
        last_number: the newest version ever made; a rollback leaves it, so numbers never repeat.
        product_count: active products in it.
        last_indexed_at: when it was built.
        hosts: hosts of its product pages.
        pictures: origins of its pictures, such as `https://cdn.books.example`.
        source_revision: the publisher's own mark of what it was built from, see `includes`.
        version: the document's, for compare-and-set.
        down: hidden from everybody it is granted to, until somebody puts it up again.
    """

    catalog: str
    display_name: str
    source_base_url: str
    number: int
    last_number: int
    product_count: int
    last_indexed_at: datetime
    hosts: tuple[str, ...]
    source_revision: str | None
    version: str
    down: bool = False
    pictures: tuple[str, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Head":
        """Read from the document."""
        data = snapshot.data
        return cls(
            catalog=snapshot.id,
            display_name=data["displayName"],
            source_base_url=data["sourceBaseUrl"],
            number=data["number"],
            last_number=data["lastNumber"],
            product_count=data["productCount"],
            last_indexed_at=data["lastIndexedAt"],
            hosts=tuple(data["hosts"]),
            source_revision=data.get("sourceRevision"),
            version=snapshot.version,
            down=data.get("down", False),
            pictures=tuple(data.get("pictures", ())),
        )

    def includes(self, revision: str | None) -> bool:
        """Whether what is served was built from this revision of its source, or from a later one.

        Revisions are opaque, except for `source:number`: of one source, lower numbers are older.
        """
        if revision is None or self.source_revision is None:
            return False
        (source, place), (served, reached) = map(_place, (revision, self.source_revision))
        older = place is not None and reached is not None and place <= reached
        return revision == self.source_revision or (source == served and older)

    def write(self) -> Put:
        """The write that moves the head here, if nobody moved it since `version`."""
        data: dict[str, Any] = {
            "displayName": self.display_name,
            "sourceBaseUrl": self.source_base_url,
            "number": self.number,
            "lastNumber": self.last_number,
            "productCount": self.product_count,
            "lastIndexedAt": self.last_indexed_at,
            "hosts": list(self.hosts),
            "sourceRevision": self.source_revision,
        }
        if self.pictures:
            data["pictures"] = list(self.pictures)
        if self.down:
            data["down"] = True
        return Put(head_path(self.catalog), data, if_version=self.version)


def _place(revision: str) -> tuple[str, int | None]:
    """The source a revision names, and its number there, if it has that form."""
    source, _, number = revision.rpartition(":")
    counts = bool(source) and number.isascii() and number.isdigit()
    return source, int(number) if counts else None


def head_path(catalog: str) -> str:
    """Where a catalog's head is kept."""
    return f"heads/{catalog}"


def is_head(path: str) -> bool:
    """Whether a head is kept there."""
    return path.startswith("heads/")
