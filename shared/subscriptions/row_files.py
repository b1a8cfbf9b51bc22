"""A version's rows as files that one load takes: gzipped JSON lines, none larger than it may be."""

import gzip
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

MOST_TEXT: Final = 3_500_000_000
"""Bytes of JSON in one file. BigQuery takes compressed files of up to 4 GB (quotas, load jobs), and
this much is less than that however little it can be compressed."""


def written(rows: Iterable[bytes], folder: Path, most: int = MOST_TEXT) -> list[Path]:
    """The files that hold these rows, in order; one empty file where there are none."""
    files, size = [_name(folder, 1)], 0
    with ExitStack() as stack:
        out = stack.enter_context(gzip.open(files[-1], "wb", compresslevel=5))
        for row in rows:
            if size and size + len(row) + 1 > most:
                stack.close()
                files.append(_name(folder, len(files) + 1))
                out, size = stack.enter_context(gzip.open(files[-1], "wb", compresslevel=5)), 0
            out.write(row + b"\n")
            size += len(row) + 1
    return files


def _name(folder: Path, number: int) -> Path:
    return folder / f"rows-{number}.jsonl.gz"
