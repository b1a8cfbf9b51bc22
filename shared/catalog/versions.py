"""Versions of a catalog: immutable manifests, their files by content, and the head that moves.

Files are stored as `catalogs/{key}/files/{sha256}`; a version is `catalogs/{key}/versions/{n}`. How
long they are kept: `shared.catalog.tidying`.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from shared.catalog.segment.manifest import Manifest
from shared.indexes.files import File
from shared.ports.blobs import Blobs
from shared.ports.documents import Documents, Query
from shared.queries import VERSIONS
from shared.records import Found, Record, Records

STORED_AT_ONCE: Final = 8


MadeBy = Literal["publish", "upsert", "rebuild"]
"""A whole feed, some of its products, or the same products built whole."""


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
    made_by: MadeBy
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
    return f"{file_names(catalog)}{file.sha256}"


def store(blobs: Blobs, catalog: str, directory: Path, files: Iterable[File]) -> Iterator[int]:
    """Store these files of `directory`, several at once; how many are stored, after each."""
    with ThreadPoolExecutor(STORED_AT_ONCE) as threads:
        storing = [
            threads.submit(  # in the request's context, so that its trace shows it
                copy_context().run,
                blobs.put,
                file_name(catalog, file),
                directory / file.name,
            )
            for file in files
        ]
        for stored, done in enumerate(as_completed(storing), 1):
            done.result()
            yield stored


def file_names(catalog: str) -> str:
    """What the names of all files of a catalog begin with."""
    return f"catalogs/{catalog}/files/"
