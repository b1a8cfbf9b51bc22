"""Which encoding a feed's bytes are text in: as a mark or the XML declaration says, else found out.

UTF-8 is believed when all of the file is UTF-8, whatever it declares: no text of another encoding
happens to be that. A file with some broken bytes among much good UTF-8
is UTF-8 with broken rows; otherwise it is of a legacy encoding, which charset-normalizer tells.
"""

import codecs
import re
from typing import BinaryIO, Final, NamedTuple

import charset_normalizer

_CHUNK: Final = 1024 * 1024
_SAMPLE: Final = 64 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED: Final = re.compile(
    rb"\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']"
)
_BROKEN: Final = re.compile("[\udc80-\udcff]")
_NUL_SHARE: Final = 0.2
_LATIN: Final = "cp1252"
"""What bytes that are no UTF-8 are read as unless another encoding fits better (WHATWG's rule)."""
_LEGACY: Final = (
    *(_LATIN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859_2", "koi8_r"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
)
_ENOUGH: Final = 16
"""Bytes beyond ASCII that are needed to tell one legacy encoding from another."""
_CLEARLY: Final = 0.1


class Encoding(NamedTuple):
    """How bytes become text.

    Attributes:
        codec: Python's name.
        errors: how a byte that is none of it is read.
        said: how it is called to the feed's owner; empty where there is nothing to say.
    """

    codec: str
    errors: str
    said: str = ""


def encoding_of(stream: BinaryIO) -> Encoding:
    """The encoding of all that the stream has. Leaves it at its end."""
    head = stream.read(_CHUNK)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return _named(codec, "")
    if wide := _without_mark(head[:4096]):
        return _named(wide, f"Read as {wide.upper()}: it has no byte order mark.")
    declared = _DECLARED.match(head)
    codec = _single(declared[1].decode()) if declared else ""
    if not codec:
        return _found_out(stream, head)
    bytes_ = _counted(stream, head)
    if bytes_.good and not bytes_.broken:
        return _named(
            "utf-8", f"Read as UTF-8, which it is, and not as {codec}, which it declares."
        )
    return _named(codec, "")


def _named(codec: str, said: str) -> Encoding:
    exact = codec.startswith(("utf-8", "cp125", "iso8859", "koi8"))
    return Encoding(codec, "surrogateescape" if exact else "replace", said)


def _without_mark(head: bytes) -> str:
    """UTF-16 that has no mark: every other byte of plain text is zero."""
    nuls = head.count(0)
    if nuls < len(head) * _NUL_SHARE or len(head) < 4:  # noqa: PLR2004  two characters
        return ""
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _single(name: str) -> str:
    """The codec an XML declaration names; nothing for UTF-8, and for one that is none."""
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return ""
    text = codec._is_text_encoding  # noqa: SLF001  no public name
    if not text or codec.name.startswith(("utf", "ascii")):
        return ""
    return _LATIN if codec.name == "iso8859-1" else codec.name.replace("-", "_")


class _Counted(NamedTuple):
    """Characters beyond ASCII that are UTF-8, bytes that are not, and lines that have those."""

    good: int
    broken: int
    sample: bytes


def _counted(stream: BinaryIO, head: bytes) -> _Counted:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = broken = 0
    sample = bytearray()
    chunk = head
    while chunk:
        if not chunk.isascii():
            text = decoder.decode(chunk)
            bad = len(_BROKEN.findall(text))
            broken += bad
            good += len(text) - len(text.encode("ascii", "ignore")) - bad
            if bad and len(sample) < _SAMPLE:
                sample += _telling(chunk)[: _SAMPLE - len(sample)]
        chunk = stream.read(_CHUNK)
    return _Counted(good, broken, bytes(sample))


def _found_out(stream: BinaryIO, head: bytes) -> Encoding:
    bytes_ = _counted(stream, head)
    if not bytes_.broken:
        return Encoding("utf-8", "surrogateescape")
    if bytes_.good > bytes_.broken:
        return Encoding("utf-8", "surrogateescape", "Some bytes of it are not valid UTF-8.")
    codec = _legacy(bytes_.sample)
    return _named(
        codec,
        f"Read as {_NAMES.get(codec, codec)}, which its bytes look like. Export it as UTF-8 to be "
        "sure.",
    )


_NAMES: Final = {"cp1252": "Windows-1252 (Latin-1)", "cp1250": "Windows-1250 (Latin-2)"}


def _telling(chunk: bytes) -> bytes:
    """The lines with bytes beyond ASCII."""
    return b"\n".join(line for line in chunk.splitlines() if not line.isascii())


def _legacy(sample: bytes) -> str:
    if sum(byte > 0x7F for byte in sample) < _ENOUGH:  # noqa: PLR2004  the last of ASCII
        return _LATIN
    found = charset_normalizer.from_bytes(sample, cp_isolation=list(_LEGACY), threshold=0.5)
    fits = {match.encoding: match.coherence - match.chaos for match in found}
    best = max(fits, key=lambda codec: fits[codec], default=_LATIN)
    return _LATIN if fits.get(_LATIN, -1.0) >= fits.get(best, 0.0) - _CLEARLY else best
