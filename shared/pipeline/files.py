"""Files that are handed in and out: what they are written as, and how large they may be."""

from typing import Final, Literal

FileFormat = Literal["csv", "xlsx", "jsonl"]
MOST_BYTES: Final = 500 * 1024 * 1024
"""Of a file that is written or read."""
