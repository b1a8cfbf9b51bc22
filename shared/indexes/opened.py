"""Opened indexes: downloaded, checked, memory-mapped, and let go when room runs short.

A version of an index is immutable, so an opened one needs no looking after; which version to use
is for others to say.

The files lie in memory where /tmp does, so a version is admitted before it is fetched: what it
lacks is set aside, others go, and only then it comes. One that would not fit alone never comes.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from pathlib import Path
from stat import S_ISREG
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from shared import log
from shared.errors import Problem
from shared.indexes.files import File, damaged, link
from shared.indexes.folders import remove
from shared.ports.blobs import Blobs

DOWNLOADS: Final = 8
ATTEMPTS: Final = 5
"""Another process may tidy up what this one is about to use: then it is fetched again. What came
damaged is fetched again once only: it may well lie damaged in the store, and be large."""
FILES: Final = "files"
"""The folder of an index's files, by digest; opened versions have further names for them."""
REOPENED: Final = 60.0
"""Seconds in which an index is not opened anew again: it takes reading every byte."""
MOST_VERSIONS: Final = 4
"""Versions of one index kept open; walks through older ones open theirs again."""

M = TypeVar("M")
T = TypeVar("T")
Made_co = TypeVar("Made_co", covariant=True)


class Kind(Protocol[M, Made_co]):
    """What is particular about one kind of index. `M` is a version's manifest."""

    def manifest(self, name: str, number: int, /) -> M:
        """The manifest of a version of an index. Raises a Problem when it is gone."""
        ...

    def files(self, manifest: M, /) -> Sequence[File]:
        """The files that opening takes."""
        ...

    def stored(self, name: str, file: File, /) -> str:
        """The name in the store of a file of this index."""
        ...

    def opened(self, directory: Path, manifest: M, /) -> Made_co:
        """Open a version whose files are all in `directory`."""
        ...


class _Key(NamedTuple):
    name: str
    number: int


class _Version(NamedTuple, Generic[M, T]):
    manifest: M
    opened: T


