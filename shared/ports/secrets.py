"""Key material by name."""

from typing import Protocol


class Secrets(Protocol):
    """Key material by name: Secret Manager (mounted), or files on a laptop."""

    def read(self, name: str) -> bytes:
        """The newest version. Raises `not_found`."""

    def write(self, name: str, value: bytes, *, if_absent: bool = False) -> None:
        """Store a new version. With `if_absent`, Conflict when the secret exists (atomic)."""
