"""Secrets in private files, for a laptop and for tests."""

import io
from pathlib import Path

from shared.errors import Conflict, Problem
from shared.local.files import write_whole
from shared.names import checked_secret_name, checked_secret_value


class FileSecrets:
    """`Secrets` as files of mode 0600 in the folder `root`, which is made with mode 0700."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes:
        """The secret's value. Raises `not_found`."""
        try:
            return self._file(name).read_bytes()
        except FileNotFoundError as error:
            raise Problem(
                "not_found", "There is no secret of this name. Write it first."
            ) from error

    def write(self, name: str, value: bytes, *, if_absent: bool = False) -> None:
        """Store the value. With `if_absent`, Conflict when the secret exists (atomic)."""
        target = self._file(name)
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not write_whole(io.BytesIO(checked_secret_value(value)), target, replace=not if_absent):
            raise Conflict(name)

    def _file(self, name: str) -> Path:
        return self._root / checked_secret_name(name)
