"""The only way out over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """What an outgoing GET came back with. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetch(Protocol):
    """The only way out: HTTP, refused for addresses that are not public."""

    def get(self, url: str, *, timeout: float, max_bytes: int) -> Answer:
        """GET without following redirects, `timeout` seconds in all.

        Raises `unsafe_url` for a URL or address that policy refuses, `too_large` past `max_bytes`,
        `unavailable` when nothing came back in time.
        """

    def download(self, url: str, path: Path, *, timeout: float, max_bytes: int) -> int:
        """GET into a file, with the promises of `get`; the status. The body is never in memory."""

    def post(self, url: str, form: Mapping[str, str], *, timeout: float, max_bytes: int) -> Answer:
        """POST a form, with the promises of `get`."""
