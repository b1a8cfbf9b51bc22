"""A feed's bytes out of what they are packed in: plain, gzip, or a zip archive of one file.

Told apart by content, whatever the file's name.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from shared.errors import Problem
from shared.tool import Progress

READING: Final = "reading the feed, bytes"
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_TOLD_EVERY: Final = 256 * 1024
_PACKED: Final = (
    EOFError,
    OSError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)
"""What Python's own readers raise for files that are damaged, encrypted or packed unusually."""


@contextmanager
def unpacked(path: Path, progress: Progress, most: int | None = None) -> Iterator[BinaryIO]:
    """The feed's bytes, from the start and seekable. `progress` is told of the bytes of the file.

    Raises `not_found` when there is no such file, `invalid` for an archive that is damaged, holds
    several files, or is a workbook, `too_large` once more than `most` bytes come out of it.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb"))
        except OSError:
            raise Problem("not_found", "The feed file cannot be opened. Check its path.") from None
        with damage_named():
            told = _Told(raw, path.stat().st_size, progress)
            stream: BinaryIO = cast(BinaryIO, io.BufferedReader(told, 1024 * 1024))
            magic = stream.read(4)
            stream.seek(0)
            if magic in (_ZIP, _EMPTY_ZIP):
                stream = stack.enter_context(_only_file(stream))
                magic = stream.read(4)
                stream.seek(0)
            if magic.startswith(_GZIP):
                stream = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=stream)))
        if most is not None:
            stream = cast(BinaryIO, io.BufferedReader(_Bounded(stream, most), 1024 * 1024))
        yield stream


@contextmanager
def damage_named() -> Iterator[None]:
    """Whatever reads the bytes: a damaged archive is `invalid`."""
    try:
        yield
    except _PACKED:
        raise Problem(
            "invalid",
            "The feed's gzip or zip file is cut off, damaged or encrypted. Pack it anew and upload "
            "it again.",
        ) from None


@contextmanager
def _only_file(stream: BinaryIO) -> Iterator[BinaryIO]:
    with zipfile.ZipFile(stream) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        files = [name for name in names if not _of_the_system(name)]
        if "[Content_Types].xml" in files or "mimetype" in files:
            raise Problem(
                "invalid",
                "This is a workbook or an office document, not a feed. Save the sheet as "
                "tab-separated text or CSV (UTF-8) and upload that.",
            )
        if len(files) != 1:
            raise Problem(
                "invalid",
                f"This is a zip archive of {len(files)} files. Pack the one feed alone, or upload "
                "it unpacked.",
                files=len(files),
            )
        with archive.open(files[0]) as entry:
            yield cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, entry), 1024 * 1024))


def _of_the_system(name: str) -> bool:
    """Whether an archiver put the file there by itself."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


class _Bounded(io.RawIOBase):
    """A stream that has no more than so many bytes."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        super().__init__()
        self._stream = stream
        self._most = most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        if self._stream.tell() > self._most:
            raise Problem(
                "too_large",
                f"The file has more than {self._most} bytes when it is unpacked. Split it.",
                limit=self._most,
            )
        buffer[: len(data)] = data
        return len(data)


class _Told(io.RawIOBase):
    """A file that says how far it was read."""

    def __init__(self, raw: BinaryIO, size: int, progress: Progress) -> None:
        super().__init__()
        self._raw = raw
        self._size = size
        self._progress = progress
        self._told = 0
        progress(READING, 0, size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        at = self._raw.tell()
        if at - self._told >= _TOLD_EVERY or (not data and at > self._told):
            self._told = at
            self._progress(READING, at, self._size)
        return len(data)
