"""Addresses of files at the front of `make dev`, sealed with the deployment's own keys."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from shared.cursors import seal, unseal
from shared.ports.addresses import Opened
from shared.ports.clock import Clock

_SAYS: Final = "file address"
"""What tells these from cursors, which are sealed with the same keys."""
_UPLOAD: Final = timedelta(days=7)
"""How long one is for, as with Cloud Storage."""


class FolderAddresses:
    """`Addresses` of a local deployment.

    Args:
        url: what the front serves files at.
        keys: the ring they are sealed with.
        clock: when they end.
    """

    def __init__(self, url: str, keys: Callable[[], Sequence[bytes]], clock: Clock) -> None:
        self._url = url
        self._keys = keys
        self._clock = clock

    @property
    def origin(self) -> str:
        """The front's."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc}"

    def to_download(self, name: str, filename: str, until: datetime) -> str:
        """Where the blob can be fetched until then."""
        return self._address("down", name, filename, 0, until.timestamp())

    def to_upload(self, name: str, size: int, origin: str) -> str:
        """Where the blob's bytes can be put, once."""
        del origin
        until = (self._clock.now() + _UPLOAD).timestamp()
        return self._address("up", name, "", size, until)

    def opened(self, token: str) -> Opened | None:
        """What the last part of an address stands for; None for one that is none or has ended."""
        for key in self._keys():
            place: Any = unseal(token, _SAYS, key)
            if place is not None:
                way, name, filename, size, until = place
                ended = self._clock.now().timestamp() >= until
                return None if ended else Opened(way, name, filename, size)
        return None

    def _address(self, *place: object) -> str:
        return f"{self._url}/{seal(list(place), _SAYS, self._keys()[0])}"
