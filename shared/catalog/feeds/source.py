"""A feed as text: unpacked, decoded, split into lines of bounded length.

The bytes are looked at once before they are read, because what a file is encoded in cannot be told
from how it begins.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from shared.catalog.feeds.containers import damage_named, unpacked
from shared.catalog.feeds.encoding import Encoding, encoding_of
from shared.catalog.feeds.kinds import require_text
from shared.catalog.feeds.rows import MAX_ROW
from shared.errors import Problem
from shared.tool import Progress, silently

HEAD: Final = 64 * 1024
_LOOKED_AT: Final = 1024 * 1024
_FIRST: Final = re.compile(r"\r\n?|\n")
_BROKEN: Final = re.compile("[\ud800-\udfff]")
"""Characters that stand for bytes that were no text."""


class Source:
    """The text of a feed.

    Attributes:
        head: its first characters.
        said: what its owner should know of how it was read; empty when there is nothing.
    """

    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        end = _line_end(stream, encoding)
        self._text = io.TextIOWrapper(stream, encoding.codec, encoding.errors, newline=end)
        self.said = encoding.said
        with damage_named():
            self.head = self._text.read(HEAD).removeprefix("\ufeff")
            self._text.seek(0)

    def read(self, size: int) -> str:
        """Up to `size` characters; none at the end. Lone surrogates stand for broken bytes."""
        with damage_named():
            return self._text.read(size)

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Every line with its number from 1, without its end; None for one longer than MAX_ROW."""
        number = 0
        while line := self._line():
            number += 1
            if len(line) <= MAX_ROW:
                yield number, line.rstrip("\r\n").removeprefix("\ufeff")
                continue
            while line and not line.endswith("\n"):
                line = self._line()
            yield number, None

    def whole_lines(self) -> Iterator[str]:
        """Every line with its end, as what reads line ends itself needs it.

        Raises `invalid` for one longer than MAX_ROW.
        """
        number = 0
        while line := self._line():
            number += 1
            if len(line) > MAX_ROW:
                raise Problem(
                    "invalid", f"Line {number} has more than {MAX_ROW} characters: that is no row."
                )
            yield line.removeprefix("\ufeff") if number == 1 else line

    def close(self) -> None:
        """Let go of the stream without closing it."""
        self._text.detach()

    def _line(self) -> str:
        with damage_named():
            return self._text.readline(MAX_ROW + 1)


@contextmanager
def open_source(
    path: Path, progress: Progress = silently, most: int | None = None
) -> Iterator[Source]:
    """Open a feed. Raises `not_found` when there is no such file, `invalid` for what is no text.

    `most`: bytes that it may have when it is unpacked; `too_large` past that.
    """
    with unpacked(path, progress, most) as stream:
        with damage_named():
            require_text(stream.read(HEAD))
            stream.seek(0)
            encoding = encoding_of(stream)
            stream.seek(0)
        source = Source(stream, encoding)
        try:
            yield source
        finally:
            source.close()


def is_text(value: str) -> bool:
    """False when bytes of it could not be decoded."""
    return value.isascii() or not _BROKEN.search(value)


def _line_end(stream: BinaryIO, encoding: Encoding) -> str | None:
    """What ends a line: a line feed; anything where the first line ends in a carriage return.

    Elsewhere a lone carriage return is one that a text of a shop holds.
    """
    with damage_named():
        head = stream.read(_LOOKED_AT).decode(encoding.codec, "replace")
        stream.seek(0)
    first = _FIRST.search(head)
    return None if first and first[0] == "\r" else "\n"
