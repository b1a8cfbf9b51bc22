"""Heads: which version of a catalog is served, in one small document (docs/data.md).

A head moves only by compare-and-set on the version it was built from.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.ports import Snapshot


@dataclass(frozen=True, slots=True)
class Head:
    """What `heads/{catalog}` says.

    Attributes:
        number: the served version, rising; `catalogs/{key}/versions/{number:08d}` is its manifest.
        product_count: active products in it.
        last_indexed_at: when it was built.
        hosts: hosts of its product pages.
        source_revision: the publisher's own mark of what it was built from, opaque here.
        version: the document's, for compare-and-set.
    """

    catalog: str
    display_name: str
    source_base_url: str
    number: int
    product_count: int
    last_indexed_at: datetime
    hosts: tuple[str, ...]
    source_revision: str | None
    version: str

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Head":
        """Read from the document."""
        data = snapshot.data
        return cls(
            catalog=snapshot.id,
            display_name=data["displayName"],
            source_base_url=data["sourceBaseUrl"],
            number=data["number"],
            product_count=data["productCount"],
            last_indexed_at=data["lastIndexedAt"],
            hosts=tuple(data["hosts"]),
            source_revision=data.get("sourceRevision"),
            version=snapshot.version,
        )

    def data(self) -> dict[str, Any]:
        """The document's fields."""
        return {
            "displayName": self.display_name,
            "sourceBaseUrl": self.source_base_url,
            "number": self.number,
            "productCount": self.product_count,
            "lastIndexedAt": self.last_indexed_at,
            "hosts": list(self.hosts),
            "sourceRevision": self.source_revision,
        }


def head_path(catalog: str) -> str:
    """Where a catalog's head is kept."""
    return f"heads/{catalog}"


def version_path(catalog: str, number: int) -> str:
    """Where a version's manifest is kept."""
    return f"catalogs/{catalog}/versions/{number:08d}"