class Opened(Generic[M, T]):
    """The versions one process has open of indexes of one kind. Thread-safe; each is opened once.

    An index is known by its name, which is a folder's name too; a version of it by its number.

    Args:
        kind: how manifests are found and versions opened.
        blobs: where the files are.
        directory: where files are kept; processes of a machine may share it; may be lost.
        most_bytes: how much may lie there, what is on its way included; what was not used for
            longest goes first.
        unnamed_seconds: how long a file is kept that no opened version has.
    """

    def __init__(
        self,
        kind: Kind[M, T],
        blobs: Blobs,
        directory: Path,
        most_bytes: int,
        unnamed_seconds: float = 600.0,
    ) -> None:
        self._kind = kind
        self._blobs = blobs
        self._directory = directory
        self._most_bytes = most_bytes
        self._unnamed_seconds = unnamed_seconds
        self._lock = threading.Lock()
        self._opening: dict[_Key, threading.Lock] = {}
        self._opened: dict[_Key, _Version[M, T]] = {}
        self._used: dict[_Key, float] = {}
        self._reopened: dict[str, float] = {}
        self._coming: dict[str, int] = {}

    def open(self, name: str, number: int) -> T:
        """One version of an index.

        Raises what the kind raises when the version is gone, `unavailable` when its files cannot
        be had whole, or there is no room for them.
        """
        return self._version(name, number).opened

    def reopen(self, name: str) -> bool:
        """Forget what is open of an index that seems damaged: whoever asks next opens it anew.

        That checks every byte and fetches again what is wrong. At most once in a minute; whether
        it was.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._reopened.get(name, -REOPENED) < REOPENED:
                return False
            self._reopened[name] = now
            for key in [key for key in self._opened if key.name == name]:
                del self._opened[key]
        log.line("index reopened", level=logging.WARNING, index=name)
        return True

    def hold(
        self,
        name: str,
        number: int,
        directory: Path,
        *,
        also: Callable[[M], Iterable[File]] = lambda _: (),
    ) -> T:
        """One version of an index, its files under the caller's own `directory` as well.

        Nobody tidies up there: what is built from the files of a version holds it. `also` names
        files of the manifest that opening does not take. Raises as `open` does.
        """
        manifest = self._version(name, number).manifest
        return self._whole(name, manifest, directory, also(manifest))

    def _version(self, name: str, number: int) -> _Version[M, T]:
        key = _Key(name, number)
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

    def _open(self, key: _Key) -> _Version[M, T]:
        manifest = self._kind.manifest(key.name, key.number)
        return _Version(manifest, self._whole(key.name, manifest, self._folder(key)))

    def _whole(self, name: str, manifest: M, target: Path, also: Iterable[File] = ()) -> T:
        """Bring a version's files to a folder, check every byte, and open it there."""
        needed = [*self._kind.files(manifest), *also]
        failure: Exception = Problem(
            "unavailable", "Files of what you asked for went away while it was opened. Try again."
        )
        spoiled: set[File] = set()
        for _ in range(ATTEMPTS):
            try:
                with self._room(name, needed):
                    self._bring(name, needed, target)
            except (FileNotFoundError, FileExistsError):  # tidied up on its way
                continue
            except Problem as problem:
                raise _missing(name) if problem.code == "not_found" else problem from problem
            wrong = damaged(target, needed)
            again = self._throw_away(name, wrong, target)
            if again & spoiled:
                log.line("index file damaged in the store", level=logging.ERROR, index=name)
                raise Problem(
                    "unavailable",
                    "A file of what you asked for came damaged and was thrown away. Try again.",
                )
            spoiled |= again
            if wrong:
                continue
            try:
                return self._kind.opened(target, manifest)
            except (OSError, ValueError, Problem) as error:
                failure = error
        raise failure

    def _throw_away(self, name: str, wrong: Iterable[File], target: Path) -> set[File]:
        """Remove damaged files; those that were there to remove. Others had vanished."""
        found = set()
        for file in wrong:
            with suppress(FileNotFoundError):
                (target / file.name).unlink()
                found.add(file)
            (self._files(name) / file.sha256).unlink(missing_ok=True)
        return found

    def _bring(self, name: str, files: Iterable[File], target: Path) -> None:
        directory = self._files(name)
        directory.mkdir(parents=True, exist_ok=True)
        different = {file.sha256: file for file in files}  # empty ones are the same file
        missing = [file for file in different.values() if not (directory / file.sha256).exists()]
        fetch_all(
            self._blobs,
            {directory / file.sha256: self._kind.stored(name, file) for file in missing},
        )
        link(files, directory, target, by_digest=True)

    def _let_go(self, newest: _Key) -> None:
        """Close old versions of an index that has a newer one.

        What is mapped stays readable for those who use it now; only the names go.
        """
        siblings = [key for key in self._by_use() if key.name == newest.name]
        for key in siblings[:-MOST_VERSIONS]:
            self._close(key)

    @contextmanager
    def _room(self, name: str, files: Iterable[File]) -> Iterator[None]:
        """Room for what is to be fetched of these files, while it is. Raises `unavailable`."""
        different = {file.sha256: file.size for file in files}
        whole = sum(different.values())
        if whole > self._most_bytes:
            raise _too_large(name, whole, self._most_bytes)
        with self._lock:
            folder = self._files(name)
            missing = {
                digest: size
                for digest, size in different.items()
                if digest not in self._coming and not (folder / digest).exists()
            }
            self._admit(name, sum(missing.values()))
            self._coming |= missing
        try:
            yield
        finally:
            with self._lock:
                for digest in missing:
                    self._coming.pop(digest, None)

    def _admit(self, name: str, wanted: int) -> None:
        """Let go of what was used least, until so many bytes more have room."""
        for key in (None, *self._by_use()):
            if self._taken() + wanted <= self._most_bytes:
                return
            if key is not None:
                self._close(key)
            self._remove_unnamed()
        if self._taken() + wanted > self._most_bytes:
            log.line("no room for an index", level=logging.WARNING, index=name, bytes=wanted)
            raise Problem(
                "unavailable", "There is no room here at the moment to open this. Try again."
            )

    def _by_use(self) -> list[_Key]:
        return sorted(self._opened, key=lambda key: self._used.get(key, 0.0))

    def _taken(self) -> int:
        """Bytes of the files of all indexes that lie there or are on their way.

        Versions only give them further names.
        """
        lying = sum(status.st_size for _, status in self._whole_files())
        return lying + sum(self._coming.values())

    def _remove_unnamed(self) -> None:
        """Remove files that no version has. A process that was about to name one fetches it."""
        for path, status in self._whole_files():
            if status.st_nlink == 1:
                Path(path).unlink(missing_ok=True)

    def _whole_files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Files that lie there, without those that are on their way."""
        for index in self._directory.iterdir() if self._directory.exists() else ():
            for path, status in _listed(index / FILES):
                name = Path(path).name
                if name not in self._coming and S_ISREG(status.st_mode):
                    yield path, status

    def _close(self, key: _Key) -> None:
        del self._opened[key]
        self._used.pop(key, None)
        remove(self._folder(key))
        oldest = time.time() - self._unnamed_seconds
        for path, status in _listed(self._files(key.name)):
            if status.st_nlink == 1 and status.st_ctime < oldest:
                Path(path).unlink(missing_ok=True)

    def _folder(self, key: _Key) -> Path:
        return self._directory / key.name / str(key.number)

    def _files(self, name: str) -> Path:
        return self._directory / name / FILES


def _too_large(name: str, size: int, most: int) -> Problem:
    """That an instance cannot hold this, whatever else it lets go; the others are served on."""
    log.line("index too large", level=logging.ERROR, index=name, bytes=size, limit=most)
    return Problem(
        "unavailable",
        "This is larger than what serves it can hold. We have been told.",
    )


def _missing(name: str) -> Problem:
    """That the store lacks what a version consists of; somebody is woken up, see the alerts."""
    log.line("index file missing in the store", level=logging.ERROR, index=name)
    return Problem(
        "unavailable", "A file of what you asked for is missing in our store. We have been told."
    )


def fetch_all(blobs: Blobs, wanted: Mapping[Path, str]) -> None:
    """Fetch files by their names in the store, several at once.

    `wanted`: their names, by where they shall lie. Raises `not_found` where one is gone.
    """
    with ThreadPoolExecutor(DOWNLOADS) as threads:
        for done in [
            threads.submit(  # in the request's context, so that its trace shows the download
                copy_context().run, blobs.fetch, name, path
            )
            for path, name in wanted.items()
        ]:
            done.result()


def _listed(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """A folder's files, one at a time: there may be thousands. Other processes take some away."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.path, entry.stat()
