"""Blobs in a folder, for a laptop and for tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from shared.errors import Problem
from shared.local.files import DRAFT, write_whole
from shared.names import checked_blob_name
from shared.ports.blobs import BlobInfo

_FOLDER: Final = "="
"""Ends a folder's name, so that `a` and `a/b` can both be stored: a quoted segment never has it."""


class FolderBlobs:
    """`Blobs` under the folder `root`: `a/b/c` is the file `a=/b=/c`, segments URL-quoted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, name: str, source: Path) -> None:
        """Store a file whole or not at all. A name that is already stored stays as it is."""
        target = self._file(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as stream:
            write_whole(stream, target, replace=False)

    def fetch(self, name: str, target: Path) -> None:
        """Write the file's bytes to `target`, whole or not at all. Raises `not_found`."""
        try:
            stream = self._file(name).open("rb")
        except FileNotFoundError as error:
            raise Problem("not_found", "There is no stored file of this name.") from error
        with stream:
            write_whole(stream, target, replace=True)

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Every stored file whose name begins with the prefix, in order of name (UTF-8 bytes)."""
        files = sorted(_walk(self._root, "", prefix), key=lambda file: file[0].encode())
        for name, path in files:
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield BlobInfo(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, name: str) -> None:
        """Remove the file; a missing one is fine."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        *folders, last = (quote(part, safe="") for part in checked_blob_name(name).split("/"))
        return self._root.joinpath(*(folder + _FOLDER for folder in folders), last)


def _walk(folder: Path, name: str, prefix: str) -> Iterator[tuple[str, Path]]:
    """The stored files below a folder, leaving out whole folders that cannot match the prefix."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.name.startswith(DRAFT):
            continue
        below = name + unquote(path.name.removesuffix(_FOLDER))
        if path.name.endswith(_FOLDER):
            if f"{below}/".startswith(prefix) or prefix.startswith(f"{below}/"):
                yield from _walk(path, f"{below}/", prefix)
        elif below.startswith(prefix):
            yield below, path
