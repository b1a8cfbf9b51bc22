"""Memory-mapped bytes, and the digests that are looked up in them.

Columns are written in the byte order of the machines we run on (little-endian; amd64 and arm64).
"""

import mmap
import os
from hashlib import blake2b
from pathlib import Path


def digest(text: str) -> int:
    """64 bits of BLAKE2b (RFC 7693) of the text. Not a proof of equality: compare after a hit."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def map_file(path: Path) -> memoryview:
    """The file's bytes, mapped read-only: pages are shared with every process that maps them."""
    with path.open("rb") as stream:
        if not os.fstat(stream.fileno()).st_size:  # by its name it may be gone: others tidy up
            return memoryview(b"")
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
