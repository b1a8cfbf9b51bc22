"""Bodies and rows as bytes: JSON, compressed where that pays."""

import threading
from typing import Any, Final

import orjson
import zstandard

WORTH_IT: Final = 1024
"""Bytes from which on JSON is compressed."""
_LEVEL: Final = 3
_MAGIC: Final = zstandard.FRAME_HEADER
_MOST: Final = 64 * 1024 * 1024
"""Bytes that what we packed may unpack to."""


class _Codecs(threading.local):
    """A compressor and a decompressor for each thread: one must not be used by two at once."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_codecs: Final = _Codecs()


def packed(value: Any) -> bytes:
    """The value as JSON, as zstd if that is larger than 1 kB. Keys stay in their order."""
    text = orjson.dumps(value)
    return text if len(text) < WORTH_IT else _codecs.compressor.compress(text)


def unpacked(data: bytes) -> Any:
    """What was packed."""
    if data.startswith(_MAGIC):
        data = _codecs.decompressor.decompress(data, max_output_size=_MOST)
    return orjson.loads(data)
