r"""Records by ordinal: zstd frames with a trained dictionary, memory-mapped.

Three frames a product. `item` is what a list needs, as ready JSON; `view` is the rest of the full
view, and the URLs the product answers to. `source` is the canonical product; it stands in a
file of its own that answering does not need.

    item    members of both views \n members of the list item only
    view    members of the full view only \n [key, {URL form: claim}]
    source  the product

Members are the inside of a JSON object, without braces. JSON text holds no raw newline, so one
separates. An answer joins members and never parses them. After the frames, both files hold the
frames' offsets and the number of those, 8 bytes each.
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import orjson
import zstandard

from shared.catalog.products.urls import Claim
from shared.indexes.files import map_file

LEVEL: Final = 9
DICTIONARY_BYTES: Final = 65_536
LEAST_SAMPLES: Final = 64
_LENGTH: Final = struct.Struct("<I")


_length: Final = _LENGTH.unpack_from


@dataclass(frozen=True, slots=True)
class Record:
    """One product's stored bytes.

    Attributes:
        shared: JSON members both views have.
        item: JSON members only the list item has.
        full: JSON members only the full view has.
        key: the product's key in the catalog.
        claims: the URL forms it is looked up by, and how strongly it stands behind each; none
            when the product is inactive.
        source: the canonical product as JSON.
    """

    shared: bytes
    item: bytes
    full: bytes
    key: str
    claims: Mapping[str, Claim]
    source: bytes

    def frames(self) -> tuple[bytes, bytes, bytes]:
        """The three frames' contents: item, view, source."""
        claims = orjson.dumps([self.key, self.claims])
        return self.shared + b"\n" + self.item, self.full + b"\n" + claims, self.source


def train(samples: Sequence[Record]) -> bytes:
    """A dictionary for records like these; empty when they are too few to learn from."""
    if len(samples) < LEAST_SAMPLES:
        return b""
    frames: list[bytes | bytearray | memoryview] = [
        frame for sample in samples for frame in sample.frames()
    ]
    size = min(DICTIONARY_BYTES, sum(map(len, frames)) // 10)
    return bytes(zstandard.train_dictionary(size, frames).as_bytes())


def dictionary_of(data: bytes) -> zstandard.ZstdCompressionDict | None:
    """A trained dictionary, ready for use; None where there is none."""
    return zstandard.ZstdCompressionDict(data) if data else None


class RecordWriter:
    """Streams records to disk; holds 16 bytes of offsets a record."""

    def __init__(self, serve: Path, source: Path, dictionary: bytes) -> None:
        self._compressor = zstandard.ZstdCompressor(
            level=LEVEL,
            dict_data=dictionary_of(dictionary),
            write_checksum=False,
            write_dict_id=False,
        )
        self._serve = serve.open("wb")
        self._source = source.open("wb")
        self._serve_offsets: array[int] = array("Q", [0])
        self._source_offsets: array[int] = array("Q", [0])

    def __len__(self) -> int:
        return len(self._serve_offsets) - 1

    def add(self, record: Record) -> int:
        """Append; returns the record's ordinal."""
        item, view, source = map(self._compressor.compress, record.frames())
        return self.copy(_LENGTH.pack(len(item)) + item + view, source)

    def copy(self, served: bytes | memoryview, source: bytes | memoryview) -> int:
        """Append the bytes of a record of another generation with the same dictionary."""
        written = self._serve.write(served)
        self._serve_offsets.append(self._serve_offsets[-1] + written)
        self._source_offsets.append(self._source_offsets[-1] + self._source.write(source))
        return len(self) - 1

    def close(self) -> None:
        """Write the offsets and close both files."""
        for stream, offsets in (
            (self._serve, self._serve_offsets),
            (self._source, self._source_offsets),
        ):
            stream.write(b"\0" * (-stream.tell() % 8))
            stream.write(offsets.tobytes())
            stream.write(len(offsets).to_bytes(8, "little"))
            stream.close()


class Decompressor:
    """Frames back to bytes, from any thread.

    A zstd context takes 96 kB and serves one frame at a time. As many are kept as there were
    frames read at once, which is few: not one for every thread.

    Args:
        dictionary: `dictionary_of` the segment's; all contexts share it.
    """

    def __init__(self, dictionary: zstandard.ZstdCompressionDict | None) -> None:
        self._dictionary = dictionary
        self._idle: list[zstandard.ZstdDecompressor] = []

    def bytes_of(self, frame: memoryview) -> bytes:
        """A frame's content."""
        try:
            context = self._idle.pop()
        except IndexError:
            context = zstandard.ZstdDecompressor(dict_data=self._dictionary)
        content = context.decompress(frame)
        self._idle.append(context)
        return content


class _Frames:
    """A file's bytes, and where each frame begins."""

    def __init__(self, path: Path) -> None:
        self.data = map_file(path)
        words = self.data.cast("Q")
        self.offsets = words[-1 - words[-1] : -1]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, ordinal: int) -> memoryview:
        return self.data[self.offsets[ordinal] : self.offsets[ordinal + 1]]


class RecordFile:
    """The opened serving file of a generation."""

    def __init__(self, path: Path, decompressor: Decompressor) -> None:
        self._frames = _Frames(path)
        self._decompressor = decompressor
        # A lookup asks for a product's claims and then for the product.
        self._view = lru_cache(maxsize=16)(partial(_view, self._frames, decompressor))

    def __len__(self) -> int:
        return len(self._frames)

    def item(self, ordinal: int) -> bytes:
        """The list item's JSON members."""
        members = self._item(ordinal).replace(b"\n", b",", 1)
        return members.removesuffix(b",")

    def full(self, ordinal: int) -> bytes:
        """The full view's JSON members."""
        shared, full = self._item(ordinal).partition(b"\n")[0], self._view(ordinal)[0]
        return b"%b,%b" % (shared, full) if full else shared

    def claims(self, ordinal: int) -> tuple[str, dict[str, int]]:
        """The product's key, and the URL forms it claims with each one's `Claim`."""
        key, claims = orjson.loads(self._view(ordinal)[1])
        return key, claims

    def stored(self, ordinal: int) -> memoryview:
        """The record's bytes as they are, for `RecordWriter.copy`."""
        return self._frames[ordinal]

    def _item(self, ordinal: int) -> bytes:
        data, at = self._frames.data, self._frames.offsets[ordinal]
        begin = at + _LENGTH.size
        return self._decompressor.bytes_of(data[begin : begin + _length(data, at)[0]])


class SourceFile:
    """The opened file of canonical products of a generation."""

    def __init__(self, path: Path, decompressor: Decompressor) -> None:
        self._frames = _Frames(path)
        self._decompressor = decompressor

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, ordinal: int) -> bytes:
        return self._decompressor.bytes_of(self._frames[ordinal])

    def stored(self, ordinal: int) -> memoryview:
        """The product's bytes as they are, for `RecordWriter.copy`."""
        return self._frames[ordinal]


def _view(frames: _Frames, decompressor: Decompressor, ordinal: int) -> tuple[bytes, bytes]:
    """JSON members of the full view only, and the claims."""
    data, at, end = frames.data, frames.offsets[ordinal], frames.offsets[ordinal + 1]
    begin = at + _LENGTH.size + _length(data, at)[0]
    full, _, claims = decompressor.bytes_of(data[begin:end]).partition(b"\n")
    return full, claims
