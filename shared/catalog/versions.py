"""Versions of a catalog: immutable manifests, their files by content, and the head that moves.

Files are stored as `catalogs/{key}/files/{sha256}`; a version is `catalogs/{key}/versions/{n}`. A
version that was replaced stays for 24 hours, and the last three stay in any case, so that cursors
and rollbacks reach them.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from shared.catalog.heads import Head
from shared.catalog.segment.manifest import Manifest
from shared.indexes.files import File
from shared.ports.blobs import Blobs
from shared.ports.documents import Delete, Documents, Query
from shared.queries import VERSIONS
from shared.records import Found, Record, Records

KEPT_FOR: Final = timedelta(hours=24)
KEPT_LAST: Final = 3


class Version(Record):
    """One version of a catalog.

    Attributes:
        manifest: the segment's manifest as JSON, so that all of a version is in one document.
        made_by: which operation made it.
        replaced_at: when the head moved away from it; None while it is served.
        rejected: how many rows of its feed were not taken.
    """

    number: int
    parent: int | None = None
    manifest: bytes
    product_count: int
    made_by: Literal["publish", "upsert"]
    source_revision: str | None = None
    rejected: int = 0
    created_at: datetime
    replaced_at: datetime | None = None

    def opened(self) -> Manifest:
        """The manifest, parsed."""
        return Manifest.model_validate_json(self.manifest)


def versions(catalog: str) -> Records[Version]:
    """The versions of a catalog. Ids are numbers of eight digits, so that they sort."""
    return Records(f"catalogs/{catalog}/versions", Version, "version")


def version_id(number: int) -> str:
    """The id of a version's document."""
    return f"{number:08d}"


def every_version(documents: Documents, catalog: str) -> Iterator[Found[Version]]:
    """All kept versions, oldest first."""
    return versions(catalog).every(documents, Query(VERSIONS, parents=(catalog,), limit=200))


def file_name(catalog: str, file: File) -> str:
    """The name a segment's file is stored under."""
    return f"{_files(catalog)}{file.sha256}"


def store(
    blobs: Blobs, catalog: str, directory: Path, manifest: Manifest, each: Callable[[], None]
) -> None:
    """Store the segment's files that `directory` holds; `each` is told after each.

    What a version shares with its parent and was not needed to build it (source files) lies in
    the store already and not in the directory.
    """
    for file in manifest.files:
        if (directory / file.name).exists():
            blobs.put(file_name(catalog, file), directory / file.name)
        each()


def forget_old(documents: Documents, blobs: Blobs, head: Head, now: datetime) -> int:
    """Remove versions nothing may reach any more, then files no version names; how many versions.

    Only under the catalog's lease: files of a publish in progress belong to no version yet.
    """
    found = list(every_version(documents, head.catalog))
    last = {record.value.number for record in found[-KEPT_LAST:]} | {head.number}
    kept: list[Found[Version]] = []
    forgotten: list[Found[Version]] = []
    for record in found:
        replaced = record.value.replaced_at
        young = replaced is None or replaced > now - KEPT_FOR
        (kept if young or record.value.number in last else forgotten).append(record)
    for record in forgotten:
        documents.commit(
            [Delete(versions(head.catalog).path(record.id), if_version=record.version)]
        )
    named = {
        file_name(head.catalog, file) for record in kept for file in record.value.opened().files
    }
    for blob in list(blobs.list(_files(head.catalog))):
        if blob.name not in named:
            blobs.delete(blob.name)
    return len(forgotten)


def _files(catalog: str) -> str:
    return f"catalogs/{catalog}/files/"
