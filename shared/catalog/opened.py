"""Opened segments: downloaded, checked, memory-mapped, and let go when disk runs short.

A version is immutable, so an opened one needs no looking after; which version to use is for the
head that the gate just read to say.
"""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from tempfile import gettempdir
from typing import Final, NamedTuple

from shared.app import App
from shared.catalog.segment.manifest import Manifest, SegmentFile
from shared.catalog.segment.reader import Segment
from shared.catalog.versions import file_name, version_id, versions
from shared.errors import Problem
from shared.indexes.files import damaged, link
from shared.indexes.folders import remove
from shared.ports.blobs import Blobs
from shared.ports.documents import Documents

DOWNLOADS: Final = 8
ATTEMPTS: Final = 5
"""Another process may tidy up what this one is about to use: then it is fetched again. What came
damaged is fetched again once only: it may well lie damaged in the store, and be large."""
FILES: Final = "files"
"""The folder of a catalog's files, by digest; opened versions have further names for them."""
MOST_VERSIONS: Final = 4
"""Versions of one catalog kept open; walks through older ones open theirs again."""


class _Key(NamedTuple):
    catalog: str
    number: int


class OpenedSegments:
    """The segments one process has open. Thread-safe; each version is opened once.

    Args:
        documents, blobs: where versions and their files are.
        directory: where files are kept; processes of a machine may share it; may be lost.
        most_bytes: how much may lie there; what was not used for longest goes first.
        unnamed_seconds: how long a file is kept that no opened version has.
    """

    def __init__(
        self,
        documents: Documents,
        blobs: Blobs,
        directory: Path,
        most_bytes: int,
        unnamed_seconds: float = 600.0,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._directory = directory
        self._most_bytes = most_bytes
        self._unnamed_seconds = unnamed_seconds
        self._lock = threading.Lock()
        self._opening: dict[_Key, threading.Lock] = {}
        self._opened: dict[_Key, Segment] = {}
        self._used: dict[_Key, float] = {}

    def open(self, catalog: str, number: int) -> Segment:
        """The segment of one version of a catalog.

        Raises `cursor_expired` when the version is gone, `unavailable` when its files cannot be
        had whole.
        """
        key = _Key(catalog, number)
        self._used[key] = time.monotonic()
        opened = self._opened.get(key)
        if opened is not None:
            return opened
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        with opening:
            opened = self._opened.get(key)
            if opened is None:
                opened = self._opened[key] = self._open(key)
                with self._lock:
                    self._opening.pop(key, None)
                    self._let_go(key)
        return opened

    def hold(self, catalog: str, number: int, directory: Path, *, sources: bool = False) -> Segment:
        """The segment of one version, its files under the caller's own `directory` as well.

        Nobody tidies up there: what is built from the files of a version holds it. With `sources`
        the source files are there too. Raises as `open` does.
        """
        return self._whole(self.open(catalog, number).manifest, directory, sources=sources)

    def _open(self, key: _Key) -> Segment:
        found = versions(key.catalog).find(self._documents, version_id(key.number))
        if found is None:
            raise Problem(
                "cursor_expired",
                "The version this cursor walks through is no longer kept. Search again without it.",
            )
        target = self._directory / key.catalog / version_id(key.number)
        return self._whole(found.value.opened(), target)

    def _whole(self, manifest: Manifest, target: Path, *, sources: bool = False) -> Segment:
        """Bring a version's files to a folder, check every byte, and open it there."""
        needed = manifest.needed(sources=sources)
        failure: Exception = Problem(
            "unavailable", "The files of this catalog went away while it was opened. Try again."
        )
        spoiled: set[SegmentFile] = set()
        for _ in range(ATTEMPTS):
            try:
                self._bring(manifest, target, needed)
            except FileNotFoundError:  # tidied up on its way
                continue
            wrong = damaged(target, needed)
            again = self._throw_away(manifest, target, wrong)
            if again & spoiled:
                raise Problem(
                    "unavailable",
                    "A file of this catalog came damaged and was thrown away. Try again.",
                )
            spoiled |= again
            if wrong:
                continue
            try:
                return Segment(target, manifest)
            except (OSError, ValueError, Problem) as error:
                failure = error
        raise failure

    def _throw_away(
        self, manifest: Manifest, target: Path, wrong: Iterable[SegmentFile]
    ) -> set[SegmentFile]:
        """Remove damaged files; those that were there to remove. Others had vanished."""
        found = set()
        for file in wrong:
            with suppress(FileNotFoundError):
                (target / file.name).unlink()
                found.add(file)
            (self._files(manifest.catalog) / file.sha256).unlink(missing_ok=True)
        return found

    def _bring(self, manifest: Manifest, target: Path, files: Iterable[SegmentFile]) -> None:
        catalog = manifest.catalog
        directory = self._files(catalog)
        directory.mkdir(parents=True, exist_ok=True)
        different = {file.sha256: file for file in files}  # empty ones are the same file
        missing = [file for file in different.values() if not (directory / file.sha256).exists()]
        with ThreadPoolExecutor(DOWNLOADS) as threads:
            for done in [
                threads.submit(  # in the request's context, so that its trace shows the download
                    copy_context().run,
                    self._blobs.fetch,
                    file_name(catalog, file),
                    directory / file.sha256,
                )
                for file in missing
            ]:
                done.result()
        link(files, directory, target, by_digest=True)

    def _let_go(self, newest: _Key) -> None:
        """Close what is too much: old versions of this catalog, then whatever was used least.

        What is mapped stays readable for those who use it now; only the names go.
        """
        by_use = sorted(self._opened, key=lambda key: self._used.get(key, 0.0))
        siblings = [key for key in by_use if key.catalog == newest.catalog]
        for key in siblings[:-MOST_VERSIONS]:
            self._close(key)
        for key in by_use:
            if key == newest or key not in self._opened:
                continue
            if _size(self._directory) <= self._most_bytes:
                return
            self._close(key)

    def _close(self, key: _Key) -> None:
        del self._opened[key]
        self._used.pop(key, None)
        remove(self._directory / key.catalog / version_id(key.number))
        oldest = time.time() - self._unnamed_seconds
        for path, status in _listed(self._files(key.catalog)):
            if status.st_nlink == 1 and status.st_ctime < oldest:
                Path(path).unlink(missing_ok=True)

    def _files(self, catalog: str) -> Path:
        return self._directory / catalog / FILES


def opened_segments(app: App) -> OpenedSegments:
    """The process's opened segments; for `app.once`."""
    settings = app.settings
    directory = settings.cache or Path(gettempdir()) / "catalog-mcp-segments"
    return OpenedSegments(app.documents, app.blobs, directory, settings.cache_bytes)


def _size(directory: Path) -> int:
    """Bytes of the files of all catalogs. Versions only give them further names."""
    return sum(
        status.st_size for catalog in directory.iterdir() for _, status in _listed(catalog / FILES)
    )


def _listed(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """A folder's files, one at a time: there may be thousands. Other processes take some away."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.path, entry.stat()
