"""A feed's bytes: plain or gzip, told apart by content, and split into lines of bounded length."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from shared.catalog.feeds.rows import MAX_ROW
from shared.errors import Problem

_GZIP: Final = b"\x1f\x8b"


class Source:
    """The unpacked bytes of a feed. Reading raises `invalid` where a gzip file is damaged."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def head(self, size: int) -> bytes:
        """The first bytes, without a byte order mark; reading goes on after the mark."""
        start = self.read(size)
        mark = len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0
        self._stream.seek(mark)
        return start[mark:]

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        with _gzip_faults():
            return self._stream.read(size)

    def lines(self) -> Iterator[tuple[int, bytes | None]]:
        """Every line with its number from 1, without its end; None for one longer than MAX_ROW."""
        number = 0
        while line := self._line():
            number += 1
            if len(line) <= MAX_ROW:
                yield number, line.rstrip(b"\r\n")
                continue
            while line and not line.endswith(b"\n"):
                line = self._line()
            yield number, None

    def _line(self) -> bytes:
        with _gzip_faults():
            return self._stream.readline(MAX_ROW + 1)


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a feed. Raises `not_found` when there is no such file."""
    try:
        raw = path.open("rb")
    except OSError:
        raise Problem("not_found", "The feed file cannot be opened. Check its path.") from None
    with raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield Source(cast(BinaryIO, unpacked))
        else:
            yield Source(raw)


@contextmanager
def _gzip_faults() -> Iterator[None]:
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Problem(
            "invalid", "The feed's gzip file is cut off or damaged. Upload it again."
        ) from None
