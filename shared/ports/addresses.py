"""Addresses that let one file out, or in, for a while: no sign-in, no API in between."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


class Addresses(Protocol):
    """Whoever has such an address may use it: it is a secret, and is never stored or logged."""

    @property
    def origin(self) -> str:
        """What all of them begin with, so that a page can say whom it talks to."""

    def to_download(self, name: str, filename: str, until: datetime) -> str:
        """Where the blob of this name can be fetched until then, to be saved as `filename`."""

    def to_upload(self, name: str, size: int, origin: str) -> str:
        """Where the bytes of the blob of this name can be put, once, in one request or several.

        It speaks the resumable uploads of Cloud Storage: `PUT` of all bytes, or of parts with
        `Content-Range`, which are answered with 308 and the `Range` that is there until all are.

        Args:
            name: of a blob that is not there yet.
            size: how many bytes it will have; 0 where that is not known.
            origin: of the page that sends them, so that a browser lets it; empty for none.
        """


@dataclass(frozen=True, slots=True)
class Opened:
    """What an address of our own is for."""

    way: Literal["down", "up"]
    name: str
    filename: str
    size: int


class OwnAddresses(Addresses, Protocol):
    """Addresses that we serve ourselves."""

    def opened(self, token: str) -> Opened | None:
        """What the last part of an address stands for; None for one that is none or has ended."""
