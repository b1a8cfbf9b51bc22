r"""Records by ordinal: zstd frames with a trained dictionary, memory-mapped.

Three frames a product. `item` is what a list needs, as ready JSON; `view` is the rest of the full
view, and the URLs the product answers to. `source` is the canonical product; it stands in a
file of its own that answering does not need.

    item    members of both views \n members of the list item only [\n times]
    view    members of the full view only \n [key, {URL form: claim}, expires] [\n times]
    source  the product

Members are the inside of a JSON object, without braces. JSON text holds no raw newline, so one
separates. An answer joins members and parses none but the times: those of a product whose offer
changes, which `segment.times` makes. `expires` and times are left out where there are none, as they
always are in format 1. A claim is a `Claim`, with a variant in the bits above (`with_variant`).
After the frames, both files hold the frames' offsets and the number of those, 8 bytes each.
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import zstandard

from shared.catalog.products.urls import Claim
from shared.indexes.files import map_file

LEVEL: Final = 12
"""Of small records with a dictionary: less bytes than 9 to 11 make, in no more time."""
SOURCE_LEVEL: Final = 3
"""Of what answering does not need: a sixth of the time, and an eighth more bytes."""
DICTIONARY_BYTES: Final = 65_536
LEAST_SAMPLES: Final = 64
_SEGMENT, _SUBSTRING = 2_000, 8
"""Bytes that training takes over as a piece, and compares at once.

Left to choose, it tries several and takes four times as long for records as large.
"""
_LENGTH: Final = struct.Struct("<I")
_CLAIM_BITS: Final = 2
_CLAIMS: Final = tuple(Claim)


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
        item_times: members of both views that change with time.
        view_times: members of the full view only that do, and the variants' where they do.
        expires: the second since 1970 from which it is offered no longer.
    """

    shared: bytes
    item: bytes
    full: bytes
    key: str
    claims: Mapping[str, int]
    source: bytes
    item_times: bytes = b""
    view_times: bytes = b""
    expires: int | None = None

    def frames(self) -> tuple[bytes, bytes, bytes]:
        """The three frames' contents: item, view, source."""
        known = [self.key, self.claims] if self.expires is None else self._expiring()
        item = self.shared + b"\n" + self.item
        view = self.full + b"\n" + orjson.dumps(known)
        if self.item_times:
            item += b"\n" + self.item_times
        if self.view_times:
            view += b"\n" + self.view_times
        return item, view, self.source

    def _expiring(self) -> list[Any]:
        return [self.key, self.claims, self.expires]


class Claims(NamedTuple):
    """What a record claims.

    Attributes:
        key: the product's key.
        forms: each URL form with its claim, see `claim_of` and `variant_of`; none when inactive.
        expires: the second since 1970 from which it is offered no longer.
    """

    key: str
    forms: dict[str, int]
    expires: int | None = None

    def holds(self, at: float) -> bool:
        """Whether the product is offered at a second since 1970."""
        return bool(self.forms) and (self.expires is None or at < self.expires)


def with_variant(claim: Claim, variant: int | None) -> int:
    """A claim on a form that, maybe, tells a variant from the others by its place."""
    return claim if variant is None else claim | (variant + 1) << _CLAIM_BITS


def claim_of(stored: int) -> Claim:
    """The claim in a stored number."""
    return _CLAIMS[stored & (1 << _CLAIM_BITS) - 1]


def variant_of(stored: int) -> int | None:
    """The place of the variant in a stored number, if it names one."""
    return (stored >> _CLAIM_BITS) - 1 if stored >> _CLAIM_BITS else None


def train(samples: Sequence[Record]) -> bytes:
    """A dictionary for records like these; empty when they are too few to learn from."""
    if len(samples) < LEAST_SAMPLES:
        return b""
    frames: list[bytes | bytearray | memoryview] = [
        frame for sample in samples for frame in sample.frames()
    ]
    size = min(DICTIONARY_BYTES, sum(map(len, frames)) // 10)
    trained = zstandard.train_dictionary(size, frames, k=_SEGMENT, d=_SUBSTRING)
    return bytes(trained.as_bytes())


def dictionary_of(data: bytes) -> zstandard.ZstdCompressionDict | None:
    """A trained dictionary, ready for use; None where there is none."""
    return zstandard.ZstdCompressionDict(data) if data else None


class RecordWriter:
    """Streams records to disk; holds 16 bytes of offsets a record."""

    def __init__(self, serve: Path, source: Path, dictionary: bytes) -> None:
        self._compressed, self._source_compressed = (
            zstandard.ZstdCompressor(
                level=level,
                dict_data=dictionary_of(dictionary),
                write_checksum=False,
                write_dict_id=False,
            ).compress
            for level in (LEVEL, SOURCE_LEVEL)
        )
        self._serve = serve.open("wb")
        self._source = source.open("wb")
        self._serve_offsets: array[int] = array("Q", [0])
        self._source_offsets: array[int] = array("Q", [0])

    def __len__(self) -> int:
        return len(self._serve_offsets) - 1

    def add(self, record: Record) -> int:
        """Append; returns the record's ordinal."""
        item, view, source = record.frames()
        served = self._compressed(item)
        return self.copy(
            _LENGTH.pack(len(served)) + served + self._compressed(view),
            self._source_compressed(source),
        )

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
        self.abandon()

    def abandon(self) -> None:
        """Close both files as they are; closed ones are fine."""
        self._serve.close()
        self._source.close()


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

    def item(self, ordinal: int, at: float) -> bytes:
        """The list item's JSON members, as they are at a second since 1970."""
        members, _, times = self._item(ordinal).replace(b"\n", b",", 1).partition(b"\n")
        members = members.removesuffix(b",")
        return _joined(members, _holding(orjson.loads(times), at)) if times else members

    def full(self, ordinal: int, at: float) -> bytes:
        """The full view's JSON members, as they are at a second since 1970."""
        shared, _, rest = self._item(ordinal).partition(b"\n")
        view = self._view(ordinal)
        members = _joined(shared, view.full)
        times = rest.partition(b"\n")[2]
        if times:
            members = _joined(members, _holding(orjson.loads(times), at))
        return _joined(members, _changing(view.times, at)) if view.times else members

    def claims(self, ordinal: int) -> Claims:
        """The product's key, and the URL forms it claims."""
        return Claims(*orjson.loads(self._view(ordinal).claims))

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


class _View(NamedTuple):
    full: bytes
    claims: bytes
    times: bytes = b""


def _view(frames: _Frames, decompressor: Decompressor, ordinal: int) -> _View:
    """JSON members of the full view only, the claims, and what changes with time."""
    data, at, end = frames.data, frames.offsets[ordinal], frames.offsets[ordinal + 1]
    begin = at + _LENGTH.size + _length(data, at)[0]
    return _View(*decompressor.bytes_of(data[begin:end]).split(b"\n"))


def _joined(members: bytes, more: bytes) -> bytes:
    """Members and more of them, of which there may be none."""
    return members + b"," + more if more else members


def _changing(times: bytes, at: float) -> bytes:
    """What changes with time of the full view only."""
    members, variants = orjson.loads(times)
    changing = holding(members, at)
    if variants:
        changing["variants"] = [{**fixed, **holding(each, at)} for fixed, each in variants]
    return orjson.dumps(changing)[1:-1]


def holding(timed: list[Any], at: float) -> dict[str, Any]:
    """The members that hold at a second since 1970, of sets in order with their ends."""
    found: dict[str, Any] = next(members for end, members in timed if end is None or at < end)
    return found


def _holding(timed: list[Any], at: float) -> bytes:
    return orjson.dumps(holding(timed, at))[1:-1]
