"""Folders that indexes are built and opened in, and how they go.

The search engine's binding has a thread look after every opened index. When that looks for the
first time it leaves a lock file, maybe in a folder that is just being removed; so folders are
removed twice.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp


@contextmanager
def temporary_folder(within: Path | None = None) -> Iterator[Path]:
    """A folder to build and open indexes in, maybe `within` another, removed in the end."""
    folder = Path(mkdtemp(dir=within))
    try:
        yield folder
    finally:
        remove(folder)


def emptied(folder: Path) -> None:
    """Remove what is in a folder, to begin anew there."""
    remove(folder)
    folder.mkdir(parents=True, exist_ok=True)


def remove(folder: Path) -> None:
    """Remove a folder that indexes may be open in. What cannot be removed stays."""
    for _ in range(2):
        shutil.rmtree(folder, ignore_errors=True)
