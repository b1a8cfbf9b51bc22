"""Opened segments: which version of a catalog to use is for the head that the gate just read."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from shared.app import App
from shared.catalog.segment.manifest import Manifest, SegmentFile
from shared.catalog.segment.reader import Segment
from shared.catalog.versions import file_name, version_id, versions
from shared.errors import Problem
from shared.indexes.files import File
from shared.indexes.opened import Opened
from shared.ports.documents import Documents

SOURCES: Final[Callable[[Manifest], Sequence[SegmentFile]]] = attrgetter("sources")
"""For `OpenedSegments.hold`: the products that a version was built from."""
OpenedSegments = Opened[Manifest, Segment]


class Segments:
    """`shared.indexes.opened.Kind`: the segments of catalogs' versions."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def manifest(self, catalog: str, number: int) -> Manifest:
        """The version's manifest. Raises `cursor_expired` when the version is gone."""
        found = versions(catalog).find(self._documents, version_id(number))
        if found is None:
            raise Problem(
                "cursor_expired",
                "The version this cursor walks through is no longer kept. Search again without it.",
            )
        return found.value.opened()

    def files(self, manifest: Manifest) -> Sequence[SegmentFile]:
        """See `Kind`."""
        return manifest.served

    def stored(self, catalog: str, file: File) -> str:
        """See `Kind`."""
        return file_name(catalog, file)

    def opened(self, directory: Path, manifest: Manifest) -> Segment:
        """See `Kind`."""
        return Segment(directory, manifest)


def opened_segments(app: App) -> OpenedSegments:
    """The process's opened segments; for `app.once`."""
    settings = app.settings
    directory = settings.cache or Path(gettempdir()) / "catalog-mcp-segments"
    return Opened(Segments(app.documents), app.blobs, directory, settings.cache_bytes)
